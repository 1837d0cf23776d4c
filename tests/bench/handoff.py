# SPDX-License-Identifier: GPL-3.0-or-later
"""A handoff in the bench, next to a shell that makes the same writes, virsh and driverctl; next to
what people's recipes do; and the look at a machine that has cards."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from measure import Figure, in_milliseconds

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE.parent / "vm"
FUNCTIONS = ["0000:01:00.0", "0000:01:00.1"]
RELEASE = "12"


def say(text):
    print(text, file=sys.stderr, flush=True)


def fill_share(share):
    shutil.copytree(BENCH / "inside", share / "inside",
                    ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("desktop_starts.py", "handoffs.py", "hooks.py", "recipes.py", "rivals.py", "sessions.py"):
        shutil.copy(HERE / "inside" / name, share / "inside")
    # for whatever C library the machine has
    subprocess.run(["cc", "-O2", "-static", "-pthread", "-D_GNU_SOURCE", "-o",
                    share / "bare-loop", HERE / "bare-loop.c"], check=True)


@contextlib.contextmanager
def started_bench(topology="plain", desktop=False, counted=False):
    """A machine with the project in it: the channel to its agent, while the block lasts.

    @counted: its clock counts what it computes, so that a sleep weighs as much as on a real machine.
    """
    sys.path.insert(0, str(BENCH))
    from bench import cache, image, machine, project

    with tempfile.TemporaryDirectory(prefix="baton-share-") as directory:
        share = pathlib.Path(directory)
        share.chmod(0o755)
        fill_share(share)
        disk = image.find_or_build(RELEASE, say)
        project.install_tree(RELEASE, share, say)
        logs = cache.directory() / "logs" / f"figures-{os.getpid()}"
        bench = machine.Machine(disk, topology, logs, share, desktop=desktop, counted=counted)
        try:
            bench.channel.call("setup.install", timeout=300,
                               archive=f"/bench/install-{RELEASE}.tar")
            if desktop:
                bench.wait_ready()
            yield bench.channel
        finally:
            bench.stop()


RECIPES = {
    "ids": "new_id, bind; remove, rescan",
    "sleeps": "vfio-pci-bind, sleep 1; remove, rescan, sleep 1",
    "hook": "lsof, virsh nodedev-detach; -reattach",
    "nodedev": "virsh nodedev-detach; -reattach",
}


def measure_recipes(_build, rounds):
    """To the guest and back again, each with what it waits."""
    with started_bench(counted=True) as channel:
        handoffs = channel.call("handoffs.measure_recipes", timeout=1800, functions=FUNCTIONS,
                                rounds=rounds)
    times = {}
    for name, _side, seconds in handoffs["times"]:
        times[name] = times.get(name, 0) + seconds
    named = {**times, "Baton's whole commands": sum(handoffs["whole"].values())}
    return [Figure(f"there and back: {what} / Baton", times[name] / times["baton"], 3, True,
                   in_milliseconds(named) if name == "ids" else "")
            for name, what in RECIPES.items()]


def measure(_build, rounds):
    with started_bench() as channel:
        handoffs = channel.call("handoffs.measure", timeout=1800, functions=FUNCTIONS,
                                rounds=rounds)
        listing = channel.call("handoffs.measure_list", timeout=600, rounds=rounds)
    figures = []

    for side in ("guest", "host"):
        times = {name: seconds for name, at, seconds in handoffs["times"] if at == side}
        shares = handoffs["shares"][side]
        named = {"baton": times["baton"], "shell": times["shell"], "virsh": times["virsh"],
                 "driverctl": times["driverctl"]}
        figures += [
            Figure(f"to the {side}: Baton / shell", times["baton"] / times["shell"],
                   1.25, False, in_milliseconds(named)),
            Figure(f"to the {side}: virsh / Baton", times["virsh"] / times["baton"],
                   1, True, ""),
            Figure(f"to the {side}: driverctl / Baton", times["driverctl"] / times["baton"],
                   1, True, ""),
            Figure(f"to the {side}: Baton / its writes, syncs and scans",
                   times["baton"] / sum(shares.values()), None, False,
                   in_milliseconds(shares) + "; Baton's steps: "
                   + ", ".join(f"{kind} {spent:.0f} ms"
                               for kind, spent in handoffs["kinds"][side].items())),
        ]
    figures.append(Figure("look, in the bench: batonctl list / lspci -nnk",
                          listing["batonctl"] / listing["lspci"], 1.5, False,
                          in_milliseconds(listing)))
    return figures
