# SPDX-License-Identifier: GPL-3.0-or-later
"""The look that a plan needs, at sixteen cards and 10,000 processes, next to the bare reads of it.

What it reads is taken from itself, once, by strace: every file, link and directory that it asked
for, those that were not there too. The rival reads each of them once, and then the descriptors and
mappings of all processes with as many threads.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile

from holders import Crowd
from measure import Figure, in_milliseconds, take_turns

CARDS = 16
PROCESSES = 10000
DESCRIPTORS = 25

# openat2(5</tree/sys>, "bus/pci", {flags=O_RDONLY|O_CLOEXEC|O_PATH, …}) = 6</tree/sys/bus/pci>
OPENED = re.compile(r'openat2?\((?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)", \{?(?:flags=)?([A-Z_|]+)')
LINK = re.compile(r'readlinkat\(\d+<([^>]*)>, "([^"]*)"')
# what the rival goes through by itself, and the ways to it
SEARCHED = re.compile(r"/proc/\d+(/(fd|maps|task)(/.*)?)?$")


@contextlib.contextmanager
def cards(build):
    """The directory of the tree, while the block lasts."""
    process = subprocess.Popen([f"{build}/tests/bench/cards", str(CARDS)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


def read_trace(trace, tree):
    """What was read, once each: (kind, path)."""
    wanted = {}
    last = None
    for line in trace:
        opened, link = OPENED.search(line), LINK.search(line)
        if opened:
            directory, name, flags = opened.groups()
            kind = ("d" if "O_DIRECTORY" in flags and "O_PATH" not in flags
                    else "e" if "O_PATH" in flags else "f")
        elif link:
            directory, name = link.groups()
            kind = "l"
            if name == "":
                # it was opened to be read, which the rival has no need of
                wanted.pop(last, None)
        else:
            continue
        path = os.path.normpath(os.path.join(directory, name))
        # /proc is in the tree for Baton alone
        path = re.sub(f"^{re.escape(tree)}/proc(?=/|$)", "/proc", path)
        if path.startswith((tree, "/proc")) and not SEARCHED.match(path):
            last = kind, path
            wanted[last] = True
    return wanted


def write_list(command, tree, path):
    """What COMMAND reads, for the bare loop."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="surrogateescape") as trace:
        subprocess.run(["strace", "-f", "-y", "-s", "4096", "-e",
                        "trace=openat,openat2,readlinkat", "-o", trace.name, *command],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        wanted = read_trace(trace, tree)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(f"{kind} {name}\n" for kind, name in wanted)
    return len(wanted)


def measure(build, rounds):
    if os.getuid() != 0:
        print("around: left out, because only root may put /proc into a tree", file=sys.stderr)
        return []

    threads = max(2, min(8, os.cpu_count()))
    with (cards(build) as tree, tempfile.TemporaryDirectory() as directory,
          Crowd(build, PROCESSES, DESCRIPTORS) as crowd):
        baton = [f"{build}/tests/bench/look-around", tree]
        list_path = os.path.join(directory, "list")
        n_reads = write_list(baton, tree, list_path)
        looked = subprocess.run(baton, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                check=True)
        if f"{CARDS} cards" not in looked.stderr:
            raise RuntimeError(f"look-around saw {looked.stderr.strip()}, not {CARDS} cards")
        missed = crowd.holders - {int(pid) for pid in looked.stdout.split()}
        if missed:
            raise RuntimeError(f"look-around missed {sorted(missed)}")
        times = take_turns({"baton": baton, "bare reads": [f"{build}/tests/bench/bare-loop",
                                                           str(threads), list_path]}, rounds)
    return [Figure(f"look at {CARDS} cards, {PROCESSES} processes: Baton / bare reads",
                   times["baton"] / times["bare reads"], 1.5, False,
                   in_milliseconds(times) + f"; {n_reads} reads and the search")]
