# SPDX-License-Identifier: GPL-3.0-or-later
"""What Baton keeps the computer from, told by logind's own files."""

import ctypes
import glob
import os
import select
import time

DIRECTORY = '/run/systemd/inhibit'
IN_ANY = 0x2 | 0x8 | 0x80 | 0x100 | 0x200


def held():
    """"WHAT MODE" for each lock of Baton's."""
    found = []
    for path in glob.glob(f'{DIRECTORY}/[0-9]*'):
        # Beside each lies a pipe: a reader waits there for as long as the lock is held.
        if path.endswith('.ref'):
            continue
        try:
            with open(path) as file:
                entry = dict(line.rstrip('\n').split('=', 1) for line in file if '=' in line)
        except OSError:
            continue
        if entry.get('WHO') == 'Baton':
            found.append(f'{entry["WHAT"]} {entry["MODE"]}')
    return sorted(found)


def wait(expected, timeout=60):
    """Returns when Baton holds @expected and nothing else."""
    notes = ctypes.CDLL(None).inotify_init1(os.O_NONBLOCK)
    ctypes.CDLL(None).inotify_add_watch(notes, DIRECTORY.encode(), IN_ANY)
    until = time.monotonic() + timeout
    try:
        while held() != expected:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f'Baton holds {held()}, not {expected}')
            if select.select([notes], [], [], left)[0]:
                os.read(notes, 65536)
    finally:
        os.close(notes)
