# SPDX-License-Identifier: GPL-3.0-or-later
"""Xorg reads one file while the host has the card and another while a guest has it, whatever comes between."""

import json
import re

from bench import fault, story

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
OWN = '0000:00:02.0'
DRIVER = 'virtio-pci'
DIRECTORY = '/etc/X11/xorg.conf.d'
XORG_OF_BENCH = f'{DIRECTORY}/10-bench.conf'
LOG = '/var/log/Xorg.0.log'
STATE = f'/var/lib/baton/xorg/{CARD}.json'
OVERRIDE = f'/sys/bus/pci/devices/{CARD}/driver_override'
STOP, START = 'stop-unit:display-manager.service', 'start-unit:display-manager.service'
PLACE = f'place-file:{CARD}'

# As in the guide: the host's is a link from where it is kept, and there while it has both cards.
KEPT = '/etc/X11/xorg.conf.avail/20-both.conf'
HOST = f'{DIRECTORY}/20-both.conf'
ASIDE = f'{HOST}.baton-aside'
WEAK = '/etc/X11/xorg.conf.avail/20-weak.conf'
GUEST = f'{DIRECTORY}/90-baton-{CARD}.conf'
# What Xorg's log names, and nobody sees: minutes until the screen goes dark.
MINUTES_HOST, MINUTES_GUEST = 41, 23
ROUNDS = 5
PROFILE = f'[{CARD}]\nxorg-host={HOST}\nxorg-guest={WEAK}\n'


def flags(minutes):
    return f'# for {minutes}\nSection "ServerFlags"\n\tOption "BlankTime" "{minutes}"\nEndSection\n'


def run(bench):
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    bench.run('rm', XORG_OF_BENCH)
    bench.run('mkdir', '-p', '/etc/X11/xorg.conf.avail')
    write(bench, KEPT, flags(MINUTES_HOST))
    write(bench, WEAK, flags(MINUTES_GUEST))
    bench.run('ln', '-s', KEPT, HOST)
    write(bench, '/etc/baton.conf', PROFILE)
    restart(bench)

    refused(bench)
    for _round in range(ROUNDS if bench.full else 1):
        handed_over(bench)
        if bench.full:
            used(bench)
        returned(bench)
    if bench.full:
        power_cut(bench)
        failed(bench)
        changed(bench)
        killed(bench)


def write(bench, path, text):
    bench.run('tee', path, stdin=text)


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def desktop(bench, address):
    """The display server of user u, once it draws on a card."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench, address), pid=pid, timeout=180)
    return pid


def restart(bench):
    bench.run('systemctl', 'restart', 'lightdm.service')
    return desktop(bench, CARD)


def names(bench):
    return bench.run('ls', DIRECTORY).out.split()


def minutes(bench):
    """What the Xorg that runs has read, by its own log."""
    log = bench.run('cat', LOG).out
    assert f'Using config directory: "{DIRECTORY}"' in log, log[:4000]
    return {int(found) for found in re.findall(r'Option "BlankTime" "(\d+)"', log)}


def expect_host(bench):
    assert names(bench) == ['20-both.conf'], names(bench)
    assert bench.run('readlink', HOST).out.strip() == KEPT
    assert bench.run('cat', HOST).out == flags(MINUTES_HOST)
    bench.run('test', '-e', STATE, status=1)


def expect_guest(bench):
    assert names(bench) == ['20-both.conf.baton-aside', f'90-baton-{CARD}.conf'], names(bench)
    assert bench.run('cat', GUEST).out == flags(MINUTES_GUEST)
    assert bench.run('stat', '-c', '%U %a', GUEST).out.split() == ['root', '644']
    assert bench.run('stat', '-c', '%U %a', STATE).out.split() == ['root', '600']


def refused(bench):
    """Whoever may write what Xorg reads is root: that is found out before the desktop ends."""
    assert minutes(bench) == {MINUTES_HOST}, minutes(bench)
    bench.run('chmod', '666', WEAK)
    asked = bench.to_guest(CARD, '--end-session', status=story.REFUSED)
    assert asked.blockers['xorg-file-unusable']['args']['file'] == WEAK, asked.blockers
    bench.run('chmod', '644', WEAK)
    expect_host(bench)
    desktop(bench, CARD)


def handed_over(bench):
    """The session ends, and the next Xorg is told of the weak card alone."""
    asked = bench.to_guest(CARD, '--end-session')
    assert 'xorg-later' not in asked.findings, asked.findings
    steps = asked.steps('ok')
    assert steps.index(STOP) < steps.index(PLACE) < steps.index(START), steps
    bench.expect_guest(CARD, SOUND)
    expect_guest(bench)
    desktop(bench, OWN)
    assert minutes(bench) == {MINUTES_GUEST}, minutes(bench)


def used(bench):
    """A virtual machine has both, and the desktop on the other card goes on."""
    pid = desktop(bench, OWN)
    with bench.guest(CARD, SOUND):
        assert desktop(bench, OWN) == pid


def returned(bench):
    """The desktop on the other card goes on; the next Xorg reads what is the host's."""
    back = bench.to_host(CARD)
    assert back.findings['xorg-later']['args']['card'], back.findings
    assert PLACE in back.steps('ok'), back.steps()
    bench.expect_driver(DRIVER, CARD)
    expect_host(bench)
    assert minutes(bench) == {MINUTES_GUEST}, minutes(bench)
    restart(bench)
    assert minutes(bench) == {MINUTES_HOST}, minutes(bench)


def failed(bench):
    """The card cannot go: the login screen comes back to what it had read before."""
    with fault.failing(bench, OVERRIDE) as trace:
        asked = bench.to_guest(CARD, '--end-session', status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert PLACE in asked.steps('undone'), asked.steps('undone')
    expect_host(bench)
    desktop(bench, CARD)
    assert minutes(bench) == {MINUTES_HOST}, minutes(bench)


def killed(bench):
    """Whoever hands it over is killed when the files are in place, and in the middle of it."""
    # Two records a step, of which two come before.
    for when in range(6, 40):
        with fault.killed(bench, fault.JOURNAL, when) as trace:
            asked = bench.to_guest(CARD, '--end-session', status=None)
            trace.drain()
        assert asked.result['exit'] == story.ROLLED_BACK, asked.result
        expect_host(bench)
        desktop(bench, CARD)
        if PLACE in asked.steps('undone'):
            break
    assert PLACE in asked.steps('undone'), asked.steps('undone')
    assert minutes(bench) == {MINUTES_HOST}, minutes(bench)


def changed(bench):
    """What its owner has written in the copy is kept, out of Xorg's way, and named."""
    bench.to_guest(CARD, '--end-session')
    desktop(bench, OWN)
    write(bench, GUEST, '# mine\n')
    back = bench.to_host(CARD, status=story.DEGRADED)
    assert back.code == 'returned-with-problems' and f'{GUEST}.baton-kept' in json.dumps(back.result), back.result
    bench.expect_driver(DRIVER, CARD)
    assert bench.run('cat', f'{GUEST}.baton-kept').out == '# mine\n'
    bench.run('rm', f'{GUEST}.baton-kept')
    expect_host(bench)
    restart(bench)


def power_cut(bench):
    """With nobody's help the next boot has the host's files, before Xorg starts."""
    bench.to_guest(CARD, '--end-session')
    expect_guest(bench)
    desktop(bench, OWN)
    assert minutes(bench) == {MINUTES_GUEST}, minutes(bench)
    bench.machine.power_cut()
    bench.expect_driver(DRIVER, CARD)
    desktop(bench, CARD)
    expect_host(bench)
    assert minutes(bench) == {MINUTES_HOST}, minutes(bench)
