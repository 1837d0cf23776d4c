# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel itself says about the devices: the judge of every story."""

import fcntl
import glob
import os
import re
import struct
import subprocess

DEVICES = '/sys/bus/pci/devices'

ADDRESS = re.compile('[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]')

FBIOGET_CON2FBMAP = 0x460f
VFIO_GROUP_GET_STATUS = 0x3b67
VFIO_GROUP_FLAGS_VIABLE = 1


def read(path):
    """An attribute without its newline, or None where there is none."""
    try:
        with open(path) as file:
            return file.read().rstrip('\n')
    except OSError:
        return None


def link(path):
    """The name that a link ends in, or None."""
    try:
        return os.path.basename(os.readlink(path))
    except OSError:
        return None


def function(address):
    """One PCI function as the kernel has it now; None if it is not there."""
    path = f'{DEVICES}/{address}'
    if not os.path.isdir(path):
        return None
    override = read(f'{path}/driver_override')
    return {
        'address': address,
        'vendor_id': read(f'{path}/vendor')[2:],
        'device_id': read(f'{path}/device')[2:],
        'class': read(f'{path}/class')[2:],
        'driver': link(f'{path}/driver'),
        'group': link(f'{path}/iommu_group'),
        'override': None if override in (None, '', '(null)') else override,
        'power_control': read(f'{path}/power/control'),
        'reset_method': read(f'{path}/reset_method'),
        'boot_vga': read(f'{path}/boot_vga'),
        'nodes': nodes(address),
    }


def functions():
    """Every PCI function, by address."""
    return {address: function(address) for address in sorted(os.listdir(DEVICES))}


def nodes(address):
    """The device files that belong to a function alone, from sysfs."""
    found = set()
    # os.walk stays out of links, which lead all over the machine, and the
    # functions behind a bridge are no part of the bridge.
    for directory, below, files in os.walk(f'{DEVICES}/{address}/'):
        below[:] = [name for name in below if not ADDRESS.fullmatch(name)]
        if 'dev' in files:
            name = re.search(r'^DEVNAME=(.*)$', read(f'{directory}/uevent') or '', re.M)
            if name:
                found.add('/dev/' + name.group(1))
    return sorted(found)


def groups():
    """IOMMU groups and their members."""
    return {os.path.basename(path): sorted(os.listdir(f'{path}/devices'))
            for path in glob.glob('/sys/kernel/iommu_groups/*')}


def viable(group):
    """Opens /dev/vfio/GROUP and asks whether a guest could have it."""
    fd = os.open(f'/dev/vfio/{group}', os.O_RDWR | os.O_CLOEXEC)
    try:
        status = bytearray(struct.pack('II', 8, 0))
        fcntl.ioctl(fd, VFIO_GROUP_GET_STATUS, status)
        return bool(struct.unpack('II', status)[1] & VFIO_GROUP_FLAGS_VIABLE)
    finally:
        os.close(fd)


def write(path, text):
    """A raw write, as a person at a root shell would do it."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
    if path.endswith('/snd_hda_intel/bind'):
        wait_for_sound(text)


def wait_for_sound(address):
    """Waits for the card of a sound function, whose probe goes on after its bind has returned."""
    subprocess.run(['udevadm', 'wait', '--timeout=60', f'/dev/snd/by-path/pci-{address}'],
                   check=True)


def node_of(address, kind):
    """The one node of @address below /dev/KIND, such as dri/card or snd/control."""
    found = [node for node in nodes(address) if node.startswith(f'/dev/{kind}')]
    if not found:
        raise LookupError(f'{address} has no node like /dev/{kind}')
    return found[0]


def console_framebuffer():
    """The framebuffer that the first virtual console is drawn on, by linux/fb.h's
    FBIOGET_CON2FBMAP; None where the console is on none."""
    for path in sorted(glob.glob('/dev/fb[0-9]*')):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            answer = bytearray(struct.pack('II', 1, 0))
            fcntl.ioctl(fd, FBIOGET_CON2FBMAP, answer)
            number = struct.unpack('Ii', answer)[1]
            return f'/dev/fb{number}' if number >= 0 else None
        finally:
            os.close(fd)
    return None


def park(addresses):
    """Puts functions on vfio-pci by hand, as another tool or a person would."""
    subprocess.run(['modprobe', 'vfio-pci'], check=True)
    for address in addresses:
        write(f'{DEVICES}/{address}/driver_override', 'vfio-pci')
        if link(f'{DEVICES}/{address}/driver'):
            write(f'{DEVICES}/{address}/driver/unbind', address)
        write('/sys/bus/pci/drivers_probe', address)


def unpark(addresses):
    """And back to whatever driver takes them."""
    for address in addresses:
        write(f'{DEVICES}/{address}/driver_override', '\n')
        if link(f'{DEVICES}/{address}/driver'):
            write(f'{DEVICES}/{address}/driver/unbind', address)
        write('/sys/bus/pci/drivers_probe', address)
