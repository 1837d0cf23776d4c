# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop that draws on the second card as well lets it go and lives; one that would not ends only if told to."""

import contextlib

from bench import story

SESSION = True
TOPOLOGY = 'named'
TIER = 'full'
FLAVOUR = 'desktops'
# lightdm's session is gone, and so is what it had begun.
SPOILS = True

CARD = '0000:01:00.0'
OWN = '0000:00:02.0'
DRIVER = 'virtio-pci'
RELEASE = f'release-card:{CARD}'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
# A program with a window ends with the desktop that shows it.
WINDOW = '<interface><object class="GtkWindow" id="w"><property name="title">w</property></object></interface>'
SHOWN = '/run/bench-window.ui'
PROGRAM = 'gtk4-builder-tool'
# u's own systemd starts it by its whole path.
RUNNING = f'([^ ]*/)?{PROGRAM}'
DRAWING = {'GDK_BACKEND': 'wayland', 'GSK_RENDERER': 'cairo', 'GDK_DEBUG': 'gl-disable'}
# KWin draws by the processor itself, with no library that keeps descriptors.
KWIN = ('KWIN_COMPOSE=Q',)
# What Mesa's processor driver makes of AVX2's gathers ends in a fault on an emulated processor, now and then.
SHELL = ('GALLIUM_OVERRIDE_CPU_CAPS=sse4.1',)
ROUNDS = 5
SWAY = ('WLR_RENDERER_ALLOW_SOFTWARE=1', 'WLR_NO_HARDWARE_CURSORS=1')


def run(bench):
    kwin(bench)
    kwin_first(bench)
    kwin_kept_off(bench)
    gnome_shell(bench)
    mutter(bench)
    # The one of Debian 12 draws on a card that is not its first only where that draws by itself.
    if bench.release != '12':
        sway(bench)
    xorg(bench)


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def users(bench, address):
    """Who has the card's screens open, by the kernel's word: names and numbers."""
    found = bench.call('session.users_of', path=node(bench, address))
    return {(one['name'], one['pid']) for one in found}


def wait_for_use(bench, pid, card=CARD):
    bench.call('session.wait_for_use', path=node(bench, card), pid=pid, timeout=180)


@contextlib.contextmanager
def session(bench, name, socket, *argv, environment=(), draws_on=CARD):
    """The desktop, once it draws on the card; yields its process's number."""
    unit = f'bench-{name}.service'
    bench.call('session.start', unit=unit, argv=argv, environment=environment, timeout=180)
    try:
        bench.call('session.wait_for', unit=unit, socket=socket, timeout=180)
        pid = bench.call('session.leader', unit=unit)
        wait_for_use(bench, pid, draws_on)
        yield pid
    finally:
        bench.call('session.end', unit=unit, timeout=180)


def refused(bench, pid, code='in-use-compositor'):
    """It is known to keep the card, so that nothing is done at all."""
    asked = bench.to_guest(CARD, status=story.REFUSED)
    assert asked.blockers[code]['args']['pid'] == str(pid), asked.blockers
    assert asked.steps() == [], asked.steps()
    bench.expect_driver(DRIVER, CARD)


def ended(bench, pid):
    """With consent it ends for the card, which then goes and comes back."""
    asked = bench.to_guest(CARD, '--end-session')
    assert [step for step in asked.steps('ok') if step.startswith('end-session:')], asked.steps()
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    bench.expect_guest(CARD)
    bench.to_host(CARD)
    bench.expect_driver(DRIVER, CARD)


def session_of(bench, pid):
    """The session's unit, which is new after every login."""
    return bench.run('cat', f'/proc/{pid}/cgroup').out


@contextlib.contextmanager
def window(bench):
    """A program that the desktop shows, and which is the same at the end."""
    with bench.file(SHOWN, WINDOW):
        process = bench.spawn(PROGRAM, 'preview', SHOWN, user='u',
                              env={**DRAWING, 'WAYLAND_DISPLAY': 'wayland-0'})
        try:
            bench.call('session.wait_for_program', program=RUNNING, timeout=120)
            before = programs(bench)
            yield
            assert programs(bench) == before, (before, process.err)
        finally:
            bench.run('pkill', '-f', f'^{RUNNING}', status=None)
            process.wait()


def programs(bench):
    return bench.run('pgrep', '-u', 'u', '-f', f'^{RUNNING}').out.split()


def round_trips(bench, name, pid, released):
    """To the guest and back, and nobody in the session has noticed."""
    with window(bench):
        before = session_of(bench, pid)
        for _round in range(ROUNDS):
            gone = bench.to_guest(CARD)
            assert (RELEASE in gone.steps('ok')) == released, gone.steps()
            assert (name, pid) in users(bench, OWN), users(bench, OWN)
            bench.to_host(CARD)
            bench.expect_driver(DRIVER, CARD)
            if released:
                wait_for_use(bench, pid)
        assert session_of(bench, pid) == before


def kwin(bench):
    with session(bench, 'kwin', 'wayland-', 'kwin_wayland', '--no-lockscreen', environment=KWIN) as pid:
        round_trips(bench, 'kwin_wayland', pid, released=True)


def kwin_kept_off(bench):
    """Of the card that it is kept off it opens nothing, and is not asked."""
    bench.batonctl('isolate', CARD)
    with session(bench, 'kwin-off', 'wayland-', 'kwin_wayland', '--no-lockscreen', environment=KWIN,
                 draws_on=OWN) as pid:
        assert ('kwin_wayland', pid) not in users(bench, CARD), users(bench, CARD)
        round_trips(bench, 'kwin_wayland', pid, released=False)
        assert ('kwin_wayland', pid) not in users(bench, CARD), users(bench, CARD)
    bench.batonctl('isolate', CARD, '--undo')


def kwin_first(bench):
    """Told to draw on this card first, it would end without it: it is not asked."""
    cards = f'{node(bench, CARD)}:{node(bench, OWN)}'
    with session(bench, 'first', 'wayland-', 'kwin_wayland', '--no-lockscreen',
                 environment=(*KWIN, f'KWIN_DRM_DEVICES={cards}')) as pid:
        refused(bench, pid)
        ended(bench, pid)


def gnome_shell(bench):
    """It keeps the card, so that it is told first to keep off it."""
    shell = ('gnome-shell', '--wayland')
    with session(bench, 'shell', 'wayland-', *shell, environment=SHELL) as pid:
        refused(bench, pid)
        ended(bench, pid)
        bench.batonctl('isolate', CARD)
    with session(bench, 'kept-off', 'wayland-', *shell, environment=SHELL, draws_on=OWN) as pid:
        round_trips(bench, 'gnome-shell', pid, released=False)
    bench.batonctl('isolate', CARD, '--undo')


def mutter(bench):
    with session(bench, 'mutter', 'wayland-', 'mutter', '--wayland', '--no-x11') as pid:
        refused(bench, pid)
        ended(bench, pid)


def sway(bench):
    """It closes the card if it is told to, and once ended over it: it is not asked."""
    with session(bench, 'sway', 'sway-ipc', 'sway', '-c', '/dev/null', environment=SWAY) as pid:
        refused(bench, pid)
        ended(bench, pid)


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
