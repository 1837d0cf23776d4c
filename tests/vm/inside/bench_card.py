# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver that fails when it is told to, and the cards that it has on this machine."""

import os
import pathlib
import shutil
import subprocess

MODULE = '/usr/lib/bench/modules/bench-card/bench-card.ko'


def install():
    """Puts it where modprobe finds it and loads it: it takes every card that nobody else takes."""
    kernel = os.uname().release
    to = pathlib.Path('/lib/modules', kernel, 'updates')
    to.mkdir(exist_ok=True)
    shutil.copy(MODULE, to)
    for argv in (('depmod', kernel), ('modprobe', 'bench-card')):
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def set_parameter(parameter, value):
    """`oopses`: the address of the card whose remove crashes; `probe_error`: what probes return."""
    pathlib.Path('/sys/module/bench_card/parameters', parameter).write_text(str(value))
