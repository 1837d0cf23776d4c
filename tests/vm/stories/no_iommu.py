# SPDX-License-Identifier: GPL-3.0-or-later
"""Without an IOMMU the handoff is refused, with the reason and the remedy."""

from bench import story

TIER = 'full'
TOPOLOGY = 'no-iommu'


def run(bench):
    before = bench.snapshot()
    refused = bench.to_guest('0000:01:00.0', status=story.REFUSED)
    # The word is there to be found on the kernel's command line.
    finding = refused.blockers['iommu-off-command-line']
    assert finding['args']['word'] == 'intel_iommu=off', finding
    assert 'intel_iommu=off' in bench.run('cat', '/proc/cmdline').out
    assert finding['remedy'], finding
    bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))
