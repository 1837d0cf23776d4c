# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for who holds a card, next to lsof, fuser and a loop that only reads.

4,000 processes with 25 descriptors each, some of which have /dev/full open or /dev/zero mapped.
All search the same two nodes, descriptors and mappings; the answers must be the same.
"""

import os
import subprocess

from measure import Figure, in_milliseconds, take_turns

NODES = ["/dev/full", "/dev/zero"]


class Crowd:
    """The processes, while the block lasts; `holders` are those that have a node."""

    def __init__(self, build, processes, descriptors):
        self.command = [f"{build}/tests/bench/crowd", str(processes), str(descriptors)]
        self.holders = set()

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for line in self.process.stdout:
            if line == "\n":
                return self
            self.holders.add(int(line))
        raise RuntimeError("the crowd did not get ready: are so many processes allowed?")

    def __exit__(self, *ignored):
        self.process.stdin.close()
        self.process.wait()


def ask(command):
    """Process ids that a search names, on stdout alone."""
    answer = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, check=False,
    )
    return {int(word) for word in answer.stdout.split()}


def measure(build, rounds, processes=4000, descriptors=25):
    threads = max(2, min(8, os.cpu_count()))
    rivals = {
        "baton": [f"{build}/tests/bench/search", *NODES],
        "bare loop": [f"{build}/tests/bench/bare-loop", str(threads)],
        "fuser": ["fuser", *NODES],
        "lsof": ["lsof", "-t", *NODES],
    }

    with Crowd(build, processes, descriptors) as crowd:
        for name in ("baton", "fuser", "lsof"):
            found = ask(rivals[name]) & crowd.holders
            if found != crowd.holders:
                raise RuntimeError(f"{name} missed {sorted(crowd.holders - found)}")
        times = take_turns(rivals, rounds)

    detail = in_milliseconds(times)
    return [
        Figure("search: lsof / Baton", times["lsof"] / times["baton"], 7, True, detail),
        Figure("search: fuser / Baton", times["fuser"] / times["baton"], 2, True, ""),
        Figure("search: Baton / bare loop", times["baton"] / times["bare loop"], 1.3, False, ""),
    ]
