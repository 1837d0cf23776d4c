# SPDX-License-Identifier: GPL-3.0-or-later
"""A foreign device in the group is named before anything is changed, and the kernel agrees."""

TOPOLOGY = 'shared-group'

CARD, SOUND, FOREIGN = '0000:02:01.0', '0000:02:01.1', '0000:02:02.0'
DEVICES = '/sys/bus/pci/devices'
DRIVERS = '/sys/bus/pci/drivers'


def write(bench, path, text):
    bench.call('sysfs.write', path=path, text=text)


def park_by_hand(bench, address):
    """What a guide tells people to do, without a look at the group."""
    driver = bench.function(address)['driver']
    write(bench, f'{DEVICES}/{address}/driver_override', 'vfio-pci')
    write(bench, f'{DRIVERS}/{driver}/unbind', address)
    write(bench, f'{DRIVERS}/vfio-pci/bind', address)


def run(bench):
    driver = bench.function(FOREIGN)['driver']
    before = bench.snapshot()
    refused = bench.to_guest(CARD, status=12)
    args = refused.blockers['foreign-in-group']['args']
    assert (args['address'], args['driver']) == (FOREIGN, driver), args
    assert refused.plan['steps'] == [], refused.plan
    bench.expect_same(before)

    # What was predicted is what the kernel says when it is done all the same.
    bench.run('modprobe', 'vfio-pci')
    for address in (CARD, SOUND):
        park_by_hand(bench, address)
    assert not bench.call('sysfs.viable', group=bench.function(CARD)['group'])
    warned = bench.batonctl('plan', 'guest', CARD)
    assert warned.findings['foreign-while-with-guest']['args']['address'] == FOREIGN

    # Nobody remembers which drivers they had, and they come back to them.
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)

    # Idle, the foreign device does no harm.
    write(bench, f'{DRIVERS}/{driver}/unbind', FOREIGN)
    bench.at_end(write, bench, f'{DRIVERS}/{driver}/bind', FOREIGN)
    done = bench.to_guest(CARD)
    assert done.findings['foreign-idle']['args']['address'] == FOREIGN
    bench.expect_guest(CARD, SOUND)
    bench.expect_driver(None, FOREIGN)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.expect_driver(None, FOREIGN)
