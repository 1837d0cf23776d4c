# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker is killed at every record of its journal, and recovery puts all back."""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*', 'units:baton-recover.service')


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    killed_everywhere(bench, bench.to_guest)
    bench.to_host(CARD, status=None)
    bench.expect_driver('bochs-drm', CARD)
    bench.to_guest(CARD, status=None)
    killed_everywhere(bench, bench.to_host)


def killed_everywhere(bench, hand):
    """Counts up until a handoff reaches its end with nothing injected."""
    before = bench.snapshot()
    when = 1
    while True:
        with fault.killed(bench, fault.JOURNAL, when) as trace:
            ended = hand(CARD, status=None)
            trace.drain()
        if not trace.injected():
            assert ended.result['exit'] == story.DONE, ended.result
            break
        # Recovery has settled it: the events that it wrote are the end we read.
        assert ended.result['exit'] in (story.ROLLED_BACK, story.DEGRADED, story.DONE), ended.result
        bench.run('test', '!', '-e', fault.JOURNAL)
        if ended.result['exit'] == story.DONE:
            # Cut off after the last effect: nothing was left to undo.
            break
        bench.expect_same(before, allow=ALLOWED)
        when += 1
    assert when > 5, f'only {when} points'
