# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that games here and in a virtual machine, in turns: five times over, and the desktop never has it.

The guide to hot swapping, from its first step to the last: the desktop is kept off the card, a program that
is to have it gets it, and a virtual machine fetches it when nobody has it any more.
"""

import contextlib

from bench import domain

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
TIER = 'full'
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND, OWN = '0000:01:00.0', '0000:01:00.1', '0000:00:02.0'
DRIVER = 'virtio-pci'
NAME = 'Games'
DAEMON = 'libvirtd.service'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
ROUNDS = 5
NOT_STARTED = 125
# As a program that draws does.
PROGRAM = 'exec 3<> "$1"; echo $$; read _'


def run(bench):
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    bench.run('rm', XORG_OF_BENCH)
    desktop(bench, restart=True)
    bench.batonctl('isolate', CARD)
    pid = desktop(bench, restart=True)
    bench.batonctl('install-hook')
    bench.run('systemctl', 'start', DAEMON)
    with domain.defined(bench, NAME, domain.hostdev(CARD, 'yes') + domain.hostdev(SOUND, 'yes')):
        for _round in range(ROUNDS):
            in_turns(bench, pid)
        power_cut(bench)
        in_turns(bench, desktop(bench))


def node(bench, address, kind='dri/card'):
    return bench.call('sysfs.node_of', address=address, kind=kind)


def desktop(bench, restart=False):
    """The display server of user u, once it draws on the card that is the desktop's."""
    if restart:
        bench.run('systemctl', 'restart', 'lightdm.service')
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench, OWN), pid=pid, timeout=180)
    return pid


@contextlib.contextmanager
def game(bench):
    """A program of u's that draws with the card; yields its number."""
    bench.run('udevadm', 'settle')
    program = bench.spawn('baton-run', CARD, 'sh', '-c', PROGRAM, 'sh', node(bench, CARD, 'dri/renderD'), user='u')
    said = next(program.lines(60), f'ended: {program.err}')
    assert said.strip().isdigit(), said
    try:
        yield int(said)
    finally:
        program.close_stdin()
        program.wait()


def in_turns(bench, pid):
    assert pid not in {one['pid'] for one in bench.call('session.users_of', path=node(bench, CARD))}
    with game(bench) as player:
        error = bench.run('virsh', 'start', NAME, status=1, timeout=300).err
        assert f'process {player}' in error, error
    bench.run('virsh', 'start', NAME, timeout=300)
    bench.expect_driver('vfio-pci', CARD, SOUND)
    done = bench.run('baton-run', CARD, 'id', user='u', status=NOT_STARTED)
    assert 'with a virtual machine' in done.err, done.err
    assert desktop(bench) == pid
    bench.run('virsh', 'destroy', NAME)
    expect_home(bench)
    assert desktop(bench) == pid


def expect_home(bench):
    bench.expect_driver(DRIVER, CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.run('test', '-e', f'/run/baton/cards/{CARD}.json', status=1)


def power_cut(bench):
    """While the guest has the card: the next boot has it at home, and the desktop keeps off it."""
    bench.run('virsh', 'start', NAME, timeout=300)
    bench.expect_driver('vfio-pci', CARD, SOUND)
    bench.machine.power_cut()
    desktop(bench)
    expect_home(bench)
    bench.run('systemctl', 'start', DAEMON)
