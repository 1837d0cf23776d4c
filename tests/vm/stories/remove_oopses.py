# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver that crashes when it is to let go is told at once, and nobody waits for it afterwards.

The kernel kills who asked for the unbind, and the device's own lock stays
locked until the restart (make_task_dead() in kernel/exit.c).
"""

from bench import story

TOPOLOGY = 'nvidia'
TIER = 'full'
SPOILS = True

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
DRIVER = 'bench-card'
JOURNAL = '/var/lib/baton/journal'
LINK = f'/sys/bus/pci/devices/{CARD}/driver'


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    bench.call('bench_card.install')
    bench.expect_driver(DRIVER, CARD, OTHER)
    there_and_back(bench)

    bench.call('bench_card.set_parameter', parameter='oopses', value=CARD)
    crashed = bench.to_guest(CARD, status=story.STUCK)
    assert crashed.code == 'stuck', crashed.result
    assert crashed.result['at_step'] == f'unbind:{CARD}', crashed.result
    assert DRIVER in crashed.result['text'], crashed.result
    # It was the kernel that said so, and at once: no deadline had to pass for it.
    assert 'kernel BUG at' in bench.run('dmesg').out
    assert not [event for event in crashed.events if event.get('state') == 'stalled']
    assert crashed.steps('fail') == [f'unbind:{CARD}'], crashed.steps()

    look(bench)
    nothing_is_touched(bench)
    look(bench)


def there_and_back(bench):
    """Left alone, it is a driver like any other."""
    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver(DRIVER, CARD)
    bench.expect_driver('snd_hda_intel', SOUND)


def look(bench):
    """Nobody who looks waits for the lock that is never let go."""
    listed = {card['address']: card for card in bench.batonctl('list').machine['cards']}
    assert listed[CARD]['side'] == 'none' and listed[CARD]['driver'] is None, listed[CARD]
    assert listed[OTHER]['driver'] == DRIVER, listed[OTHER]
    bench.batonctl('show', CARD)
    bench.batonctl('holders', CARD)
    for side in ('guest', 'host'):
        bench.batonctl('plan', side, CARD, status=None)
    watch = bench.start_batonctl('watch')
    bench.follow(watch).until(type='report')
    watch.signal(15)
    expect_nobody_waits(bench)


def recover(bench):
    """It is started whenever a worker gives up, and may be at it."""
    bench.run('systemctl', 'start', 'baton-settle.service', status=1)


def nothing_is_touched(bench):
    """The card, and after a crash in the kernel any other as well, stays until the restart."""
    before = bench.function(OTHER)
    recover(bench)
    assert bench.batonctl('recover', status=story.STUCK).code == 'stuck'
    for hand, address in ((bench.to_guest, CARD), (bench.to_host, CARD), (bench.to_guest, OTHER)):
        refused = hand(address, status=story.REFUSED)
        for _ in range(5):
            if 'handoff-under-way' not in refused.blockers:
                break
            recover(bench)
            refused = hand(address, status=story.REFUSED)
        assert 'journal-unfinished' in refused.blockers, refused.blockers
        assert not refused.steps(), refused.steps()
    assert bench.function(OTHER) == before
    # No more is read of it here: on Linux 6.1 driver_override is behind the same lock.
    assert bench.call('sysfs.link', path=LINK) is None
    bench.run('test', '-s', JOURNAL)


def expect_nobody_waits(bench):
    """But for who reads in the place of others, and is given up: on 6.1 the override is locked."""
    for program in ('baton-helper', 'batonctl'):
        for child in bench.call('process.waiting', program=program):
            assert 'driver_override_show' in child['stack'], child
