# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine starts from, made anew in it: its RAM disk, in /boot as on a computer."""

DRIVE = '/dev/disk/by-id/virtio-initrd'
# Emulated, to pack one takes minutes.
PATIENCE_S = 900


def path(bench):
    """Where the image of the kernel that runs is on a computer."""
    return f'/boot/initrd.img-{bench.run("uname", "-r").out.strip()}'


def put_in_boot(bench):
    """The bench starts from what lies beside its disk; puts that where a computer has it."""
    image = path(bench)
    bench.run('sh', '-c', 'head -c "$1" "$2" > "$3"', 'sh', bench.machine.image.initrd.stat().st_size, DRIVE, image)
    return image


def claim(bench, address, *options, **keywords):
    return bench.batonctl('claim', address, *options, timeout=PATIENCE_S, **keywords)


def start_from(bench, image):
    """Copies it to where QEMU reads it, and zeros over what may be left of a longer one."""
    bench.run('sh', '-c', '{ cat "$1"; head -c 8M /dev/zero; } > "$2" && sync', 'sh', image, DRIVE)
    go_down(bench, 'reboot.target')
    bench.machine.wait_boot()


def go_down(bench, target):
    bench.spawn('systemctl', 'start', '--no-block', '--job-mode=replace-irreversibly', target)
