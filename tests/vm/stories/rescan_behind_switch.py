# SPDX-License-Identifier: GPL-3.0-or-later
"""A card behind a switch comes back over the bus, time after time.

Because its owner wants it, and because its driver does not take it: its
functions are removed and found again with their memory where it was, and the
ports above them stay.
"""

from bench import fault

TOPOLOGY = 'switch'
# As every-step-fails, which alone has this machine as well.
TIER = 'full'

CARD, SOUND = '0000:03:00.0', '0000:03:00.1'
PORTS = ('0000:00:03.0', '0000:01:00.0', '0000:02:00.0', '0000:02:01.0')
RESCAN = f'[{CARD}]\nreturn-method=rescan\n'


def resources(bench, *addresses):
    return [bench.run('cat', f'/sys/bus/pci/devices/{address}/resource').out
            for address in addresses]


def devices(bench, *addresses):
    """What tells a device from another one at its address: sysfs numbers each directory anew."""
    return [bench.run('stat', '--dereference', '--format=%i', f'/sys/bus/pci/devices/{address}').out
            for address in addresses]


def check(bench, back, memory, ports, old):
    assert f'rescan-bus:{CARD[:7]}' in back.steps('ok'), back.steps()
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    assert bench.call('sysfs.node_of', address=SOUND, kind='snd/control')
    for address in (CARD, SOUND):
        assert bench.function(address)['override'] is None, address
    assert resources(bench, CARD, SOUND) == memory
    assert devices(bench, *PORTS) == ports
    assert all(a != b for a, b in zip(devices(bench, CARD, SOUND), old)), old


def run(bench):
    memory = resources(bench, CARD, SOUND)
    ports = devices(bench, *PORTS)
    settings = [(f['power_control'], f['reset_method'])
                for f in map(bench.function, (CARD, SOUND))]

    with bench.file('/etc/baton.conf', RESCAN):
        for _ in range(5 if bench.full else 1):
            old = devices(bench, CARD, SOUND)
            bench.to_guest(CARD)
            bench.expect_guest(CARD, SOUND)
            assert devices(bench, CARD, SOUND) == old
            check(bench, bench.to_host(CARD), memory, ports, old)
            now = [(f['power_control'], f['reset_method'])
                   for f in map(bench.function, (CARD, SOUND))]
            assert now == settings, (now, settings)

    # Left alone where its driver takes it, and found anew where it does not.
    bench.to_guest(CARD)
    old = devices(bench, CARD, SOUND)
    back = bench.to_host(CARD)
    assert f'rescan-bus:{CARD[:7]}' in back.steps('skip'), back.steps()
    assert devices(bench, CARD, SOUND) == old

    for driver in ('bochs-drm', 'snd_hda_intel') if bench.full else ('bochs-drm',):
        bench.to_guest(CARD)
        with fault.failing(bench, f'/sys/bus/pci/drivers/{driver}/bind') as trace:
            back = bench.to_host(CARD)
            trace.drain()
        assert trace.injected(), trace.seen[-20:]
        check(bench, back, memory, ports, old)
        old = devices(bench, CARD, SOUND)
