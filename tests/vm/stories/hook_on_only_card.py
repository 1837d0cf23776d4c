# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine that is started anywhere gets the only card, desktop and all, once its owner has said so.

What guides write hooks for: `virsh start`, or a click in virt-manager, and libvirt calls Baton.
"""

import json

from bench import desktop as session
from bench import domain

SESSION = True
TOPOLOGY = 'single'
IMAGES = ('12',)
TIER = 'full'
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD = '0000:00:02.0'
DRIVER = 'bochs-drm'
NAME = 'Windows 11'
DAEMON = 'libvirtd.service'
DAEMONS = DAEMON, 'libvirtd.socket', 'libvirtd-ro.socket', 'libvirtd-admin.socket'
REPORT = '/var/lib/baton/report.json'
# Called after Baton's.
KILLS = '/etc/libvirt/hooks/qemu.d/60-bench'
ROUNDS = 5


def run(bench):
    desktop(bench)
    bench.batonctl('install-hook')
    bench.run('systemctl', 'start', DAEMON)
    with domain.defined(bench, NAME, domain.hostdev(CARD, 'yes')):
        refused(bench)
        bench.batonctl('configure', CARD, 'hook-ends-session=true')
        for number in range(ROUNDS):
            there_and_back(bench, ended_from_within=number % 2 == 1)
        started_in_the_session(bench)
        libvirt_dies_at_start(bench)
        there_and_back(bench)
        libvirt_dies_later(bench)
        there_and_back(bench)
    with domain.defined(bench, 'broken', domain.hostdev(CARD) + domain.MISSING_DISK):
        fails_at_once(bench)
    with domain.defined(bench, NAME, domain.hostdev(CARD)):
        power_cut(bench)
        there_and_back(bench)


def desktop(bench):
    """The display server of user u, once it draws on the card."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    path = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    bench.call('session.wait_for_use', path=path, pid=pid, timeout=180)
    bench.expect_driver(DRIVER, CARD)
    assert session_of(bench)
    session.expect_on_screen(bench)
    return pid


def session_of(bench):
    for line in bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines():
        words = line.split()
        if 'u' in words and 'seat0' in words:
            return words[0]
    raise AssertionError('u has no session')


def start(bench, name=NAME, status=0):
    return bench.run('virsh', 'start', name, status=status, timeout=300)


def refused(bench):
    """Nobody's session ends because somebody starts a virtual machine; and it is said what would let it."""
    pid = desktop(bench)
    error = start(bench, status=1).err
    assert f'process {pid}' in error and f'batonctl configure {CARD} hook-ends-session=true' in error, error
    assert desktop(bench) == pid


def expect_started(bench, pid):
    bench.expect_driver('vfio-pci', CARD)
    assert bench.run('virsh', 'domstate', NAME).out.strip() == 'running'
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert bench.run('systemctl', 'is-active', 'lightdm.service', status=3).out.strip() == 'inactive'


def there_and_back(bench, ended_from_within=False):
    pid = desktop(bench)
    start(bench)
    expect_started(bench, pid)
    if ended_from_within:
        # As where its system shuts down, or crashes: nobody has asked libvirt for it.
        bench.run('pkill', '-f', 'guest=Windows')
    else:
        bench.run('virsh', 'destroy', NAME)
    assert desktop(bench) != pid
    # It is libvirt that has asked for the card, and nobody else was quicker.
    expect_report(bench, 'returned')


def expect_report(bench, code):
    """What the last handoff came to, which the desktop may be a moment earlier than."""
    bench.run('timeout', '30', 'sh', '-c', 'until grep -qF "\\"$1\\"" "$2"; do sleep 0.5; done', 'sh', code, REPORT)
    report = json.loads(bench.run('cat', REPORT).out)
    assert report['code'] == code, report
    return report


def libvirt_dies_at_start(bench):
    """With the screen dark already, and no machine that could end: nobody asks for the card, and yet it is back."""
    pid = desktop(bench)
    with bench.file(KILLS, '#!/bin/sh\n[ "$2 $3" != "prepare begin" ] || kill -KILL "$PPID"\n'):
        bench.run('chmod', '755', KILLS)
        start(bench, status=1)
    bench.expect_driver('vfio-pci', CARD)
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert desktop(bench) != pid
    kept = expect_report(bench, 'returned-unused')
    assert 'libvirt’s log' in kept['remedy'], kept
    bench.run('systemctl', 'start', *DAEMONS)


def libvirt_dies_later(bench):
    """A machine goes on without it; when that has ended, nobody asks for the card either."""
    pid = desktop(bench)
    start(bench)
    expect_started(bench, pid)
    bench.run('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', DAEMON)
    bench.run('systemctl', 'stop', *DAEMONS)
    bench.expect_driver('vfio-pci', CARD)
    bench.run('pkill', '-f', 'guest=Windows')
    assert desktop(bench) != pid
    expect_report(bench, 'returned-unfetched')
    # Once it is there again it asks, and nothing is to be done any more.
    bench.run('systemctl', 'start', *DAEMONS)
    assert bench.run('virsh', 'domstate', NAME).out.strip() == 'shut off'


def started_in_the_session(bench):
    """From a window of the desktop that ends for it: who asked is gone, and the machine starts."""
    pid, number = desktop(bench), session_of(bench)
    place = f'/sys/fs/cgroup/user.slice/user-1000.slice/session-{number}.scope/cgroup.procs'
    asking = bench.spawn('sh', '-c', f'echo $$ > {place} && exec virsh start "$1"', 'sh', NAME)
    bench.run('timeout', '180', 'sh', '-c', 'until virsh domstate "$1" | grep -q running; do sleep 0.5; done', 'sh',
              NAME, timeout=200)
    asking.wait(60)
    bench.run('test', '-e', f'/run/systemd/sessions/{number}', status=1)
    expect_started(bench, pid)
    bench.run('virsh', 'destroy', NAME)
    assert desktop(bench) != pid


def fails_at_once(bench):
    """libvirt says why, and whoever sits in front of it sees a login screen again."""
    pid = desktop(bench)
    error = start(bench, 'broken', status=1).err
    assert '/nowhere/disk.img' in error, error
    assert desktop(bench) != pid


def power_cut(bench):
    """While the guest has the card: the next boot has a desktop, and hands the card over as before."""
    pid = desktop(bench)
    start(bench)
    expect_started(bench, pid)
    bench.machine.power_cut()
    desktop(bench)
    bench.run('systemctl', 'start', DAEMON)
