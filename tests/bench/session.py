# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that the desktop draws on, next to what people's recipes do for it, in the bench."""

from handoff import started_bench
from measure import Figure, in_milliseconds

KINDS = {
    "one-card": ("single", ["0000:00:02.0"], "one card: stop, unbind, sleep 1; remove, rescan, sleep 1, start"),
    "two-states": ("named", ["0000:01:00.0", "0000:01:00.1"], "two cards: stop, detach, start; stop, reattach, start"),
}
ENDS = {
    "moved": "guest, until the card has arrived",
    "card": "guest, until somebody knows that",
    "guest": "guest, until all is done",
    "host": "host",
}
# Each is a desktop that ends and another one that comes, four times.
MOST_ROUNDS = 5


def measure(_build, rounds):
    """From consent to where a guest can have the card, to where somebody knows, to the end of it, and from the
    return to a desktop on it; and what comes before the consent."""
    figures = []
    for kind, (topology, functions, what) in KINDS.items():
        with started_bench(topology, desktop=True, counted=True) as channel:
            rows = channel.call("sessions.measure", timeout=1800, kind=kind, functions=functions,
                                rounds=min(rounds, MOST_ROUNDS))
        times = {(who, end): seconds for who, end, seconds in rows}
        figures += [Figure(f"{what}; to the {ENDS[end]}: recipe / Baton",
                           times["recipe", end] / times["baton", end], 1, True,
                           in_milliseconds({who: times[who, end] for who in ("baton", "recipe")})
                           + f"; Baton asks after {times['baton', 'look'] * 1000:.1f} ms, the login screen alone"
                           f" {times['login', 'restart'] * 1000:.1f} ms")
                    for end in ENDS]
    return figures
