# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred helpers for one card: one hands it over, and all others say why they did not."""

from bench import contract

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
HELPER = '/usr/libexec/baton-helper'


def run(bench):
    digest = bench.batonctl('plan', 'guest', CARD).plan['digest']
    asked = [bench.spawn(HELPER, 'hand', 'guest', CARD, '--expect', digest)
             for _ in range(100 if bench.full else 8)]
    results = []
    for process in asked:
        reader = contract.Reader()
        for line in process.lines(300):
            reader.take(line)
        results.append(reader.finish())
        assert process.status == results[-1]['exit'], (process.status, results[-1])

    handed = [result for result in results if result['code'] == 'handed-over']
    assert len(handed) == 1, results
    for result in results:
        # Those that come after it has ended find the card where it is, which is another plan; and
        # a computer that has a hundred to start at once does not get round to each in a minute.
        assert result['code'] in ('handed-over', 'busy', 'plan-changed', 'nothing-to-do',
                                  *(('worker-not-started',) if bench.full else ())), result
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    kept = bench.run('ls', '/run/baton/handoff').out.split()
    assert len(kept) <= 9, kept
