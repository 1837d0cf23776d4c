# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has his session ended for a card is logged out in the ordinary way first, and may think better of it.

The session manager is a stand-in: it has the name of GNOME's, and ends the session as that does, or does
not.
"""

import contextlib
import json

from bench import desktop

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DRIVER = 'virtio-pci'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'

# Asked to log out, it says so, and has the window manager end where it is to: the session's last program.
STAND_IN = """
import subprocess, sys
from gi.repository import Gio, GLib
XML = '''<node><interface name="org.gnome.SessionManager">
  <method name="Logout"><arg type="u" direction="in"/></method></interface></node>'''
def on_call(bus, sender, path, interface, method, arguments, invocation):
    print(f'{method} {arguments.unpack()[0]}', flush=True)
    if sys.argv[1] == 'locked':
        invocation.return_dbus_error('org.gnome.SessionManager.LockedDown', 'Logout has been locked down')
        return
    invocation.return_value(None)
    if sys.argv[1] == 'leaves':
        subprocess.run(['openbox', '--exit'], check=False)
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object('/org/gnome/SessionManager', Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_call, None, None)
loop = GLib.MainLoop()
Gio.bus_own_name_on_connection(bus, 'org.gnome.SessionManager', 0, lambda *_: print('ready', flush=True), None)
GLib.unix_fd_add_full(0, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *_: loop.quit())
loop.run()
"""


def run(bench):
    bench.run('rm', XORG_OF_BENCH)
    bench.run('systemctl', 'restart', 'lightdm.service')
    pid = shown(bench)
    session = session_of(bench)
    thought_better(bench, pid, session)
    # What is cancelled by others than whoever asked.
    if bench.full:
        refused(bench, pid, session)
        nobody_leaves(bench, pid, session)
    left(bench, session)
    bench.to_host(CARD)
    bench.expect_driver(DRIVER, CARD)


def shown(bench):
    pid = bench.call('session.wait_for_desktop', timeout=180)
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    bench.call('session.wait_for_use', path=node, pid=pid, timeout=180)
    return pid


def session_of(bench):
    for line in bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines():
        words = line.split()
        if 'u' in words and 'seat0' in words:
            return words[0]
    raise AssertionError('u has no session')


@contextlib.contextmanager
def stand_in(bench, manner):
    process = bench.spawn('python3', '-B', '-c', STAND_IN, manner, user='u', env={'DISPLAY': ':0'})
    lines = process.lines(60)
    assert next(lines, None) == 'ready', process.err
    try:
        yield lines
    finally:
        process.close_stdin()
        process.wait()


def ask(bench):
    asked = bench.start_batonctl('guest', CARD, '--end-session', '--yes', user='u')
    return bench.follow(asked)


def expect_untouched(bench, pid, session):
    bench.expect_driver(DRIVER, CARD)
    assert session_of(bench) == session and shown(bench) == pid
    assert bench.run('systemctl', 'is-active', 'lightdm.service').out.strip() == 'active'


def refused(bench, pid, session):
    """A desktop that must not be logged out of says so, and that is told."""
    with desktop.agent(bench, 'u'), stand_in(bench, 'locked') as lines:
        plan = ask(bench)
        assert next(lines) == 'Logout 1'
        end = plan.end()
    assert (end['code'], end['exit']) == ('cancelled', 13), end
    expect_untouched(bench, pid, session)


def thought_better(bench, pid, session):
    """Nobody leaves yet, and whoever asked stops it."""
    with desktop.agent(bench, 'u'), stand_in(bench, 'stays') as lines:
        asked = bench.start_batonctl('guest', CARD, '--end-session', '--yes', user='u')
        following = bench.follow(asked)
        following.until(type='step', id=f'log-out:{session}', state='start')
        assert next(lines) == 'Logout 1'
        bench.batonctl('cancel')
        end = following.end()
    assert (end['code'], end['exit']) == ('cancelled', 13), end
    expect_untouched(bench, pid, session)


def nobody_leaves(bench, pid, session):
    """It ends by itself after the two minutes that are promised."""
    with desktop.agent(bench, 'u'), stand_in(bench, 'stays') as lines:
        following = ask(bench)
        assert next(lines) == 'Logout 1'
        end = following.end()
    assert (end['code'], end['exit']) == ('stays-logged-in', 13), end
    expect_untouched(bench, pid, session)


def left(bench, session):
    """Nothing is stopped before he has left; then the card goes."""
    with desktop.agent(bench, 'u'), stand_in(bench, 'leaves') as lines:
        asked = bench.start_batonctl('guest', CARD, '--end-session', '--yes', user='u')
        asked.close_stdin()
        assert next(lines) == 'Logout 1'
        bench.run('timeout', '120', 'sh', '-c',
                  'while [ -e "/run/systemd/sessions/$1" ] || [ -e /var/lib/baton/journal ]; do sleep 0.2; done',
                  'sh', session)
        asked.wait(180)
    bench.expect_guest(CARD, SOUND)
    saved = json.loads(bench.run('cat', '/var/lib/baton/report.json').out)
    states = {step['id']: step['state'] for step in saved['steps']}
    assert states[f'log-out:{session}'] == 'ok', states
    assert list(states)[0] == f'log-out:{session}', states
    bench.call('session.wait_for_desktop', timeout=180)
