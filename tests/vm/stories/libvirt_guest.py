# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest of libvirt's opens nodes that only it can see, and is noticed all the same."""

TIER = 'full'
SPOILS = True

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'
HELD = ['sleep:handle-lid-switch block']

SEEN = 'A virtual machine has the card open; it comes back when that has stopped.'

HOSTDEV = """<hostdev mode='subsystem' type='pci' managed='no'><source>
<address domain='0x0000' bus='0x01' slot='0x00' function='0x{function}'/></source></hostdev>"""
DOMAIN = f"""<domain type='qemu'><name>bench</name><memory unit='MiB'>128</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/><audio id='1' type='none'/>
<video><model type='none'/></video>
{HOSTDEV.format(function=0)}{HOSTDEV.format(function=1)}
</devices></domain>
"""


def node(bench, root=''):
    """Which file the group's node is, seen from @root."""
    group = bench.function(CARD)['group']
    return bench.run('stat', '--format=%d:%i', f'{root}/dev/vfio/{group}').out.strip()


def start(bench):
    with bench.file('/tmp/bench.xml', DOMAIN):
        bench.run('virsh', 'create', '/tmp/bench.xml')
    pid = bench.run('cat', '/run/libvirt/qemu/bench.pid').out.strip()
    # Else nothing is shown here that other stories do not show.
    assert node(bench, f'/proc/{pid}/root') != node(bench)


def stop(bench):
    bench.run('virsh', 'destroy', 'bench')


def run(bench):
    bench.to_guest(CARD)
    # The daemon comes after the one who watches.
    bench.run('systemctl', 'start', 'libvirtd.service')
    for _ in range(2):
        start(bench)
        bench.call('inhibitors.wait', expected=HELD)
        stop(bench)
        bench.call('inhibitors.wait', expected=[])
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)

    handing = bench.follow(bench.start_batonctl('guest', CARD, '--yes', '--until-free'))
    handing.until(type='step', id=f'wait-guest:{CARD}', state='start')
    bench.expect_guest(CARD, SOUND)
    start(bench)
    handing.until(type='log', text=SEEN)
    bench.to_guest(OTHER)
    bench.expect_guest(OTHER)
    stop(bench)
    assert handing.end()['state'] == 'done'
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.expect_guest(OTHER)
    bench.to_host(OTHER)
