# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer neither sleeps nor goes down in the middle of a handoff, and does both after it."""

from bench import fault, story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

REFUSES = '/run/systemd/logind.conf.d'
READ_AGAIN = ('systemctl', 'kill', '--signal=HUP', 'systemd-logind.service')

HELD = ['shutdown:sleep:handle-lid-switch block']


def held(bench):
    return bench.call('inhibitors.held')


def blocked(bench):
    """What logind itself says that it would refuse."""
    return bench.run('busctl', 'get-property', 'org.freedesktop.login1', '/org/freedesktop/login1',
                     'org.freedesktop.login1.Manager', 'BlockInhibited').out


def stop_in_the_middle(bench, side):
    """The worker stands still between two steps, and the computer may not sleep."""
    with fault.stopped(bench, fault.JOURNAL, 6) as trace:
        handing = bench.start_batonctl(side, CARD, '--yes')
        assert trace.wait_stopped() is not None
        assert held(bench) == HELD, held(bench)
        assert 'sleep' in blocked(bench) and 'shutdown' in blocked(bench), blocked(bench)
        trace.go_on()
        bench.finish(handing)
    assert held(bench) == []


def run(bench):
    stop_in_the_middle(bench, 'guest')
    bench.expect_guest(CARD, SOUND)
    stop_in_the_middle(bench, 'host')

    # A handoff that is refused, and one that is put back, keep nothing either.
    with fault.failing(bench, fault.JOURNAL, 6):
        bench.to_guest(CARD, status=story.ROLLED_BACK)
    assert held(bench) == []
    bench.expect_driver('bochs-drm', CARD)

    # logind refuses: somebody is told, and the card goes all the same.
    bench.run('sh', '-c', f'mkdir -p {REFUSES} && '
              f'printf "[Login]\\nInhibitorsMax=0\\n" >{REFUSES}/none.conf')
    bench.run(*READ_AGAIN)
    bench.at_end(bench.run, *READ_AGAIN)
    bench.at_end(bench.run, 'rm', '-r', REFUSES)
    handed = bench.to_guest(CARD)
    assert [event for event in handed.events if event['type'] == 'log' and
            event['level'] == 'warning' and 'sleeping' in event['text']], handed.events
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
