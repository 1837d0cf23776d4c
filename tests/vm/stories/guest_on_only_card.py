# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine is started on the only card, and whatever becomes of it, the desktop is there again."""

import json

from bench import desktop as session
from bench import domain, fault, screen, story

SESSION = True
TOPOLOGY = 'single'
IMAGES = ('12',)
TIER = 'full'
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD = '0000:00:02.0'
DRIVER = 'bochs-drm'
NAME = 'Windows 11'
WAIT = f'wait-guest:{CARD}'
REPORT = '/var/lib/baton/report.json'
OVERRIDE = f'/sys/devices/pci0000:00/{CARD}/driver_override'
TO_GUEST = OVERRIDE, f'/sys/bus/pci/drivers/{DRIVER}/unbind', '/sys/bus/pci/drivers/vfio-pci/bind'
WAY_BACK = '/sys/bus/pci/drivers/vfio-pci/unbind'
ROUNDS = 5


def run(bench):
    bench.run('systemctl', 'start', 'libvirtd.service')
    desktop(bench)
    with domain.defined(bench, 'broken', domain.hostdev(CARD) + domain.MISSING_DISK):
        fails_at_once(bench)
    with domain.defined(bench, NAME, domain.hostdev(CARD)):
        for number in range(ROUNDS):
            there_and_back(bench, ended_from_within=number % 2 == 1)
        each_write_fails(bench)
        way_back_refused(bench)
        power_cut(bench)
        there_and_back(bench)


def desktop(bench):
    """The display server of user u, once it draws on the card and is seen there."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    path = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    bench.call('session.wait_for_use', path=path, pid=pid, timeout=180)
    bench.expect_driver(DRIVER, CARD)
    sessions = bench.run('loginctl', 'list-sessions', '--no-legend').out
    assert [line for line in sessions.splitlines() if ' u ' in line and 'seat0' in line], sessions
    screen.expect_desktop(bench)
    return pid


def start(bench, name, **keywords):
    return bench.to_guest(CARD, '--end-session', '--start-guest', name, **keywords)


def report(bench):
    return json.loads(bench.run('cat', REPORT).out)


def fails_at_once(bench):
    """Who sits in front of it sees a login screen again, and reads why at the next login."""
    pid = desktop(bench)
    with session.nobody_told(bench):
        tried = start(bench, 'broken', status=story.ROLLED_BACK)
        assert desktop(bench) != pid
    said = [event for event in tried.events if event['type'] == 'step' and event['code'] == 'guest-not-started']
    assert len(said) == 1 and '/nowhere/disk.img' in said[0]['text'], said
    kept = report(bench)
    assert kept['state'] == 'rolled-back' and '/nowhere/disk.img' in json.dumps(kept), kept
    greeted(bench)


def greeted(bench):
    """The next login tells, once."""
    session.make_room(bench)
    with session.notifications(bench) as shown:
        session.log_in(bench)
        told = shown.next()
        assert told['title'] == 'Failed. Programs Were Closed' and '/nowhere/disk.img' in told['text'], told
        session.log_in(bench)
        shown.expect_nothing_more()


def there_and_back(bench, ended_from_within=False):
    pid, colour = desktop(bench), screen.expect_desktop(bench)
    handing = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--start-guest', NAME, '--yes'))
    handing.until(type='step', id=WAIT, state='start')
    bench.expect_driver('vfio-pci', CARD)
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert bench.run('virsh', 'domstate', NAME).out.strip() == 'running'
    assert screen.share_of(bench, colour) < 0.1
    if ended_from_within:
        # As where its system shuts down, or crashes: nobody has asked libvirt for it.
        bench.run('pkill', '-f', 'guest=Windows')
    else:
        bench.run('virsh', 'destroy', NAME)
    assert handing.end()['code'] == 'returned', handing.events[-1]
    assert desktop(bench) != pid


def each_write_fails(bench):
    """No write on the way to the guest leaves the computer without its desktop."""
    handed = fault.files_written(bench, lambda: there_and_back(bench))
    assert set(TO_GUEST) <= set(handed), handed
    for path in TO_GUEST:
        pid = desktop(bench)
        with fault.failing(bench, path) as trace:
            start(bench, NAME, status=story.ROLLED_BACK)
            trace.drain()
        assert trace.injected(), (path, trace.seen[-20:])
        assert desktop(bench) != pid
        assert bench.run('virsh', 'domstate', NAME).out.strip() == 'shut off'


def way_back_refused(bench):
    """Tried twice, with the screen dark; what is refused for good leaves the card to the one command, and a desktop with it."""
    with fault.failing(bench, WAY_BACK) as trace:
        handing = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--start-guest', NAME, '--yes'))
        handing.until(type='step', id=WAIT, state='start')
        bench.run('virsh', 'destroy', NAME)
        assert handing.end()['code'] == 'rolled-back', handing.events[-1]
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    failed = [event for event in handing.events
              if event['type'] == 'step' and (event['id'], event['state']) == (f'unbind:{CARD}', 'fail')]
    assert len(failed) == 2, failed
    bench.expect_guest(CARD)
    bench.to_host(CARD)
    desktop(bench)


def power_cut(bench):
    """While the guest has the card."""
    handing = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--start-guest', NAME, '--yes'))
    handing.until(type='step', id=WAIT, state='start')
    bench.machine.power_cut()
    desktop(bench)
    bench.run('systemctl', 'start', 'libvirtd.service')
