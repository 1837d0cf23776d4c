# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine that is started anywhere gets the only card, desktop and all, once its owner has said so.

What guides write hooks for: `virsh start`, or a click in virt-manager, and libvirt calls Baton.
"""

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
