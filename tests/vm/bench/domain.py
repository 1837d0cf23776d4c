# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines of libvirt's in the bench, which have a card and little else."""

import contextlib

HOSTDEV = """<hostdev mode='subsystem' type='pci' managed='{managed}'><source>
<address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/></source></hostdev>"""
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>128</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/><audio id='1' type='none'/>
<video><model type='none'/></video>
{devices}
</devices></domain>
"""
MISSING_DISK = "<disk type='file' device='disk'><source file='/nowhere/disk.img'/><target dev='sda'/></disk>"


def hostdev(address, managed='no'):
    """What gives a machine the function at @address."""
    domain, bus, rest = address.split(':')
    slot, function = rest.split('.')
    return HOSTDEV.format(domain=domain, bus=bus, slot=slot, function=function, managed=managed)


@contextlib.contextmanager
def defined(bench, name, devices):
    """libvirt has a machine called @name, for as long as this lasts."""
    with bench.file('/tmp/bench.xml', DOMAIN.format(name=name, devices=devices)):
        bench.run('virsh', 'define', '/tmp/bench.xml')
    try:
        yield
    finally:
        bench.run('virsh', 'undefine', name)
