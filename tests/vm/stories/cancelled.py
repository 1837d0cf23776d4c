# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelled at each step, both ways, or its unit stopped, the handoff puts everything back and says so."""

from bench import fault, story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*')

# At which write to the journal it is asked for, and how often it is heard at least: a full run tries
# them all on one image.
EVERYWHERE = {'guest': (range(1, 100), 6), 'host': (range(1, 100), 4)}
SOME = {'guest': ((4, 9, 14), 2), 'host': ((4, 9, 14), 1)}
QUICK = {'guest': ((9,), 1), 'host': ((4,), 1)}


def cancel(bench):
    bench.run('batonctl', 'cancel', status=None)


def stop_unit(bench):
    """As systemd does before a shutdown; it also wakes whoever stands still."""
    bench.run('systemctl', 'stop', '--no-block', 'baton-worker@*.service')


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    if not bench.full:
        both_ways(bench, cancel, stop_unit, QUICK)
        return
    both_ways(bench, cancel, cancel, EVERYWHERE if bench.release == '12' else SOME)
    both_ways(bench, stop_unit, stop_unit, SOME)


def both_ways(bench, wish_there, wish_back, points):
    everywhere(bench, 'guest', wish_there, *points['guest'])
    bench.to_guest(CARD)
    everywhere(bench, 'host', wish_back, *points['host'])
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def everywhere(bench, side, wish, points, least):
    """Starts over for each of @points, of which @least are heard, and leaves the card where it was."""
    before = bench.snapshot()
    heard = late = 0
    for when in points:
        with fault.stopped(bench, fault.JOURNAL, when, aside=True) as trace:
            handing = bench.start_batonctl(side, CARD, '--yes')
            stopped = trace.wait_stopped() is not None
            if stopped:
                wish(bench)
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
    assert heard >= least, heard
