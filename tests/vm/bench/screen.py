# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees who sits in front of the machine: the picture that QEMU has of its first screen."""

import pathlib
import random
import tempfile
import time

SECONDS = 60
# What QEMU calls the keys of a keyboard of the United States.
KEYS = {' ': ('spc',), '-': ('minus',), '.': ('dot',), ':': ('shift', 'semicolon'), '\n': ('ret',)}
ECHOES_NO_MORE = 'until stty -F "$1" -a | grep -q -e " -echo "; do sleep 0.1; done'


def pixels(bench):
    """The picture: three bytes for each dot."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'screen.ppm'
        bench.machine.monitor.command('screendump', filename=str(path))
        return path.read_bytes().split(b'\n', 3)[3]


def share_of(bench, colour):
    """How much of it has this colour; of one whose three bytes differ, none is found between two dots."""
    shown = pixels(bench)
    return 3 * shown.count(colour) / len(shown)


def expect_desktop(bench):
    """The desktop that runs is what is seen: its background gets a colour, which is returned, and that comes."""
    colour = bytes(random.sample(range(256), 3))
    assert share_of(bench, colour) < 0.1
    bench.call('desktop.paint', colour=f'#{colour.hex()}')
    until = time.monotonic() + SECONDS
    while share_of(bench, colour) < 0.5:
        assert time.monotonic() < until, f'the desktop was painted {colour.hex()}, and nobody sees it'
        time.sleep(0.2)
    return colour


def press(bench, *names):
    """Keys of the keyboard, all at once."""
    bench.machine.monitor.command('send-key', keys=[{'type': 'qcode', 'data': name} for name in names])


def enter(bench, text):
    """A line of letters, digits and the little that is in KEYS."""
    for letter in f'{text}\n':
        press(bench, *KEYS.get(letter, (letter,)))


def wait_for_text(bench, console, *words):
    """Until these stand on a text console, one after the other."""
    until = time.monotonic() + 2 * SECONDS
    while True:
        rest = shown = bench.run('cat', f'/dev/vcs{console}', status=None).out
        for word in words:
            _, found, rest = rest.partition(word)
            if not found:
                break
        else:
            return
        assert time.monotonic() < until, f'{words} did not come on console {console}: {shown}'
        time.sleep(0.2)


def enter_password(bench, console, password):
    """Who asks for one throws away what came before it has turned echo off."""
    bench.run('timeout', str(SECONDS), 'sh', '-c', ECHOES_NO_MORE, 'sh', f'/dev/tty{console}')
    enter(bench, password)
