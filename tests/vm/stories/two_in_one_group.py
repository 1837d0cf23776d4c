# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred helpers for two cards of one group: each comes back once, and the group with the last."""

from bench import contract

TIER = 'full'
TOPOLOGY = 'two-in-one-group'

FIRST = '0000:02:01.0', '0000:02:01.1'
SECOND = '0000:02:02.0', '0000:02:02.1'
HELPER = '/usr/libexec/baton-helper'


def run(bench):
    before = bench.function(FIRST[0])['group']
    assert {bench.function(address)['group'] for address in FIRST + SECOND} == {before}
    for address, driver in zip(SECOND, ('bochs-drm', 'snd_hda_intel')):
        bench.run('sh', '-c', f'echo {address} >/sys/bus/pci/drivers/{driver}/unbind')
    bench.to_guest(FIRST[0])
    bench.to_guest(SECOND[0])
    bench.expect_guest(*FIRST, *SECOND)

    digests = {card: bench.batonctl('plan', 'host', card).plan['digest']
               for card in (FIRST[0], SECOND[0])}
    asked = [bench.spawn(HELPER, 'hand', 'host', card, '--expect', digests[card])
             for _ in range(50 if bench.full else 5) for card in (FIRST[0], SECOND[0])]
    returned = []
    for process in asked:
        reader = contract.Reader()
        for line in process.lines(300):
            reader.take(line)
        result = reader.finish()
        assert result['code'] in ('returned', 'busy', 'plan-changed', 'nothing-to-do',
                                  *(('worker-not-started',) if bench.full else ())), result
        if result['code'] == 'returned':
            returned.append(process.argv[3])
    # One at a time, and each of them at most once: whoever came too late was told so.
    assert returned and len(set(returned)) == len(returned), returned
    for card in {FIRST[0], SECOND[0]} - set(returned):
        bench.expect_driver('vfio-pci', card)
        bench.to_host(card)
    bench.expect_driver('bochs-drm', FIRST[0], SECOND[0])
    bench.expect_driver('snd_hda_intel', FIRST[1], SECOND[1])
    bench.run('test', '!', '-e', f'/dev/vfio/{before}')
