# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that is pulled out at any step, either way, ends in a report that says so.

Each record of the journal is a moment; at each of them another card goes, and
its port with it, as an external case does.
"""

import re

from bench import fault, story

TOPOLOGY = 'many'
TIER = 'full'
SPOILS = True

DRIVER = 'bochs-drm'
CARDS = [f'0000:{bus:02x}:00.0' for bus in range(1, 14)]
ENDS = (story.ROLLED_BACK, story.DEGRADED)


def moments(bench, hand, card):
    """Which writes to the journal are records of a step, with what they say of it."""
    with fault.traced(bench, '-e', f'trace={fault.WRITES}', '-P', fault.JOURNAL) as trace:
        hand(card)
        trace.drain()
    found = [(number, re.search(r'"n\\":(\d+),.*"(intent|done)\\"', record))
             for number, (_, record) in enumerate(trace.writes(fault.JOURNAL), 1)]
    return [(number, says.group(2)) for number, says in found if says]


def pull(bench, card):
    port = bench.run('sh', '-c', f'basename $(dirname $(readlink /sys/bus/pci/devices/{card}))')
    bench.call('sysfs.write', path=f'/sys/bus/pci/devices/{port.out.strip()}/remove', text='1')
    assert bench.function(card) is None


def pulled(bench, side, card, when):
    """Hands @card over and pulls it out at the @when-th write to the journal."""
    with fault.stopped(bench, fault.JOURNAL, when=when, aside=True) as worker:
        handoff = bench.follow(bench.start_batonctl(side, card, '--yes'))
        worker.wait_stopped()
        pull(bench, card)
        worker.go_on()
        return handoff.end()


def check(bench, card, result, last):
    """Nothing is claimed of the card, and nothing is left to be done for it."""
    troubles = {trouble['code'] for trouble in result['troubles']}
    if result['exit'] == story.DONE:
        assert last, result
    else:
        assert result['exit'] in ENDS and troubles & {'device-gone', 'not-found-again'}, result
        text = ' '.join(trouble['text'] for trouble in result['troubles'])
        assert card in text, result
    bench.run('test', '!', '-e', fault.JOURNAL)
    listed = bench.batonctl('list').machine['cards']
    assert card not in [one['address'] for one in listed], listed
    assert bench.batonctl('recover', status=None).code == 'nothing-to-recover'


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    left = list(CARDS)
    whole = left.pop()
    bench.expect_driver(DRIVER, *CARDS)
    to_guest = moments(bench, bench.to_guest, whole)
    to_host = moments(bench, bench.to_host, whole)
    # Before each effect and after it; on the way back before each one.
    back = [moment for moment in to_host if moment[1] == 'intent']
    assert len(to_guest) >= 6 and len(back) >= 3, (to_guest, to_host)

    for when, _ in to_guest[:len(left) - len(back)]:
        card = left.pop(0)
        result = pulled(bench, 'guest', card, when)
        check(bench, card, result, when == to_guest[-1][0])
    for when, _ in back:
        card = left.pop(0)
        bench.to_guest(card)
        result = pulled(bench, 'host', card, when)
        check(bench, card, result, False)

    # What happened to them is nothing to the one that stayed.
    bench.to_guest(whole)
    bench.expect_guest(whole)
    bench.to_host(whole)
    bench.expect_driver(DRIVER, whole)
