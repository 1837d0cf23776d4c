# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed while the computer slept is seen when it wakes, and a card that was lost is named.

A clock that is set stands for the sleep: to who listens the kernel makes no difference between the
two (timerfd_resume() and timerfd_clock_was_set() in fs/timerfd.c).
"""

import json

TIER = 'full'

# Alone on its bus: a card with a second function lists a reset of the bus, which the kernel looked
# for before it had found that one, and would not list it again.
CARD = '0000:03:00.0'
RESET_METHOD = f'/sys/bus/pci/devices/{CARD}/reset_method'


def expect_methods(lines, methods):
    """Reads what the watch tells until the card has these methods of reset."""
    for line in lines:
        event = json.loads(line)
        cards = event['cards'] if event['type'] == 'machine' else []
        if methods in [card['reset_methods'] for card in cards if card['address'] == CARD]:
            return
    raise AssertionError(f'the watch ended and never told of {methods}')


def wake(bench):
    bench.run('sh', '-c', 'date --set=@$(date +%s)')


def lost(bench, lines):
    """Everybody sleeps while the card goes, and then comes again."""
    bench.run('pkill', '-STOP', '-x', 'baton-helper')
    bench.call('sysfs.write', path=f'/sys/bus/pci/devices/{CARD}/remove', text='1')
    bench.at_end(bench.call, 'sysfs.write', path='/sys/bus/pci/rescan', text='1')
    wake(bench)
    bench.run('pkill', '-CONT', '-x', 'baton-helper')
    told = next(event for event in map(json.loads, lines)
                if event['type'] == 'log' and event['level'] == 'warning')
    assert CARD in told['text'] and 'not there any more' in told['text'], told
    machine = next(event for event in map(json.loads, lines) if event['type'] == 'machine')
    assert CARD not in [card['address'] for card in machine['cards']], machine


def run(bench):
    watch = bench.start_batonctl('watch')
    lines = watch.lines(120)
    try:
        expect_methods(lines, ['bus'])
        # Of all that can be seen of a card, the kernel tells nobody when this changes.
        bench.call('sysfs.write', path=RESET_METHOD, text='\n')
        bench.at_end(bench.call, 'sysfs.write', path=RESET_METHOD, text='default')
        wake(bench)
        expect_methods(lines, [])
        lost(bench, lines)
    finally:
        watch.signal(15)
        watch.wait()
