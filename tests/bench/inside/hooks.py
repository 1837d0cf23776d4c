# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the bench: how long libvirt takes to start a guest with a card, with Baton's hook and without.

`libvirt` takes the card itself (managed='yes') and has no hook; `baton` has the hook, which hands it
over; `parked` has neither to do, since the card is with vfio-pci already. What the hook takes beyond the
handoff, which says itself how long it was, is `baton` less `parked` less that.
"""

import json
import statistics
import subprocess
import time

import rivals

NAME = "bench"
DAEMON = "libvirtd.service"
REPORT = "/var/lib/baton/report.json"


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}: "
                           f"{done.stdout[-2000:]}{done.stderr[-2000:]}")


def start(domain):
    """Seconds until the guest runs."""
    path = "/run/bench-domain.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(domain)
    begin = time.perf_counter()
    run("virsh", "create", path)
    return time.perf_counter() - begin


def handoff():
    with open(REPORT, encoding="utf-8") as file:
        return json.load(file)["elapsed_ms"] / 1000


def measure(card, domains, rounds):
    """Median seconds by name."""
    times = {}
    rivals.leave_alone()
    run("systemctl", "restart", DAEMON)
    for _round in range(rounds + 1):
        times.setdefault("libvirt", []).append(start(domains["yes"]))
        run("virsh", "destroy", NAME)
        run("batonctl", "install-hook")
        # libvirt looks which hooks there are when it starts (src/util/virhook.c, virHookInitialize()).
        run("systemctl", "restart", DAEMON)
        times.setdefault("baton", []).append(start(domains["yes"]))
        times.setdefault("handoff", []).append(handoff())
        run("virsh", "destroy", NAME)
        run("batonctl", "install-hook", "--undo")
        run("systemctl", "restart", DAEMON)
        run("batonctl", "guest", card, "--yes")
        times.setdefault("parked", []).append(start(domains["no"]))
        run("virsh", "destroy", NAME)
        run("batonctl", "host", card, "--yes")
    # The first round warms up.
    medians = {name: statistics.median(seconds[1:]) for name, seconds in times.items()}
    medians["beyond"] = statistics.median(
        baton - handed - parked for baton, handed, parked
        in list(zip(times["baton"], times["handoff"], times["parked"]))[1:])
    return medians
