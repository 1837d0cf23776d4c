# SPDX-License-Identifier: GPL-3.0-or-later
"""Two users are logged in at the only screen that there is: both are named, and both sessions end for the card."""

TIER = 'full'
SESSION = True
TOPOLOGY = 'single'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD = '0000:00:02.0'
DRIVER = 'bochs-drm'
UNIT = 'bench-other.service'
# What a login screen begins for whoever switches users: a session of its own on a console of its own.
SESSION_OF_OTHER = ('User=other', 'PAMName=lightdm-autologin', 'SupplementaryGroups=video', 'TTYPath=/dev/tty9',
                    'StandardInput=tty', 'TTYReset=yes', 'StandardOutput=journal', 'StandardError=journal')


def run(bench):
    pid = desktop(bench)
    other = second_user(bench)
    sessions = {user: session_of(bench, user) for user in ('u', 'other')}
    assert sessions['u'] != sessions['other'], sessions
    named(bench, sessions)
    ended(bench, sessions, (pid, other))
    returned(bench)


def node(bench):
    return bench.call('sysfs.node_of', address=CARD, kind='dri/card')


def desktop(bench):
    """The display server of user u, once it draws on the card."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench), pid=pid, timeout=180)
    return pid


def second_user(bench):
    """His desktop is not on the screen, and has the card open all the same."""
    settings = [f'--property={setting}' for setting in SESSION_OF_OTHER]
    bench.run('systemd-run', '--quiet', '--collect', '--service-type=simple', f'--unit={UNIT}', *settings,
              '--setenv=XDG_SESSION_TYPE=x11', 'python3', '-B', '/bench/inside/hold.py', 'fd', node(bench))
    bench.call('session.wait_for_program', program='[^ ]*python3 -B /bench', user='other', timeout=120)
    pid = int(bench.run('pgrep', '-u', 'other', '-f', 'hold.py fd').out.split()[0])
    bench.call('session.wait_for_use', path=node(bench), pid=pid, timeout=120)
    return pid


def session_of(bench, user):
    """logind's number of his session at the seat, by its own word."""
    for line in bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines():
        words = line.split()
        if user in words and 'seat0' in words:
            return words[0]
    raise AssertionError(f'{user} has no session')


def named(bench, sessions):
    """Whose session ends is said before, each by name; nobody is closed for it without being a part of one."""
    plan = bench.batonctl('plan', 'guest', CARD, '--end-session', '--until-free').plan
    found = [(finding['args']['user'], finding['args']['session']) for finding in plan['findings']
             if finding['code'] == 'session-ends']
    assert sorted(found) == sorted(sessions.items()), found
    steps = [step['id'] for step in plan['steps']]
    assert {f'end-session:{session}' for session in sessions.values()} <= set(steps), steps
    assert not any(step.startswith('close-process') for step in steps), steps


def ended(bench, sessions, pids):
    waiting = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--until-free', '--yes'))
    waiting.until(type='step', id=f'wait-guest:{CARD}', state='start')
    bench.expect_guest(CARD)
    for session in sessions.values():
        bench.run('test', '-e', f'/run/systemd/sessions/{session}', status=1)
    for pid in pids:
        bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert bench.to_host(CARD).code == 'returned'
    assert waiting.end()['code'] == 'nothing-to-do'


def returned(bench):
    """A login screen is there again, and nobody but whom it logs in by itself."""
    bench.expect_driver(DRIVER, CARD)
    desktop(bench)
    # What is left of the other user is his systemd, which logind of Debian 13 calls a session as well, and lets
    # run for ten seconds more (UserStopDelaySec=).
    lines = bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines()
    assert {line.split()[2] for line in lines if 'seat0' in line.split()} == {'u'}, lines
