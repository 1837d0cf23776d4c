# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelled at each step, both ways, the handoff puts everything back and says so."""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*')

# At which write to the journal it is asked for: a full run tries them all on one image.
QUICK = (4, 9, 14)


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    whole = bench.full and bench.release == '12'
    points = range(1, 100) if whole else QUICK
    heard = cancelled_everywhere(bench, 'guest', points)
    assert heard > 5 if whole else heard >= 2, heard

    bench.to_guest(CARD)
    heard = cancelled_everywhere(bench, 'host', points)
    assert heard > 3 if whole else heard >= 1, heard
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def cancelled_everywhere(bench, side, points):
    """Starts over for each of @points, and leaves the card where it was; returns how many were heard."""
    before = bench.snapshot()
    heard = late = 0
    for when in points:
        with fault.stopped(bench, fault.JOURNAL, when) as trace:
            handing = bench.start_batonctl(side, CARD, '--yes')
            stopped = trace.wait_stopped() is not None
            if stopped:
                bench.run('batonctl', 'cancel', status=None)
                trace.go_on()
            ended = bench.finish(handing, status=None)
        if stopped and ended.result['exit'] == story.CANCELLED:
            # Once it is too late, it stays too late.
            assert late == 0, (when, late)
            heard += 1
            bench.expect_same(before, allow=ALLOWED)
            continue
        # Past the last point where a wish to stop is heard it runs to its end.
        assert ended.result['exit'] == story.DONE, ended.result
        late += 1
        if side == 'guest':
            bench.expect_guest(CARD, SOUND)
            bench.to_host(CARD)
        else:
            bench.expect_driver('bochs-drm', CARD)
            bench.expect_driver('snd_hda_intel', SOUND)
            bench.to_guest(CARD)
        bench.expect_same(before, allow=ALLOWED)
        if not stopped or late == 2:
            break
    return heard
