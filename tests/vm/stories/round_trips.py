# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty round trips of a card with its sound, and five of each other driver."""

TIER = 'full'

CARDS = (
    (50, ('0000:01:00.0', 'bochs-drm'), ('0000:01:00.1', 'snd_hda_intel')),
    (5, ('0000:02:00.0', 'virtio-pci')),
    (5, ('0000:03:00.0', 'cirrus')),
)

# The report and the directories of the handoffs say what was done.
ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*')


def run(bench):
    for times, *functions in CARDS:
        addresses = [address for address, _ in functions]
        before = bench.snapshot()
        as_it_was = [lasting(bench, address) for address in addresses]
        for _ in range(times):
            bench.to_guest(addresses[0])
            bench.expect_guest(*addresses)
            bench.to_host(addresses[0])
            for address, driver in functions:
                bench.expect_driver(driver, address)
            assert [lasting(bench, address) for address in addresses] == as_it_was
        # What one trip left behind would lie here fifty times.
        bench.expect_same(before, allow=ALLOWED)


def lasting(bench, address):
    """All that sysfs says of a function but the numbers of its nodes, which drivers count up."""
    return {**bench.function(address), 'nodes': None}
