# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees who sits in front of the machine: the picture that QEMU has of its first screen."""

import pathlib
import random
import tempfile
import time

SECONDS = 60


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
