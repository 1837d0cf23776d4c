# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop's user is asked once; refused, dismissed or with nobody to ask, nothing moves."""

from bench import story

SESSION = True
IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def run(bench):
    before = bench.function(CARD)
    # No agent at all, then one that is dismissed, then one with the wrong password.
    refused = bench.to_guest(CARD, user='u', status=None)
    assert refused.code == 'not-authorised', refused.result
    assert bench.function(CARD) == before
    for answer, code in (('dismiss', 'dismissed'), ('wrong', 'not-authorised')):
        with bench.agent(answer):
            refused = bench.to_guest(CARD, user='u', status=None)
            assert refused.code == code, refused.result
            assert refused.result['exit'] >= story.BAD_REQUEST, refused.result
        assert bench.function(CARD) == before

    with bench.agent('u') as asking:
        bench.to_guest(CARD, user='u')
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD, user='u')
        bench.expect_driver('bochs-drm', CARD)
    actions = [line for line in asking.out.splitlines() if line.startswith('asked ')]
    assert actions[0] == 'asked io.github.batongpu.Baton.hand', actions

    # Looking takes no password, in the session alone.
    bench.batonctl('plan', 'guest', CARD, user='u')
    outside = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent',
                        '/usr/libexec/baton-helper', 'plan', 'guest', CARD, status=127)
    assert outside.out == '', outside.out
