# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's driver 595 is never asked for a card that it says is in use."""

from bench import nvidia

TOPOLOGY = 'nvidia'
TIER = 'quick'
SPOILS = True


def run(bench):
    nvidia.tell(bench, '595.45.04', False)
