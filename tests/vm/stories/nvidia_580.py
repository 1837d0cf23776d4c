# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's driver 580.105 lets go of one card and takes it back as it was."""

from bench import nvidia

TOPOLOGY = 'nvidia'
TIER = 'full'
SPOILS = True


def run(bench):
    nvidia.tell(bench, '580.105.08', False)
