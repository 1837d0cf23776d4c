# SPDX-License-Identifier: GPL-3.0-or-later
"""Who talks to a monitor through the card's own I2C adapter has the card, and is named."""

from bench import story

# Of QEMU's cards radeon's alone has adapters. On some boots of Linux 6.12 its display stands still
# here before it asks for any; the bench's own driver always has one.
TOPOLOGIES = ('nvidia', 'crashers')

TIER = 'full'
SPOILS = True

CARD, RADEON = '0000:01:00.0', '0000:02:00.0'


def adapters(nodes):
    return [node for node in nodes if node.startswith('/dev/i2c-')]


def run(bench):
    bench.run('modprobe', 'i2c-dev')
    if bench.topology == 'nvidia':
        bench.call('bench_card.install')
        bench.expect_driver('bench-card', CARD)
    card = CARD if bench.topology == 'nvidia' else RADEON
    bench.run('udevadm', 'settle')
    before = bench.function(card)
    shown = next(one['nodes'] for one in bench.batonctl('show', card).machine['cards']
                 if one['address'] == card)
    assert adapters(before['nodes']) == adapters(shown), (before, shown)
    if card == RADEON and bench.release != '12' and not adapters(before['nodes']):
        bench.say('radeon came up without an I2C adapter')
        return
    holder_is_named(bench, card, before)


def holder_is_named(bench, card, before):
    node = adapters(before['nodes'])[0]
    with bench.holding('fd', node) as holder:
        plan = bench.batonctl('plan', 'guest', card, status=story.REFUSED)
        named = [finding['args'] for finding in plan.findings.values()
                 if finding['args'].get('pid') == str(holder.pid)]
        assert named and node in named[0]['nodes'], (node, holder.pid, plan.findings)
        bench.to_guest(card, status=story.REFUSED)
        assert bench.function(card) == before
        assert holder.status is None
