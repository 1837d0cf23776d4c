# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer is switched off while guests have cards: nothing is handed over, and nobody is kept waiting."""

import json
import time

from bench import domain

TIER = 'full'
IMAGES = ('12',)
SPOILS = True

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'
REPORT = '/var/lib/baton/report.json'
DAEMON = 'libvirtd.service'
# What a shutdown may take longer than another one on an emulated processor that others use as well.
SLACK_S = 10

QEMU = ('qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-m', '128', '-display', 'none', '-vga', 'none',
        '-nodefaults')


def run(bench):
    # What was said while it was switched off is read after the next start.
    bench.run('mkdir', '-p', '/var/log/journal')
    bench.run('journalctl', '--flush')
    patience_of_libvirt(bench)

    guest_of_libvirt(bench)
    without, _ = switched_off(bench)
    guest_of_libvirt(bench, with_hook=True)
    waiting_worker(bench)
    report = bench.run('cat', REPORT).out
    with_baton, began = switched_off(bench)

    bench.say(f'switched off with a guest that has the card: {without:.1f} s without Baton, {with_baton:.1f} s with '
              f'its hook and a worker that waits for another guest')
    expect_nothing_begun(bench, began)
    assert bench.run('cat', REPORT).out == report, bench.run('cat', REPORT).out
    expect_host(bench)
    assert min(without, with_baton) > 1, 'nobody shuts a computer down as fast'
    assert with_baton < without + SLACK_S, (with_baton, without)


def patience_of_libvirt(bench):
    """It asks each guest to end by itself, and gives it five minutes; this one has no system to hear that."""
    bench.run('sh', '-c', 'printf "ON_SHUTDOWN=shutdown\\nSHUTDOWN_TIMEOUT=3\\n" > /etc/default/libvirt-guests')


def guest_of_libvirt(bench, with_hook=False):
    if with_hook:
        bench.batonctl('install-hook')
    bench.run('systemctl', 'start', DAEMON)
    devices = domain.hostdev(CARD, 'yes') + domain.hostdev(SOUND, 'yes')
    with bench.file('/tmp/bench.xml', domain.DOMAIN.format(name='bench', devices=devices)):
        bench.run('virsh', 'create', '/tmp/bench.xml', timeout=300)
    bench.expect_driver('vfio-pci', CARD, SOUND)
    noted = bench.run('test', '-e', f'/run/baton/cards/{CARD}.json', status=None).status == 0
    assert noted == with_hook, 'Baton has handed it over, or has not'


def waiting_worker(bench):
    """A guest that somebody has started by himself, whose end brings the other card back."""
    waiting = bench.follow(bench.start_batonctl('guest', OTHER, '--until-free', '--yes'))
    waiting.until(type='step', id=f'wait-guest:{OTHER}', state='start')
    bench.run('systemd-run', '--quiet', '--unit=bench-guest', *QEMU, '-device', f'vfio-pci,host={OTHER}')
    waiting.until(type='log', text='A virtual machine has the card open; it comes back when that has stopped.')


def switched_off(bench):
    """Seconds from the wish to the end, and when it was wished by the machine's own clock."""
    began = float(bench.run('date', '+%s.%N').out)
    # What QEMU has told before is read with the answer: it tells of a reset more than once.
    bench.machine.monitor.command('query-status')
    start = time.monotonic()
    bench.spawn('systemctl', 'reboot')
    bench.machine.monitor.wait_event('RESET', 240)
    took = time.monotonic() - start
    bench.machine.wait_boot()
    return took, began


def expect_nothing_begun(bench, began):
    """Neither a handoff nor a recovery was begun, and nobody was waited for in vain."""
    lines = bench.run('journalctl', '--boot=-1', '--output=json', '--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT',
                      f'--since=@{began:.6f}').out.splitlines()
    messages = [json.loads(line) for line in lines]
    of_baton = [message['MESSAGE'] for message in messages
                if 'baton' in f"{message.get('UNIT')} {message.get('_SYSTEMD_UNIT')}"]
    assert messages, 'the journal of the time before is gone'
    assert any('Stopped' in line or 'Deactivated' in line for line in of_baton), of_baton
    bad = [line for line in of_baton
           if line.startswith(('Started', 'Starting')) or 'timed out' in line or 'Failed' in line or 'SIGKILL' in line]
    assert not bad, of_baton
    hook = [message['MESSAGE'] for message in messages if 'The card' in str(message['MESSAGE'])]
    assert not hook, hook


def expect_host(bench):
    """The next start has them where they belong, and nothing was left to be settled."""
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert bench.function(OTHER)['driver'] != 'vfio-pci', bench.function(OTHER)
    bench.run('test', '!', '-e', '/var/lib/baton/journal')
