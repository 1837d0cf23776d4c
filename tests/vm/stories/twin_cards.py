# SPDX-License-Identifier: GPL-3.0-or-later
"""Of two cards with equal ids only the one that was named moves."""

TOPOLOGY = 'twins'

CARDS = (('0000:01:00.0', '0000:01:00.1'), ('0000:02:00.0', '0000:02:00.1'))


def check(bench, parked, host):
    bench.expect_guest(*parked)
    bench.expect_driver('bochs-drm', host[0])
    bench.expect_driver('snd_hda_intel', host[1])
    for address in host:
        assert bench.function(address)['override'] is None, address


def run(bench):
    identities = {tuple(bench.function(card)[key] for key in ('vendor_id', 'device_id'))
                  for card, _ in CARDS}
    assert len(identities) == 1, identities

    for parked, host in (CARDS, CARDS[::-1]):
        bench.to_guest(parked[0])
        check(bench, parked, host)

        # The twin is handed over and taken back beside it.
        bench.to_guest(host[0])
        bench.expect_guest(*parked, *host)
        bench.to_host(host[0])
        check(bench, parked, host)

        bench.to_host(parked[0])
        bench.expect_driver('bochs-drm', parked[0], host[0])
        bench.expect_driver('snd_hda_intel', parked[1], host[1])

    # vfio-pci learned no id: it would take the next card of this kind by itself.
    for card, _ in CARDS:
        bench.call('sysfs.write', path='/sys/bus/pci/drivers_probe', text=card)
    bench.expect_driver('bochs-drm', CARDS[0][0], CARDS[1][0])
