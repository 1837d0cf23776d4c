# SPDX-License-Identifier: GPL-3.0-or-later
"""hold.py HOW PATH [ARGUMENT]: keeps a device busy until stdin ends.

Every way in which a program has been seen to keep a card. Prints "holding"
when it does.

  fd            an open descriptor
  map           a mapping whose descriptor is closed again
  vfio-group    the group's node
  vfio-device   the device alone: group and container closed; ARGUMENT is its address
  elsewhere     a node of its own making, in a mount namespace of its own
  stubborn      a descriptor, and deaf to SIGTERM
  family        two children have a descriptor, the program itself has none
  respawning    a child has one, and another child as soon as that one has ended
"""

import ctypes
import fcntl
import mmap
import os
import signal
import struct
import sys

DRM_IOCTL_MODE_CREATE_DUMB = 0xc02064b2
DRM_IOCTL_MODE_MAP_DUMB = 0xc01064b3
VFIO_SET_IOMMU = 0x3b66
VFIO_GROUP_SET_CONTAINER = 0x3b68
VFIO_GROUP_GET_DEVICE_FD = 0x3b6a
VFIO_TYPE1_IOMMU = 1
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | (1 << 18)
PR_SET_PDEATHSIG = 1


def hold_map(path):
    """A dumb buffer: the mapping keeps the card after the descriptor is gone."""
    fd = os.open(path, os.O_RDWR)
    dumb = bytearray(struct.pack('=IIIIIIQ', 64, 64, 32, 0, 0, 0, 0))
    fcntl.ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, dumb)
    handle, _, size = struct.unpack_from('=IIQ', dumb, 16)
    where = bytearray(struct.pack('=IIQ', handle, 0, 0))
    fcntl.ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, where)
    offset = struct.unpack_from('=Q', where, 8)[0]
    # Python's own mmap keeps a duplicate of the descriptor; libc's does not.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                          ctypes.c_int, ctypes.c_long]
    got = libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, offset)
    if got == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), 'mmap')
    os.close(fd)


def hold_vfio_device(path, address):
    """What is left of a virtual machine that closed all it could."""
    container = os.open('/dev/vfio/vfio', os.O_RDWR)
    group = os.open(path, os.O_RDWR)
    fcntl.ioctl(group, VFIO_GROUP_SET_CONTAINER, struct.pack('i', container))
    fcntl.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)
    device = fcntl.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address.encode() + b'\0')
    os.close(group)
    os.close(container)
    return device


def hold_elsewhere(path):
    """As in a container: the same device under a name that only it can see."""
    number = os.stat(path).st_rdev
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    libc.mount(b'none', b'/', None, MS_REC_PRIVATE, None)
    if libc.mount(b'tmpfs', b'/mnt', b'tmpfs', 0, None) != 0:
        raise OSError(ctypes.get_errno(), 'mount')
    os.mknod('/mnt/own', 0o600 | 0o020000, number)
    return os.open('/mnt/own', os.O_RDWR)


def start_child(path):
    """A child that holds, and ends with this program; returns when it does."""
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.open(path, os.O_RDWR | os.O_NONBLOCK)
        os.write(tells, b'.')
        while True:
            signal.pause()
    os.read(told, 1)
    os.close(told)
    os.close(tells)
    return child


def hold_again_and_again(path):
    """Deaf to SIGTERM itself, as a supervisor that knows its duty."""
    def on_child_ended(_number, _frame):
        if os.waitpid(-1, os.WNOHANG)[0] > 0:
            start_child(path)
    signal.signal(signal.SIGCHLD, on_child_ended)
    signal.signal(signal.SIGTERM, lambda *_: None)
    start_child(path)


def main(how, path, *rest):
    if how in ('fd', 'vfio-group', 'stubborn'):
        os.open(path, os.O_RDWR | os.O_NONBLOCK)
        if how == 'stubborn':
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif how == 'map':
        hold_map(path)
    elif how == 'vfio-device':
        hold_vfio_device(path, *rest)
    elif how == 'family':
        start_child(path)
        start_child(path)
    elif how == 'respawning':
        hold_again_and_again(path)
    elif how == 'elsewhere':
        hold_elsewhere(path)
    else:
        raise SystemExit(f'hold.py: no such way: {how}')
    print('holding', flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main(*sys.argv[1:])
