# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver that this kernel cannot take a card back with is refused; any other goes and returns."""

TOPOLOGY = 'crashers'
TIER = 'full'

QXL, RADEON = '0000:01:00.0', '0000:02:00.0'

# Linux 6.12 divides by nothing in radeon's modesetting here, and keeps the display's lock for ever:
# who reads the monitor's name waits in the kernel, in the place of whoever asked for it.
STUCK = ('workers:*',)
LEAVES = STUCK


def radeon_lets_go(bench):
    return bench.run('grep', '-qw', 'radeon_pci_remove', '/proc/kallsyms', status=None).status == 0


def check(bench, card, driver, refusal):
    bench.expect_driver(driver, card)
    if refusal is None:
        bench.to_guest(card)
        bench.expect_guest(card)
        bench.to_host(card)
        bench.expect_driver(driver, card)
        return
    before = bench.snapshot()
    refused = bench.to_guest(card, status=12)
    assert refused.blockers[refusal]['args']['driver'] == driver, refused.blockers
    bench.expect_same(before, allow=STUCK)
    bench.expect_driver(driver, card)


def run(bench):
    check(bench, QXL, 'qxl', 'driver-crashes')
    check(bench, RADEON, 'radeon', None if radeon_lets_go(bench) else 'driver-without-remove')
