# SPDX-License-Identifier: GPL-3.0-or-later
"""Without an IOMMU the handoff is refused, with the reason and the remedy."""

from bench import story
from bench.desktop import window

TIER = 'full'
TOPOLOGY = 'no-iommu'
SESSION = True
LEAVES = ('files:/run/user/*',)

# What says that this is a Debian, where nobody but root has it in the PATH.
GRUB = '/usr/sbin/update-grub'


def run(bench):
    before = bench.snapshot()
    refused = bench.to_guest('0000:01:00.0', status=story.REFUSED)
    # The word is there to be found on the kernel's command line.
    finding = refused.blockers['iommu-off-command-line']
    assert finding['args']['word'] == 'intel_iommu=off', finding
    assert 'intel_iommu=off' in bench.run('cat', '/proc/cmdline').out
    assert finding['remedy'], finding
    bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))
    the_window_shows_how(bench)


def the_window_shows_how(bench):
    """The one line that lifts it on this computer."""
    if bench.run('test', '-e', GRUB, status=None).status != 0:
        bench.run('install', '-m', '755', '/dev/null', GRUB)
        bench.at_end(bench.run, 'rm', GRUB)
    with window(bench) as shown:
        shown.expect('press', 'Show How…')
        shown.expect('wait', 'sudo update-grub')
        shown.expect_names()
