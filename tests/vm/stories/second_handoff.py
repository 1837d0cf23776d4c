# SPDX-License-Identifier: GPL-3.0-or-later
"""A second handoff while one is under way is told that it is busy, and changes nothing."""

from bench import fault, story

IMAGES = ('13',)

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'


def run(bench):
    with fault.stopped(bench, f'/sys/bus/pci/devices/{CARD}/driver_override') as worker:
        first = bench.start_batonctl('guest', CARD, '--yes')
        worker.wait_stopped()
        before = bench.function(OTHER)
        second = bench.to_guest(OTHER, status=None)
        assert second.result['exit'] in (story.BUSY, story.REFUSED), second.result
        assert second.code == 'busy' or 'handoff-under-way' in second.blockers, second.result
        assert bench.function(OTHER) == before
        worker.go_on()
        assert bench.finish(first).code == 'handed-over'
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
