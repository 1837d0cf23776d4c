# SPDX-License-Identifier: GPL-3.0-or-later
"""polkitd goes away under an open question: nothing moves, and who asks next is answered."""

import json

TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
HELPER = '/usr/libexec/baton-helper'


def run(bench):
    watch = bench.spawn('pkexec', HELPER, 'watch', user='u')
    lines = watch.lines(120)
    wait_for_machine(lines)

    before = state(bench)
    with bench.agent('wait') as asking:
        asked = bench.start_batonctl('guest', CARD, '--yes', user='u')
        assert next(asking.lines()) == 'asked io.github.batongpu.Baton.hand'
        bench.run('systemctl', 'restart', 'polkit.service')
        ended = bench.finish(asked, status=None)
    assert ended.code == 'not-authorised', ended.result
    assert state(bench) == before

    # Who watched was let in before, and goes on.
    watch.write('{"look":true}\n')
    wait_for_machine(lines)
    watch.signal(15)
    watch.wait()

    with bench.agent('u'):
        bench.to_guest(CARD, user='u')
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)


def state(bench):
    """The card, and the handoffs that there have been."""
    handoffs = bench.run('find', '/run/baton', '-path', '*/handoff/*', status=None).out
    return bench.function(CARD), bench.function(SOUND), handoffs


def wait_for_machine(lines):
    assert any(json.loads(line)['type'] == 'machine' for line in lines)
