# SPDX-License-Identifier: GPL-3.0-or-later
"""What Baton refuses to do with qxl on this kernel does crash it when it is done by hand."""

TOPOLOGY = 'crashers'
IMAGES = ('13',)
TIER = 'full'
SPOILS = True

CARD = '0000:01:00.0'
DRIVER = '/sys/bus/pci/drivers/qxl'


def run(bench):
    assert bench.to_guest(CARD, status=12).blockers.keys() >= {'driver-crashes'}
    bench.expect_driver('qxl', CARD)
    # Without panic_on_oops the kernel says what happened before it goes on limping.
    bench.run('sysctl', '-w', 'kernel.panic_on_oops=0')
    bench.run('sh', '-c', f'echo {CARD} > {DRIVER}/unbind; echo {CARD} > {DRIVER}/bind',
              status=None)
    log = bench.run('dmesg').out
    assert any(word in log for word in ('BUG:', 'Oops:', 'general protection fault')), log[-2000:]
