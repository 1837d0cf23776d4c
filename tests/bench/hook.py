# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest of libvirt's that fetches its card by Baton's hook, next to libvirt's own way, in the bench."""

import sys

from handoff import BENCH, FUNCTIONS, started_bench
from measure import Figure, in_milliseconds

# Each is three starts of a guest.
MOST_ROUNDS = 5


def measure(_build, rounds):
    sys.path.insert(0, str(BENCH))
    from bench import domain

    devices = {managed: domain.DOMAIN.format(name="bench", devices="".join(
        domain.hostdev(address, managed) for address in FUNCTIONS)) for managed in ("yes", "no")}
    with started_bench(counted=True) as channel:
        times = channel.call("hooks.measure", timeout=1800, card=FUNCTIONS[0], domains=devices,
                             rounds=min(rounds, MOST_ROUNDS))
    return [
        Figure("a guest's start: with Baton's hook / libvirt alone, managed='yes'",
               times["baton"] / times["libvirt"], None, False, in_milliseconds(times)),
        Figure("the same: seconds that the hook takes beyond the handoff", times["beyond"], 0.3, False, ""),
    ]
