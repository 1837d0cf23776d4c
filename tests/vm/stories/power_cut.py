# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails in the middle of a handoff; the next boot is the stock desktop."""

from bench import fault

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# Modules, units and which console took the screen over first are as each boot has them.
ALLOWED = ('modules:*', 'dev:/dev/vfio*', 'files:/run/*', 'files:/var/lib/baton*', 'units:*',
           'consoles:*')
LEAVES = ALLOWED
# Points of the journal at which a quick run cuts; a full run tries them all on one image.
QUICK = (4, 9, 14)


def run(bench):
    points = range(1, 100) if bench.full and bench.release == '12' else QUICK
    before = bench.snapshot()
    for when in points:
        with fault.stopped(bench, fault.JOURNAL, when) as trace:
            bench.start_batonctl('guest', CARD, '--yes')
            if trace.wait_stopped() is None:
                break
            bench.machine.power_cut()
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
        bench.run('test', '!', '-e', fault.JOURNAL)
        bench.expect_same(before, allow=ALLOWED)
        # And it works again.
        bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD)
