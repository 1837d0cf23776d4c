# SPDX-License-Identifier: GPL-3.0-or-later
"""Who talks to a monitor through the card's own I2C adapter has the card, and is named."""

from bench import story

TOPOLOGY = 'crashers'

TIER = 'full'

RADEON = '0000:02:00.0'


def run(bench):
    bench.run('modprobe', 'i2c-dev')
    bench.at_end(bench.run, 'modprobe', '-r', 'i2c-dev')
    bench.run('udevadm', 'settle')
    before = bench.function(RADEON)
    nodes = [node for node in before['nodes'] if node.startswith('/dev/i2c-')]
    cards = {card['address']: card for card in bench.batonctl('show', RADEON).machine['cards']}
    shown = cards[RADEON]['nodes']
    assert nodes == [node for node in shown if node.startswith('/dev/i2c-')], (nodes, shown)
    # Of the bench's cards radeon's alone has adapters: bochs, cirrus, virtio-gpu and qxl have none;
    # and on Linux 6.12 radeon's display stands still here before it asks for any.
    if not nodes:
        assert bench.release != '12', before
        return
    node = nodes[0]
    with bench.holding('fd', node) as holder:
        plan = bench.batonctl('plan', 'guest', RADEON, status=story.REFUSED)
        named = [finding['args'] for finding in plan.findings.values()
                 if finding['args'].get('pid') == str(holder.pid)]
        assert named and node in named[0]['nodes'], (node, holder.pid, plan.findings)
        bench.to_guest(RADEON, status=story.REFUSED)
        assert bench.function(RADEON) == before
        assert holder.status is None
