# SPDX-License-Identifier: GPL-3.0-or-later
"""An unbind that waits in the kernel is told, with whom it waits for, and never signalled."""

from bench import fault, story

IMAGES = ('12',)

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'

SYSFS = '/sys/bus/pci/devices'
LOCK = '/run/baton/lock'

# Modules that a handoff loads stay, and so does what is told about it.
ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*', 'units:baton-settle.service')

# It gave up; whoever settled it later was not the unit.
LEAVES = ('units:baton-settle.service',)


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    intent = find_intent(bench)
    before = bench.snapshot()
    blocked(bench, intent, goes_on_when_let_go)
    bench.to_host(CARD)
    bench.expect_same(before, allow=ALLOWED)
    if bench.full:
        for end in (settles_by_itself, settles_when_asked):
            blocked(bench, intent, end)
            bench.expect_same(before, allow=ALLOWED)


def find_intent(bench):
    """Which write to the journal says that the sound's unbind is intended."""
    with fault.traced(bench, '-e', f'trace={fault.WRITES}', '-P', fault.JOURNAL) as trace:
        handed = bench.to_guest(CARD)
        trace.drain()
    bench.to_host(CARD)
    n, = (step['n'] for step in handed.plan['steps'] if step['id'] == f'unbind:{SOUND}')
    found, = (number for number, (_, record) in enumerate(trace.writes(fault.JOURNAL), 1)
              if f'"n\\":{n},' in record and 'intent' in record)
    return found


def blocked(bench, intent, end):
    """Somebody opens the card's sound after the last look and before the unbind.

    The sound driver takes back what is open and then waits for the last close
    in its remove (snd_card_free() in sound/core/init.c), deaf to any signal.
    """
    node = bench.call('sysfs.node_of', address=SOUND, kind='snd/controlC')
    with fault.stopped(bench, fault.JOURNAL, when=intent, aside=True) as worker:
        handoff = bench.follow(bench.start_batonctl('guest', CARD, '--yes'))
        worker.wait_stopped()
        # Whoever settles it writes to the same journal.
        worker.spare_others()
        with bench.holding('fd', node) as holder:
            since_ms = uptime_ms(bench)
            worker.go_on()
            stalled = handoff.until(type='step', state='stalled', id=f'unbind:{SOUND}')
            # Five seconds are usual; emulated, everything takes longer.
            assert 5000 <= stalled['t_ms'] - since_ms < 20000, (since_ms, stalled)
            assert f'python3 ({holder.started().pid})' in stalled['args']['who'], stalled
            assert stalled['args']['who'] in stalled['text'], stalled
            # The link is gone already, and yet the driver waits in the kernel. No more is
            # looked at: on Linux 6.1 driver_override is read under the device's own lock.
            assert bench.call('sysfs.link', path=f'{SYSFS}/{SOUND}/driver') is None
            expect_waiting(bench)
            everybody_may_look(bench)
            end(bench, handoff, holder)


def uptime_ms(bench):
    """The clock that events carry."""
    return int(float(bench.run('cat', '/proc/uptime').out.split()[0]) * 1000)


def expect_waiting(bench):
    """One child sleeps in the driver's remove; nobody has signalled it, and the lock is held."""
    child, = bench.call('process.waiting', program='baton-helper')
    assert any(function.startswith('snd_') for function in child['stack']), child
    assert child['signals'] == 0, child
    bench.run('flock', '--nonblock', LOCK, 'true', status=1)


def everybody_may_look(bench):
    """Nobody who looks has to wait for the driver as well."""
    card, = (card for card in bench.batonctl('list').machine['cards'] if card['address'] == CARD)
    sound, = (function for function in card['functions'] if function['address'] == SOUND)
    assert sound['driver'] is None, sound
    bench.batonctl('plan', 'guest', OTHER, status=None)


def let_go(holder):
    holder.close_stdin()
    holder.wait()


def goes_on_when_let_go(bench, handoff, holder):
    handoff.until(type='heartbeat')
    let_go(holder)
    result = handoff.end()
    assert result['code'] == 'handed-over', result
    bench.expect_guest(CARD, SOUND)


def is_stuck(bench, handoff):
    """Nobody lets go: the deadline passes, and nothing more is touched."""
    result = handoff.end()
    assert (result['code'], result['exit']) == ('stuck', story.STUCK), result
    assert result['at_step'] == f'unbind:{SOUND}', result
    assert sum(event['type'] == 'heartbeat' for event in handoff.events) > 10
    expect_waiting(bench)
    bench.expect_driver('bochs-drm', CARD)

    # Whoever comes now is told, and changes nothing either.
    assert bench.batonctl('recover', status=story.STUCK).code == 'stuck'
    other = bench.function(OTHER)
    refused = bench.to_guest(OTHER, status=None)
    assert refused.result['exit'] in (story.BUSY, story.REFUSED), refused.result
    assert bench.function(OTHER) == other
    expect_waiting(bench)


def settles_by_itself(bench, handoff, holder):
    """Recovery was started when the worker gave up, and waits as long as the worker has."""
    is_stuck(bench, handoff)
    let_go(holder)
    bench.run('systemctl', 'start', 'baton-settle.service')


def settles_when_asked(bench, handoff, holder):
    """Recovery has given up as well; it is enough to ask for it once the driver is free."""
    is_stuck(bench, handoff)
    bench.run('systemctl', 'start', 'baton-settle.service', status=1, timeout=300)
    expect_waiting(bench)
    let_go(holder)
    assert bench.batonctl('recover', status=None).code == 'recovered'
