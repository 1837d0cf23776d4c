# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelled at each step, the handoff puts everything back and says so."""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*')


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    before = bench.snapshot()
    cancelled = done = 0
    when = 1
    while True:
        with fault.stopped(bench, fault.JOURNAL, when) as trace:
            handing = bench.start_batonctl('guest', CARD, '--yes')
            if trace.wait_stopped() is None:
                bench.finish(handing)
                bench.to_host(CARD)
                break
            bench.run('batonctl', 'cancel', status=None)
            trace.go_on()
            ended = bench.finish(handing, status=None)
        if ended.result['exit'] == story.CANCELLED:
            cancelled += 1
            bench.expect_same(before, allow=ALLOWED)
        else:
            # Past the last point where a cancel is looked for it runs to its end.
            assert ended.result['exit'] == story.DONE, ended.result
            bench.expect_guest(CARD, SOUND)
            bench.to_host(CARD)
            done += 1
            if done == 2:
                break
        when += 1
    assert cancelled > 5, cancelled
