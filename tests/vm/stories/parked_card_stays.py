# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading a driver does not steal a card that is with the guest."""

IMAGES = ('12',)

CARD = '0000:03:00.0'


def run(bench):
    module = 'cirrus'
    bench.expect_driver('cirrus', CARD)
    bench.to_guest(CARD)
    bench.expect_guest(CARD)

    # The driver comes anew, and asks for every device that it knows.
    bench.run('modprobe', '-r', module)
    bench.at_end(bench.run, 'modprobe', module)
    bench.run('modprobe', module)
    bench.call('sysfs.write', path='/sys/bus/pci/drivers_probe', text=CARD)
    bench.expect_guest(CARD)

    # Not even while vfio-pci lets go of it for a moment.
    bench.call('sysfs.write', path='/sys/bus/pci/drivers/vfio-pci/unbind', text=CARD)
    bench.run('modprobe', '-r', module)
    bench.run('modprobe', module)
    bench.expect_driver(None, CARD)

    # From there it still comes back, and brings its driver itself.
    bench.run('modprobe', '-r', module)
    back = bench.to_host(CARD)
    assert f'load-module:{module}' in back.steps('ok'), back.steps()
    bench.expect_driver('cirrus', CARD)
    assert bench.function(CARD)['override'] is None
