# SPDX-License-Identifier: GPL-3.0-or-later
"""The window: time to the first painted frame and memory, next to an empty libadwaita window and
two programs from Debian; and how often window and watcher wake up while nothing happens."""

import contextlib
import os
import shutil
import subprocess
import time

from desktop import Desktop
from measure import Figure, in_milliseconds, take_turns

NEIGHBOURS = ["gnome-calculator", "gnome-text-editor"]
IDLE_SECONDS = 60


def children_of(pid):
    pids = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            for child in file.read().split():
                pids += [int(child), *children_of(int(child))]
    return pids


def read_switches(pids):
    """Thread -> how often it was put to sleep or set aside so far."""
    switches = {}
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            # One that ends meanwhile is told from what is missing.
            with (contextlib.suppress(FileNotFoundError, ProcessLookupError),
                  open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file):
                switches[task] = sum(int(line.split()[1]) for line in file
                                     if "voluntary_ctxt_switches" in line)
    return switches


def count_wakeups(before, after):
    """A thread that has ended woke up to do so."""
    return (sum(count - before.get(task, 0) for task, count in after.items())
            + len(before.keys() - after.keys()))


def wait_until_quiet(pid, quiet_seconds, most_seconds):
    """Until the start is over: no wake-up for a while. What blinks never is: then as it is."""
    end = time.monotonic() + most_seconds
    before = read_switches([pid])
    while time.monotonic() < end:
        time.sleep(quiet_seconds)
        after = read_switches([pid])
        if after == before:
            return
        before = after


def measure_memory(desktop, command):
    """MiB that the program has for itself, its share of what it shares included (PSS)."""
    process, _seconds = desktop.open_window(command)
    wait_until_quiet(process.pid, 2, 6)
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as file:
        pss = [int(line.split()[1]) for line in file if line.startswith("Pss:")][0]
    desktop.close_window(process)
    return pss / 1024


def measure_idle(desktop, command):
    """Wake-ups of the window, and of the watcher that it has started, in a minute."""
    process, _seconds = desktop.open_window(command)
    # GLib's pools let their threads go after fifteen seconds without work
    wait_until_quiet(process.pid, 20, 60)
    watched = {"window": [process.pid], "watcher": children_of(process.pid)}
    before = {name: read_switches(pids) for name, pids in watched.items()}
    time.sleep(IDLE_SECONDS)
    woken = {name: count_wakeups(before[name], read_switches(pids))
             for name, pids in watched.items()}
    has_watcher = bool(watched["watcher"])
    desktop.close_window(process)
    return woken, has_watcher


def install(build):
    """The helper is found where it is installed, which for this is below the build."""
    prefix = os.path.join(build, "installed")
    subprocess.run(["meson", "configure", f"-Dprefix={prefix}", build], check=True)
    subprocess.run(["meson", "install", "-C", build], stdout=subprocess.DEVNULL, check=True)
    return os.path.join(prefix, "bin", "baton")


def measure(build, rounds):
    missing = [name for name in ["sway", *NEIGHBOURS] if shutil.which(name) is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} missing: install tools/packages/figures.list")

    rivals = {"baton": [install(build)], "empty": [f"{build}/tests/bench/empty-window"]}
    rivals.update({name: [name] for name in NEIGHBOURS})

    with Desktop() as desktop:
        def open_and_close(command):
            process, seconds = desktop.open_window(command)
            desktop.close_window(process)
            return seconds

        times = take_turns(rivals, rounds, open_and_close)
        memory = {name: measure_memory(desktop, command) for name, command in rivals.items()}
        woken, has_watcher = measure_idle(desktop, rivals["baton"])

    figures = [Figure("window: first frame, Baton / empty", times["baton"] / times["empty"],
                      2, False, in_milliseconds(times))]
    figures += [Figure(f"window: first frame, Baton / {name}", times["baton"] / times[name],
                       None, False, "") for name in NEIGHBOURS]
    figures.append(Figure("window: memory, Baton / empty", memory["baton"] / memory["empty"],
                          2.5, False,
                          ", ".join(f"{name} {size:.0f} MiB" for name, size in memory.items())))
    figures += [Figure(f"window: memory, Baton / {name}", memory["baton"] / memory[name],
                       None, False, "") for name in NEIGHBOURS]
    figures.append(Figure("window: wake-ups in a minute", woken["window"], 0, False, ""))
    figures.append(Figure("watcher: wake-ups in a minute", woken["watcher"], 0, False,
                          "" if has_watcher else "no watcher was running"))
    return figures
