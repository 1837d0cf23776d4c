# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's driver 550 leaves with its card and comes back with it as it was.

Its files have the names that Debian's packages give them, which only modprobe.d(5) leads to.
"""

from bench import nvidia

TOPOLOGY = 'nvidia'
TIER = 'full'
SPOILS = True


def run(bench):
    nvidia.tell(bench, '550.163.01', True)
