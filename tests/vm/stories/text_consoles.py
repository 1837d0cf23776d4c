# SPDX-License-Identifier: GPL-3.0-or-later
"""The text consoles are shown on whichever card is there, and are back with the boot display."""

from bench import fault, story

TOPOLOGIES = 'named', 'boot-display-late'
# stand-in tells what most computers meet.
TIER = 'full'
SPOILS = True

BOOT, OTHER, SOUND = '0000:00:02.0', '0000:01:00.0', '0000:01:00.1'
STEP = f'show-consoles:{OTHER}'

# What a display server does to a console, and what a person then reads there.
USE = '''
import fcntl
KDSETMODE, KD_GRAPHICS, KD_TEXT, VT_ACTIVATE, VT_WAITACTIVE = 0x4B3A, 1, 0, 0x5606, 0x5607
with open('/dev/tty9', 'rb+', buffering=0) as console:
    for request, value in ((VT_ACTIVATE, 9), (VT_WAITACTIVE, 9), (KDSETMODE, KD_GRAPHICS), (KDSETMODE, KD_TEXT)):
        fcntl.ioctl(console, request, value)
    console.write(b'still here')
    fcntl.ioctl(console, VT_ACTIVATE, 1)
'''


def run(bench):
    bench.run('systemctl', 'stop', 'lightdm.service')
    expect_shown(bench, BOOT)
    for _round in range(2 if bench.full else 1):
        asked = bench.to_guest(BOOT)
        assert 'console-moves' in asked.findings and 'console-goes' not in asked.findings, asked.findings
        steps = asked.steps('ok')
        assert steps.index(STEP) < steps.index(f'unbind:{BOOT}'), steps
        expect_shown(bench, OTHER)
        bench.to_host(BOOT)
        expect_shown(bench, BOOT)
    put_back(bench)
    if bench.topology == 'named':
        dark(bench)
    else:
        stuck(bench)


def framebuffer(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='fb')


def use(bench):
    bench.run('python3', '-c', USE)
    assert 'Oops' not in bench.run('dmesg').out


def expect_shown(bench, address):
    assert bench.call('sysfs.console_framebuffer') == framebuffer(bench, address)
    use(bench)


def put_back(bench):
    """The handoff fails when the consoles have moved."""
    with fault.failing(bench, f'/sys/bus/pci/devices/{BOOT}/driver/unbind') as trace:
        failed = bench.to_guest(BOOT, status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert STEP in failed.steps('undone'), failed.steps()
    expect_shown(bench, BOOT)


def dark(bench):
    """With no other card they are nowhere, and come back."""
    bench.to_guest(OTHER)
    asked = bench.batonctl('plan', 'guest', BOOT, status=None)
    assert 'console-goes' in asked.findings, asked.findings
    assert not any(step['kind'] == 'show-consoles' for step in asked.plan['steps']), asked.plan
    bench.to_host(OTHER)
    expect_shown(bench, BOOT)


def stuck(bench):
    """Where the kernel has nothing to fall back to it would crash, and the card stays."""
    bench.to_guest(OTHER)
    asked = bench.to_guest(BOOT, '--until-free', status=story.REFUSED)
    assert 'consoles-stuck' in asked.blockers, asked.blockers
    expect_shown(bench, BOOT)
    bench.to_host(OTHER)
    expect_shown(bench, BOOT)
