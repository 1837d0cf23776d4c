# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever keeps the card, by whatever way, is found and named before anything moves."""

from bench import story

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def refused_for(bench, holder, address=CARD, side='guest'):
    """The plan is refused, and a blocker names this holder."""
    result = bench.batonctl('plan', side, address, status=story.REFUSED)
    named = [finding['args'] for finding in result.blockers.values()
             if finding['args'].get('pid') == str(holder.pid)]
    assert named, (holder.pid, result.blockers)
    return named[0]


def run(bench):
    card = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    sound = bench.call('sysfs.node_of', address=SOUND, kind='snd/control')
    before = bench.function(CARD)
    for how, path in (('fd', card), ('map', card), ('elsewhere', card), ('fd', sound)):
        with bench.holding(how, path) as holder:
            named = refused_for(bench, holder)
            if how != 'elsewhere':
                assert path in named['nodes'], named
            # Without consent nothing is closed and nothing moves.
            bench.to_guest(CARD, status=story.REFUSED)
            assert bench.function(CARD) == before
            assert holder.status is None

    bench.to_guest(CARD)
    group = bench.function(CARD)['group']
    node = f'/dev/vfio/{group}'
    for how, *rest in (('vfio-group',), ('vfio-device', CARD)):
        with bench.holding(how, node, *rest) as holder:
            refused_for(bench, holder, side='host')
            bench.to_host(CARD, status=story.REFUSED)
            bench.expect_driver('vfio-pci', CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
