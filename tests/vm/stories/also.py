# SPDX-License-Identifier: GPL-3.0-or-later
"""A USB controller and a disk that the card's owner names go to the guest with the card, and come back with it."""

import time

from bench import fault, story

TOPOLOGY = 'along'
# It has a machine for itself, which a quick run would start for this alone.
TIER = 'full'

CARD, SOUND, USB, DRIVE = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0', '0000:03:00.0'
PROFILE = '/etc/baton.conf'
ALLOWED = (*story.HANDOFF_LEAVES, 'files:/run/baton*', 'units:baton-settle.service')

KEYBOARD = 'QEMU QEMU USB Keyboard'
DISK = '/dev/nvme0n1'
# The other keyboard's port; the words are those of Linux drivers/input/serio/serio.c.
PORT = '/sys/bus/serio/devices/serio0/drvctl'


def identity(bench):
    read = bench.run('sh', '-c', 'cd "$1" && cat vendor device subsystem_vendor subsystem_device', 'sh',
                     f'/sys/bus/pci/devices/{USB}')
    return ':'.join(word.removeprefix('0x') for word in read.out.split())


def profile(bench, value):
    return bench.file(PROFILE, f'[{CARD}]\nalso={value}\n')


def has_keyboard(bench):
    return KEYBOARD in bench.run('cat', '/proc/bus/input/devices').out


def has_disk(bench):
    return bench.run('test', '-b', DISK, status=None).status == 0


def wait_for_devices(bench):
    """What hangs at them comes some time after their driver has them."""
    deadline = time.monotonic() + 60
    while not has_keyboard(bench) or not has_disk(bench):
        assert time.monotonic() < deadline, 'the keyboard or the disk did not come back'
        bench.run('udevadm', 'settle')
        time.sleep(0.5)
    bench.run('udevadm', 'settle')


def expect_here(bench, before):
    bench.expect_driver('xhci_hcd', USB)
    bench.expect_driver('nvme', DRIVE)
    wait_for_devices(bench)
    bench.expect_same(before, allow=ALLOWED)


def refused(bench, before, named):
    """Before anything has changed, whatever this computer would lose by it."""
    other = named[:-1] + ('0' if named[-1] != '0' else '1')
    with profile(bench, f'{USB}={other}'):
        said = bench.to_guest(CARD, status=story.REFUSED)
    assert said.blockers['other-device-at-address']['args']['found'] == named, said.blockers
    with profile(bench, '0000:07:00.0'):
        said = bench.to_guest(CARD, status=story.REFUSED)
    assert set(said.blockers) == {'also-missing'}, said.blockers
    with profile(bench, '0000:00:03.0'):
        said = bench.to_guest(CARD, status=story.REFUSED)
    assert set(said.blockers) == {'also-fixed'}, said.blockers

    with profile(bench, f'{USB}={named};{DRIVE}'):
        bench.run('mount', '-o', 'ro,noload', DISK, '/mnt')
        try:
            said = bench.to_guest(CARD, status=story.REFUSED)
        finally:
            bench.run('umount', '/mnt')
        assert said.blockers['also-disk-mounted']['args']['place'] == '/mnt', said.blockers

        bench.run('sh', '-c', f'echo -n none > {PORT}')
        try:
            said = bench.to_guest(CARD, status=story.REFUSED)
        finally:
            bench.run('sh', '-c', f'echo -n rescan > {PORT}')
        assert said.blockers['also-only-keyboard']['args']['keyboard'] == KEYBOARD, said.blockers
    expect_here(bench, before)


def disk_of_the_system(bench, named):
    """What the computer runs from is on a port of no USB controller, and is found all the same."""
    root = bench.run('sh', '-c', 'basename "$(readlink -f /sys/class/block/vda/device/..)"').out.strip()
    with profile(bench, f'{USB}={named};{root}'):
        said = bench.to_guest(CARD, status=story.REFUSED)
    assert said.blockers['also-disk-mounted']['args']['place'] == '/', said.blockers


def there_and_back(bench, before, named):
    """The settings may be others, or gone, when it comes back."""
    with profile(bench, f'{USB}={named};{DRIVE}'):
        handed = bench.to_guest(CARD)
    assert {'also-travels', 'also-takes-along'} <= set(handed.findings), handed.findings
    assert handed.findings['also-unidentified']['args']['address'] == DRIVE, handed.findings
    bench.expect_guest(CARD, SOUND, USB, DRIVE)
    assert not has_keyboard(bench) and not has_disk(bench)
    shown = bench.batonctl('list', user='u').machine
    functions = next(card['functions'] for card in shown['cards'] if card['address'] == CARD)
    assert [function['travels'] for function in functions if function['address'] == USB] == [True], functions
    if bench.full:
        with bench.guest(CARD, SOUND, USB, DRIVE):
            said = bench.to_host(CARD, status=story.REFUSED)
        assert 'guest-has-card' in said.blockers, said.blockers

    # Who asks without rights is shown what is done.
    digest = bench.batonctl('plan', 'host', CARD, user='u').plan['digest']
    back = bench.to_host(CARD)
    assert digest == back.plan['digest'], (digest, back.plan)
    ids = back.steps('ok')
    assert ids.index(f'bind:{CARD}') < ids.index(f'bind:{USB}'), ids
    expect_here(bench, before)


def bind_fails(bench, before, named):
    """Of the card and of what travels along; either way all is put back."""
    with profile(bench, f'{USB}={named}'), fault.failing(bench, '/sys/bus/pci/drivers/vfio-pci/bind') as trace:
        failed = bench.to_guest(CARD, status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert f'unbind:{USB}' in failed.steps('undone'), failed.steps()
    expect_here(bench, before)


def it_fails_on_the_way_back(bench, before, named):
    """The card is here then, and stays."""
    with profile(bench, f'{USB}={named}'):
        bench.to_guest(CARD)
    with fault.failing(bench, '/sys/bus/pci/drivers/xhci_hcd/bind') as trace:
        back = bench.to_host(CARD, status=story.DEGRADED)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert USB in back.result['text'], back.result
    bench.expect_driver('bochs-drm', CARD)
    bench.run('sh', '-c', f'echo {USB} > /sys/bus/pci/drivers_probe')
    bench.run('rm', '-rf', '/run/baton/cards')
    expect_here(bench, before)


def worker_killed(bench, before, named):
    """Recovery puts it back, wherever the worker was."""
    kills = 0
    with profile(bench, f'{USB}={named}'):
        while True:
            with fault.killed(bench, fault.JOURNAL, 2 + kills * (2 if bench.full else 9)) as trace:
                ended = bench.to_guest(CARD, status=None)
                trace.drain()
            if ended.result['exit'] == story.DONE:
                break
            assert ended.result['exit'] == story.ROLLED_BACK, ended.result
            assert trace.injected(), trace.seen[-20:]
            bench.expect_driver('xhci_hcd', USB)
            wait_for_devices(bench)
            bench.expect_same(before, allow=(*ALLOWED, f'files:{PROFILE}'))
            kills += 1
    assert kills > 1, kills
    bench.to_host(CARD)
    expect_here(bench, before)


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    wait_for_devices(bench)
    named = identity(bench)
    before = bench.snapshot()

    there_and_back(bench, before, named)
    refused(bench, before, named)
    disk_of_the_system(bench, named)
    bind_fails(bench, before, named)
    if bench.full:
        it_fails_on_the_way_back(bench, before, named)
        worker_killed(bench, before, named)
