# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried out is what was shown: a machine that changed meanwhile gives a new plan."""

from bench import contract, story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
HELPER = '/usr/libexec/baton-helper'
DRIVERS = '/sys/bus/pci/drivers'


def hand(bench, digest, status):
    """Asks the helper as a client does, but with a digest of our choice."""
    asked = bench.run(HELPER, 'hand', 'guest', CARD, '--expect', digest, status=status)
    reader = contract.Reader()
    for line in asked.out.splitlines():
        reader.take(line)
    return reader.events, reader.finish()


def run(bench):
    a_driver_is_gone(bench)
    somebody_has_come(bench)


def a_driver_is_gone(bench):
    shown = bench.batonctl('plan', 'guest', CARD).plan
    bench.call('sysfs.write', path=f'{DRIVERS}/snd_hda_intel/unbind', text=SOUND)
    before = bench.snapshot()

    events, result = hand(bench, shown['digest'], story.REFUSED)
    assert result['code'] == 'plan-changed', result
    fresh = contract.merged(events, 'plan')
    assert fresh['digest'] != shown['digest'], fresh
    assert f'unbind:{SOUND}' in [step['id'] for step in shown['steps']], shown
    assert f'unbind:{SOUND}' not in [step['id'] for step in fresh['steps']], fresh
    bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))

    # The fresh plan came with its digest, and is one that can be agreed to.
    _, result = hand(bench, fresh['digest'], story.DONE)
    assert result['code'] == 'handed-over', result
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.call('sysfs.write', path=f'{DRIVERS}/snd_hda_intel/bind', text=SOUND)


def somebody_has_come(bench):
    """Whoever opens the card after the plan was shown is named, and nothing is taken from him."""
    shown = bench.batonctl('plan', 'guest', CARD).plan
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    with bench.holding('fd', node) as holder:
        before = bench.snapshot()
        events, result = hand(bench, shown['digest'], story.REFUSED)
        assert result['code'] == 'refused', result
        named = [finding['args'] for finding in contract.merged(events, 'plan')['findings']
                 if finding['severity'] == 'blocker' and
                 finding['args'].get('pid') == str(holder.started().pid)]
        assert named and node in named[0]['nodes'], (holder.pid, events)
        bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))
        assert holder.status is None
    # He has gone: what was shown holds again.
    _, result = hand(bench, shown['digest'], story.DONE)
    assert result['code'] == 'handed-over', result
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
