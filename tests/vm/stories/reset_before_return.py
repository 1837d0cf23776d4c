# SPDX-License-Identifier: GPL-3.0-or-later
"""A card is reset before it comes back, by a way that works, and never under a guest.

That it is in the kernel's list of methods is no proof: of a card with a sound
function the kernel lists a reset of the bus, and refuses it.
"""

import contextlib

from bench import fault, story

TIER = 'full'
IMAGES = ('12',)

# Its own reset (flr), one of its bus, and one whose bus it shares with its sound.
GPU, ALONE, CARD = '0000:02:00.0', '0000:03:00.0', '0000:01:00.0'
SOUND = '0000:01:00.1'
# What was found anew is in a group of another number, and whom logind lets open a node depends on
# whose session was in front when it was made.
LEAVES = (f'functions:{CARD}', f'functions:{SOUND}', f'functions:{GPU}', 'dev:/dev/dri/card*')

WANTED = '[{}]\nreset-before-return=true\n'

TRACING = '/sys/kernel/tracing'
# The methods themselves (drivers/pci/pci.c, pci_reset_fn_methods), and the reset of a whole bus.
PROBES = ('r:baton/flr pcie_reset_flr result=$retval:s32',
          'r:baton/bus pci_reset_bus_function result=$retval:s32')


class Resets:
    """What the kernel was made to reset by Baton, and what came of it.

    Of a device that it finds anew the kernel asks each method whether it could, and that looks the
    same.
    """

    def __init__(self, bench):
        self._bench = bench

    def take(self):
        lines = self._bench.run('cat', f'{TRACING}/trace').out.splitlines()
        self._bench.run('sh', '-c', f': > {TRACING}/trace')
        return [(line.split(': ')[1], int(line.rsplit('result=')[1])) for line in lines
                if line.lstrip().startswith('baton-helper-')]


@contextlib.contextmanager
def watched(bench):
    """The kernel tells of every reset while this lasts."""
    write = ['sh', '-c', 'printf "%s\\n" "$2" >> "$1"', 'sh']
    for probe in PROBES:
        bench.run(*write, f'{TRACING}/kprobe_events', probe)
    bench.run(*write, f'{TRACING}/events/baton/enable', '1')
    bench.run('sh', '-c', f': > {TRACING}/trace')
    try:
        yield Resets(bench)
    finally:
        bench.run(*write, f'{TRACING}/events/baton/enable', '0')
        bench.run('sh', '-c', f': > {TRACING}/kprobe_events; : > {TRACING}/trace')


def back(bench, card, driver):
    """There and back, with the settings as they were."""
    before = bench.function(card)
    bench.to_guest(card)
    bench.expect_guest(card)
    returned = bench.to_host(card)
    bench.expect_driver(driver, card)
    after = bench.function(card)
    for setting in ('reset_method', 'power_control', 'override'):
        assert after[setting] == before[setting], (setting, before, after)
    return returned


def run(bench):
    gpu = bench.function(GPU)['driver']
    alone = bench.function(ALONE)['driver']
    assert 'flr' in bench.function(GPU)['reset_method'], bench.function(GPU)
    with watched(bench) as resets:
        # Nobody asks for it and nobody needs it.
        assert f'reset:{GPU}' in back(bench, GPU, gpu).steps('skip')
        assert resets.take() == []

        for card, driver, how in ((GPU, gpu, 'flr'), (ALONE, alone, 'bus')):
            with bench.file('/etc/baton.conf', WANTED.format(card)):
                for _ in range(5 if bench.full else 1):
                    assert f'reset:{card}' in back(bench, card, driver).steps('ok')
                    assert resets.take() == [(how, 0)]

        listed_only(bench, resets)
        never_under_a_guest(bench, resets)
        failed(bench, resets, gpu)


def listed_only(bench, resets):
    """The kernel's list is not believed: the whole bus is reset, or the card found anew."""
    assert 'bus' in bench.function(CARD)['reset_method'], bench.function(CARD)
    port = bench.run('sh', '-c', f'basename $(dirname $(readlink /sys/bus/pci/devices/{CARD}))').out
    has_file = bench.run('test', '-e', f'/sys/bus/pci/devices/{port.strip()}/reset_subordinate',
                         status=None).status == 0
    with bench.file('/etc/baton.conf', WANTED.format(CARD)):
        returned = back(bench, CARD, 'bochs-drm')
    bench.expect_driver('snd_hda_intel', SOUND)
    # ENOTTY: its sound is on the bus as well. What is found anew is only asked after that.
    assert resets.take()[:1] == [('bus', -25)]
    if has_file:
        assert f'reset:{CARD}' in returned.steps('ok'), returned.steps()
    else:
        assert f'reset:{CARD}' in returned.steps('fail'), returned.steps()
        assert f'rescan-bus:{CARD[:7]}' in returned.steps('ok'), returned.steps()


def never_under_a_guest(bench, resets):
    with bench.file('/etc/baton.conf', WANTED.format(GPU)):
        bench.to_guest(GPU)
        with bench.guest(GPU) as guest:
            bench.to_host(GPU, status=story.REFUSED)
            assert guest.status is None
            assert resets.take() == []
        bench.to_host(GPU)
        assert resets.take() == [('flr', 0)]


def failed(bench, resets, gpu):
    """A reset that fails, and a driver that does not take the card before it is reset."""
    device = bench.run('realpath', f'/sys/bus/pci/devices/{GPU}').out.strip()
    with bench.file('/etc/baton.conf', WANTED.format(GPU) + 'return-method=bind\n'):
        bench.to_guest(GPU)
        with fault.failing(bench, f'{device}/reset') as trace:
            refused = bench.to_host(GPU, status=story.ROLLED_BACK)
            trace.drain()
        assert trace.injected() and refused.result['at_step'] == f'reset:{GPU}', refused.result
        bench.expect_guest(GPU)
        assert resets.take() == []
        bench.to_host(GPU)
        resets.take()

    bench.to_guest(GPU)
    with fault.failing(bench, f'/sys/bus/pci/drivers/{gpu}/bind') as trace:
        returned = bench.to_host(GPU)
        trace.drain()
    assert trace.injected() and f'reset:{GPU}' in returned.steps('ok'), returned.steps()
    assert resets.take()[:1] == [('flr', 0)]
    bench.expect_driver(gpu, GPU)
