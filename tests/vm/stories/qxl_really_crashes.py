# SPDX-License-Identifier: GPL-3.0-or-later
"""What Baton refuses to do with qxl does bring the kernel down when it is done by hand."""

from bench import channel

TOPOLOGY = 'crashers'
TIER = 'full'
SPOILS = True

CARD = '0000:01:00.0'
DRIVER = '/sys/bus/pci/drivers/qxl'


def run(bench):
    assert 'driver-crashes' in bench.to_guest(CARD, status=12).blockers
    bench.expect_driver('qxl', CARD)
    try:
        # Linux 6.12 falls at the first time, in the interrupt or over what the unbind left behind
        # in its memory; 6.1 when an interrupt comes at the wrong moment.
        bench.run('sh', '-c', 'for i in $(seq 50); do '
                  f'echo {CARD} > {DRIVER}/unbind; echo {CARD} > {DRIVER}/bind; done', status=None)
    except channel.Lost:
        pass  # as the console will say
    console = bench.machine.console.read_text(errors='replace')
    assert 'qxl_irq_handler' in console or 'qxl_pci_probe' in console, console[-3000:]
