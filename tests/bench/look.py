# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at the machine: `batonctl list` next to `lspci -nnk`."""

from measure import Figure, in_milliseconds, take_turns


def measure(build, rounds):
    times = take_turns(
        {"batonctl": [f"{build}/src/cli/batonctl", "list"], "lspci": ["lspci", "-nnk"]},
        rounds * 3,
    )
    return [Figure("look: batonctl list / lspci -nnk", times["batonctl"] / times["lspci"],
                   1.5, False, in_milliseconds(times))]
