# SPDX-License-Identifier: GPL-3.0-or-later
"""A password typed long after the question starts the plan that was shown, or nothing."""

import contextlib

from bench import channel, story

TIER = 'full'
SESSION = True

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
SOUND_DRIVER = '/sys/bus/pci/drivers/snd_hda_intel'
# Whom logind lets open a node depends on whose session was in front when it was made.
LEAVES = ('dev:/dev/dri/card*',)

# Whatever could give up counts less by default: a call on the bus 25 s (GDBus), a unit that is
# started 90 s (systemd). The long form is somebody who was called away from the question.
LEFT_S, LEFT_LONG_S = 100, 600


def run(bench):
    before = bench.snapshot()
    with question(bench) as (asked, agent):
        expect_silence(asked, LEFT_LONG_S if bench.full else LEFT_S)
        bench.expect_same(before)
        agent.write('u\n')
        assert bench.finish(asked).code == 'handed-over'
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)

    shown = bench.batonctl('plan', 'guest', CARD).plan
    with question(bench) as (asked, agent):
        # Nothing is kept for the question: another handoff goes its whole way meanwhile.
        bench.to_guest(OTHER)
        bench.expect_guest(OTHER)
        bench.to_host(OTHER)
        bench.call('sysfs.write', path=f'{SOUND_DRIVER}/unbind', text=SOUND)
        changed = bench.snapshot()
        agent.write('u\n')
        refused = bench.finish(asked, status=story.REFUSED)
    assert refused.code == 'plan-changed', refused.result
    assert f'unbind:{SOUND}' in [step['id'] for step in shown['steps']], shown
    assert f'unbind:{SOUND}' not in [step['id'] for step in refused.plan['steps']], refused.plan
    bench.expect_same(changed, allow=story.HANDOFF_LEAVES)

    bench.call('sysfs.write', path=f'{SOUND_DRIVER}/bind', text=SOUND)
    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver('snd_hda_intel', SOUND)


@contextlib.contextmanager
def question(bench):
    """A handoff that the desktop's user asked for, and the agent that has not answered yet."""
    with bench.agent('wait') as agent:
        asked = bench.start_batonctl('guest', CARD, '--yes', user='u')
        assert next(agent.lines()) == 'asked io.github.batongpu.Baton.hand'
        yield asked, agent


def expect_silence(asked, seconds):
    """It neither ends nor says a word."""
    try:
        asked.wait(seconds)
    except channel.Lost:
        assert asked.out == '', asked.out
        return
    raise AssertionError(f'it ended with {asked.status} while the question was open: {asked.out}')
