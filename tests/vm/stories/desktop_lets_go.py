# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop that draws on the second card as well lets it go and lives; one that would not is left alone."""

import contextlib

from bench import story

SESSION = True
TOPOLOGY = 'named'
TIER = 'full'
# lightdm's session is gone, and so is what it had begun.
SPOILS = True

CARD = '0000:01:00.0'
OWN = '0000:00:02.0'
DRIVER = 'virtio-pci'
RELEASE = f'release-card:{CARD}'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
SWAY = ('WLR_RENDERER_ALLOW_SOFTWARE=1', 'WLR_NO_HARDWARE_CURSORS=1')


def run(bench):
    mutter(bench)
    # The one of Debian 12 draws on a card that is not its first only where that draws by itself.
    if bench.release != '12':
        sway(bench)
        sway_first(bench)
    xorg(bench)


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def users(bench, address):
    """Who has the card's screens open, by the kernel's word: names and numbers."""
    found = bench.call('session.users_of', path=node(bench, address))
    return {(one['name'], one['pid']) for one in found}


def wait_for_use(bench, pid):
    bench.call('session.wait_for_use', path=node(bench, CARD), pid=pid, timeout=180)


@contextlib.contextmanager
def session(bench, name, socket, *argv, environment=()):
    """The desktop, once it draws on both cards; yields its process's number."""
    unit = f'bench-{name}.service'
    bench.call('session.start', unit=unit, argv=argv, environment=environment, timeout=180)
    try:
        bench.call('session.wait_for', unit=unit, socket=socket, timeout=180)
        pid = bench.call('session.leader', unit=unit)
        wait_for_use(bench, pid)
        yield pid
    finally:
        bench.call('session.end', unit=unit, timeout=180)


def refused(bench, pid, code='in-use-compositor'):
    """It is known to keep the card, so that nothing is done at all."""
    asked = bench.to_guest(CARD, status=story.REFUSED)
    assert asked.blockers[code]['args']['pid'] == str(pid), asked.blockers
    assert asked.steps() == [], asked.steps()
    bench.expect_driver(DRIVER, CARD)


def mutter(bench):
    with session(bench, 'mutter', 'wayland-', 'mutter', '--wayland', '--no-x11') as pid:
        refused(bench, pid)


def sway(bench):
    """It lets go; what draws by the processor in its place does not, and that is seen.

    Mesa leaves descriptors of the card open whose own driver it did not find. The desktop gets the
    card back, and is where it was.
    """
    with session(bench, 'sway', 'sway-ipc', 'sway', '-c', '/dev/null', environment=SWAY) as pid:
        for _round in range(5 if bench.full else 1):
            asked = bench.to_guest(CARD, status=story.ROLLED_BACK)
            assert asked.findings['desktop-lets-go']['args']['pid'] == str(pid), asked.findings
            assert 'desktop-kept' in [event['code'] for event in asked.events
                                      if event['type'] == 'step'], asked.steps()
            assert asked.steps('undone') == [RELEASE], asked.steps()
            bench.expect_driver(DRIVER, CARD)
            bench.call('session.wait_for_keeper', path=node(bench, CARD), timeout=180)
            assert ('sway', pid) in users(bench, OWN) & users(bench, CARD)


def sway_first(bench):
    """Told to draw on this card first, it would end without it: it is not asked."""
    cards = f'{node(bench, CARD)}:{node(bench, OWN)}'
    with session(bench, 'first', 'sway-ipc', 'sway', '-c', '/dev/null',
                 environment=(*SWAY, f'WLR_DRM_DEVICES={cards}')) as pid:
        refused(bench, pid)


def xorg(bench):
    """Xorg takes every card there is, as it does where nobody told it otherwise.

    It lets go of one once, and ends when it is asked a second time: so it is not asked.
    """
    bench.run('rm', XORG_OF_BENCH)
    pid = new_desktop(bench)
    refused(bench, pid, 'in-use-display-server')
    lives(bench, pid)


def new_desktop(bench):
    bench.run('systemctl', 'restart', 'lightdm.service')
    pid = bench.call('session.wait_for_desktop', timeout=180)
    wait_for_use(bench, pid)
    return pid


def lives(bench, pid):
    """The same server draws on its first card, answers, and has its windows."""
    assert ('Xorg', pid) in users(bench, OWN), users(bench, OWN)
    providers = bench.run('env', 'DISPLAY=:0', 'XAUTHORITY=/home/u/.Xauthority', 'xrandr',
                          '--listproviders').out
    assert providers.startswith('Providers: number : '), providers
    assert bench.run('pgrep', '-x', '-u', 'u', 'openbox').out.strip()
