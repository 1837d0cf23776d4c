# SPDX-License-Identifier: GPL-3.0-or-later
"""What was open in a session that ended for a card is offered at the next login, and opened once."""

import json

from bench import desktop

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
TIER = 'full'
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
OWN = '0000:00:02.0'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
ENTRIES = '/home/u/.local/share/applications'
STATE = '/home/u/.local/state/baton'
PLACE = '/home/u/opened'
DISPLAY = {'DISPLAY': ':0'}

# It lives as long as the screen that shows it, and leaves its number.
PROGRAM = """#!/usr/bin/python3 -B
import os, select, subprocess
screen = os.pidfd_open(int(subprocess.check_output(['pgrep', '-o', '-x', 'Xorg'])))
name = os.path.basename(__file__)
with open(f'/home/u/opened/{name}.{os.getpid()}', 'w') as file:
    file.write(str(os.getuid()))
select.select([screen], [], [])
"""
# Name of the program, id and name of its entry in the menu, what more the entry says.
LAMP = ('bench-lamp', 'org.example.Lamp', 'Lamp', '')
GLOW = ('bench-glow', 'org.example.Glow', 'Glow Worm', '')
PANEL = ('bench-panel', 'org.example.Panel', 'Panel', 'NoDisplay=true\n')


def run(bench):
    bench.run('rm', XORG_OF_BENCH)
    bench.run('systemctl', 'restart', 'lightdm.service')
    on_screen(bench, CARD)
    bench.run('mkdir', '-p', PLACE, ENTRIES, user='u')
    for program in (LAMP, GLOW, PANEL):
        install(bench, *program)
    bench.at_end(bench.run, 'rm', '-rf', PLACE, STATE)
    bench.run('rm', '-rf', STATE)

    lamp = started(bench, 'bench-lamp', scope='app-gnome-org.example.Lamp-4711.scope')
    glow, panel = started(bench, 'bench-glow'), started(bench, 'bench-panel')
    # A window manager alone gives programs no scope of their own.
    session = session_of(bench)
    for pid in (glow, panel):
        bench.run('sh', '-c', f'echo {pid} > /sys/fs/cgroup/user.slice/user-1000.slice/'
                              f'session-{session}.scope/cgroup.procs')
    with desktop.nobody_told(bench):
        handed_over(bench, (lamp, glow, panel))
    offered(bench)
    opened(bench, (lamp, glow))
    bench.to_host(CARD)
    bench.expect_driver('virtio-pci', CARD)
    if bench.full:
        by_profile(bench, 'yes')
        by_profile(bench, 'no')


def on_screen(bench, card):
    pid = bench.call('session.wait_for_desktop', timeout=180)
    node = bench.call('sysfs.node_of', address=card, kind='dri/card')
    bench.call('session.wait_for_use', path=node, pid=pid, timeout=180)


def session_of(bench):
    for line in bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines():
        words = line.split()
        if 'u' in words and 'seat0' in words:
            return words[0]
    raise AssertionError('u has no session')


def install(bench, program, entry, name, more):
    path = f'/usr/local/bin/{program}'
    bench.run('sh', '-c', 'cat > "$1" && chmod 755 "$1"', 'sh', path, stdin=PROGRAM)
    bench.run('sh', '-c', 'cat > "$1"', 'sh', f'{ENTRIES}/{entry}.desktop', user='u',
              stdin=f'[Desktop Entry]\nType=Application\nName={name}\nExec={program} %U\n{more}')
    bench.at_end(bench.run, 'rm', '-f', path, f'{ENTRIES}/{entry}.desktop')


def running(bench, program):
    """Numbers of the processes that say they are it, of those that there still are."""
    found = bench.run('sh', '-c', 'cd "$1" && for f in "$2".*; do [ -d "/proc/${f##*.}" ] && '
                                  'echo "${f##*.} $(cat "$f")"; done; :', 'sh', PLACE, program).out
    return [tuple(line.split()) for line in found.splitlines()]


def wait_for(bench, program):
    bench.run('timeout', '60', 'sh', '-c', 'until ls "$1/$2".* >/dev/null 2>&1; do sleep 0.1; done', 'sh',
              PLACE, program)
    bench.run('timeout', '60', 'sh', '-c', 'until [ -s "$(ls "$1/$2".*)" ]; do sleep 0.1; done', 'sh', PLACE,
              program)
    (pid, uid), = running(bench, program)
    assert uid == '1000', uid
    return pid


def started(bench, program, scope=None):
    alone = ('systemd-run', '--user', '--scope', '--quiet', f'--unit={scope}') if scope is not None else ()
    process = bench.spawn(*alone, program, user='u', env=DISPLAY)
    bench.at_end(process.wait)
    return wait_for(bench, program)


def handed_over(bench, pids):
    """By u, who is asked for a password in the session that is to end."""
    with desktop.agent(bench, 'u'):
        asked = bench.start_batonctl('guest', CARD, '--end-session', '--yes', user='u')
        asked.close_stdin()
        asked.wait(180)
    on_screen(bench, OWN)
    bench.run('timeout', '60', 'sh', '-c', 'while [ -e /var/lib/baton/journal ]; do sleep 0.2; done')
    bench.expect_guest(CARD, SOUND)
    for pid in pids:
        bench.run('test', '-d', f'/proc/{pid}', status=1)
    bench.run('sh', '-c', f'rm -f {PLACE}/*')


def offered(bench):
    """At the next login, once, and not before."""
    desktop.make_room(bench)
    with desktop.notifications(bench) as shown:
        desktop.log_in(bench)
        told = {}
        for _ in range(2):
            one = shown.next()
            told[one['title']] = one
        offer = told['Open Again What Was Open?']
        assert offer['text'].startswith('Glow Worm, Lamp.'), json.dumps(offer)
        assert 'Open Again' in offer['buttons'], offer
        assert 'Card Is Ready for a Virtual Machine' in told, told
        desktop.log_in(bench)
        shown.expect_nothing_more()


def by_profile(bench, wish):
    """As the card's owner wants it, nobody is asked."""
    on_screen(bench, CARD)
    bench.batonctl('configure', CARD, f'open-again={wish}')
    bench.run('sh', '-c', f'rm -f {PLACE}/*')
    lamp = started(bench, 'bench-lamp', scope='app-gnome-org.example.Lamp-4712.scope')
    gone = started(bench, 'bench-glow', scope='app-gnome-org.example.Glow-4713.scope')
    with desktop.nobody_told(bench):
        handed_over(bench, (lamp, gone))
    bench.run('mv', f'{ENTRIES}/org.example.Glow.desktop', '/run/glow.desktop')
    desktop.make_room(bench)
    with desktop.notifications(bench) as shown:
        desktop.log_in(bench)
        told = {shown.next()['title']: None}
        if wish == 'yes':
            one = shown.next()
            told[one['title']] = one['text']
            assert 'not installed any more' in told['Not All Opened Again'], told
            assert wait_for(bench, 'bench-lamp') != lamp
        desktop.log_in(bench)
        shown.expect_nothing_more()
    assert 'Open Again What Was Open?' not in told, told
    assert len(running(bench, 'bench-lamp')) == (wish == 'yes'), wish
    bench.run('mv', '/run/glow.desktop', f'{ENTRIES}/org.example.Glow.desktop')
    bench.to_host(CARD)
    bench.expect_driver('virtio-pci', CARD)


def opened(bench, before):
    """While the card is away: these need a screen, and there is one."""
    assert bench.batonctl('reopen', user='u', env=DISPLAY).code == 'reopened'
    again = [wait_for(bench, program) for program in ('bench-lamp', 'bench-glow')]
    assert not set(again) & set(before), (again, before)
    assert running(bench, 'bench-panel') == []
    assert bench.batonctl('reopen', user='u', env=DISPLAY).code == 'nothing-to-reopen'
    assert len(running(bench, 'bench-lamp')) == len(running(bench, 'bench-glow')) == 1
