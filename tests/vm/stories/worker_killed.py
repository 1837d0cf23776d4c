# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker is killed at every record of its journal, and recovery puts all back."""

from bench import fault, story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*', 'units:baton-settle.service')

# What a full run does at every record on one image, it does at each so many on the other.
SOME = 5
QUICK = 9


def run(bench):
    step = QUICK if not bench.full else 1 if bench.release == '12' else SOME
    bench.run('modprobe', 'vfio-pci')
    killed_everywhere(bench, bench.to_guest, step)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)

    if not bench.full:
        return
    bench.to_guest(CARD)
    killed_everywhere(bench, bench.to_host, step)
    bench.to_host(CARD)


def killed_everywhere(bench, hand, step):
    """Counts up until a handoff reaches its end; puts it back where it began."""
    before = bench.snapshot()
    back = bench.to_host if hand == bench.to_guest else bench.to_guest
    kills = 0
    while True:
        with fault.killed(bench, fault.JOURNAL, 1 + kills * step) as trace:
            ended = hand(CARD, status=None)
            trace.drain()
        if ended.result['exit'] == story.DONE:
            # Either nobody was killed, or after the last effect: nothing was left to undo.
            back(CARD)
            break
        # Recovery has settled it: the events that it wrote are the end we read.
        assert ended.result['exit'] == story.ROLLED_BACK, ended.result
        assert trace.injected(), trace.seen[-20:]
        bench.run('test', '!', '-e', fault.JOURNAL)
        bench.expect_same(before, allow=ALLOWED)
        kills += 1
    assert kills * step > 10, f'only {kills} points'
