# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a sound device open, told by the kernel's own events."""

import ctypes
import glob
import os
import select
import time

import sysfs

IN_OPEN, IN_CLOSE, IN_CREATE = 0x20, 0x18, 0x100
DIRECTORY = '/dev/snd'

_libc = ctypes.CDLL(None, use_errno=True)


def _has(pid, paths):
    for path in glob.glob(f'/proc/{pid}/fd/*'):
        try:
            if os.readlink(path) in paths:
                return True
        except OSError:
            continue
    return False


def _nodes(address):
    return {node for node in sysfs.nodes(address) if node.startswith(DIRECTORY)}


def holders(address):
    """{name: pid} of everybody who has the sound function's nodes open."""
    paths = _nodes(address)
    found = {}
    for directory in glob.glob('/proc/[0-9]*'):
        pid = os.path.basename(directory)
        if paths and _has(pid, paths):
            with open(f'{directory}/comm') as file:
                found[file.read().strip()] = int(pid)
    return found


def wait(address, program, timeout=120):
    """Returns the pid of @program once it has the sound function open."""
    notes = _libc.inotify_init1(os.O_NONBLOCK)
    _libc.inotify_add_watch(notes, DIRECTORY.encode(), IN_OPEN | IN_CLOSE | IN_CREATE)
    until = time.monotonic() + timeout
    try:
        while True:
            found = holders(address)
            if program in found:
                return found[program]
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f'{program} has not opened {address}; there is {found}')
            if select.select([notes], [], [], left)[0]:
                os.read(notes, 65536)
    finally:
        os.close(notes)
