# SPDX-License-Identifier: GPL-3.0-or-later
"""libraries.py PROGRAM…: what a start of ours has loaded with it before it has looked at anything."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from tap import check, run_stories, story  # noqa: E402

# Each is loaded by the one that needs it, when it does (baton-libkmod.c, baton-libvirt.c).
LATER = "libkmod.", "libcrypto.", "libvirt."


def libraries(program):
    """The names of all that the dynamic linker would load for it."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines()]


@story
def nobody_waits_for_libraries_that_few_need():
    for program in sys.argv[1:]:
        loaded = libraries(program)
        check(any(name.startswith("libglib-2.0.") for name in loaded), loaded)
        check(not [name for name in loaded if name.startswith(LATER)], f"{program}: {loaded}")


run_stories()
