# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop's own session of user u on a virtual console, in the place of lightdm's."""

import glob
import os
import pwd
import subprocess
import time

USER = 'u'
TTY = '/dev/tty7'


def _call(*argv):
    subprocess.run(argv, check=True, capture_output=True)


def start(unit, argv, environment):
    """Ends the session that is there and starts this program as the next one's leader.

    What begins with PAMName= gets a session of its own on the seat of its console, as a login does
    (systemd.exec(5), pam_systemd(8)).
    """
    _call('systemctl', 'stop', 'lightdm.service')
    settings = ('PAMName=login', f'User={USER}', f'TTYPath={TTY}', 'StandardInput=tty', 'TTYReset=yes',
                'TTYVHangup=yes', 'UtmpIdentifier=tty7', 'UtmpMode=user', 'StandardOutput=journal',
                'StandardError=journal')
    # pam_systemd moves it out of the service before it is the program, so that nothing that waits
    # for that would ever see it (Type=exec).
    _call('systemd-run', '--quiet', f'--unit={unit}', '--service-type=simple',
          *(f'--property={setting}' for setting in settings), '--setenv=XDG_SESSION_TYPE=wayland',
          *(f'--setenv={variable}' for variable in environment), *argv)


def end(unit):
    subprocess.run(['systemctl', 'stop', unit], check=False, capture_output=True)


def wait_for(unit, socket, seconds=90):
    """Waits until the desktop has made this socket in its user's directory."""
    deadline = time.monotonic() + seconds
    directory = '/run/user/1000'
    while time.monotonic() < deadline:
        names = os.listdir(directory) if os.path.isdir(directory) else []
        if any(name.startswith(socket) for name in names):
            return
        if subprocess.run(['systemctl', 'is-active', '--quiet', unit], check=False).returncode:
            break
        time.sleep(0.1)
    raise RuntimeError(f'{unit} did not make {socket}: ' + log(unit))


def log(unit):
    """The last that was said by whatever the unit has become."""
    pid = leader(unit)
    found = subprocess.run(['journalctl', '--no-pager', '--lines=60', '--output=cat', f'_PID={pid}'],
                           check=False, capture_output=True, text=True)
    return found.stdout


def leader(unit):
    """Number of the process that the session stands and falls with."""
    found = subprocess.run(['systemctl', 'show', '--property=MainPID', '--value', unit], check=False,
                           capture_output=True, text=True)
    return int(found.stdout.strip() or 0)


def users_of(path):
    """Who has this device file open: name and number of each process."""
    found = []
    for directory in glob.glob('/proc/[0-9]*/fd'):
        try:
            if path not in _links(directory):
                continue
            with open(os.path.join(os.path.dirname(directory), 'comm')) as file:
                found.append({'name': file.read().strip(), 'pid': int(directory.split('/')[2])})
        except OSError:
            continue  # it has ended
    return found


def _links(directory):
    for entry in os.listdir(directory):
        try:
            yield os.readlink(os.path.join(directory, entry))
        except OSError:
            continue  # closed meanwhile; the process is still there


def named(name, user=None):
    """Numbers of the processes that are called so; only of this user's.

    Nothing is started for it: two pgreps five times a second would take an emulated processor from the
    desktop that is waited for.
    """
    uid = pwd.getpwnam(user).pw_uid if user else None
    found = []
    for path in glob.glob('/proc/[0-9]*'):
        try:
            with open(f'{path}/comm') as file:
                if file.read().strip() == name and uid in (None, os.stat(path).st_uid):
                    found.append(int(os.path.basename(path)))
        except OSError:
            continue  # it has ended
    return sorted(found)


def has_open(pid, path):
    try:
        return path in _links(f'/proc/{pid}/fd')
    except OSError:
        return False  # it has ended


def wait_for_user(path, program, seconds):
    """Waits until a program that is called so has the device file open; returns whether one has."""
    deadline = time.monotonic() + seconds
    while not (found := any(has_open(pid, path) for pid in named(program))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def wait_for_use(path, pid, seconds=60):
    """Waits until this process has the device file open."""
    deadline = time.monotonic() + seconds
    while not has_open(pid, path):
        if time.monotonic() > deadline:
            raise RuntimeError(f'process {pid} does not open {path}')
        time.sleep(0.1)


def wait_for_desktop(seconds=90):
    """Waits until lightdm's session has its window manager; returns the display server's number."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        servers = named('Xorg')
        if servers and named('openbox', USER):
            return servers[0]
        time.sleep(0.2)
    raise RuntimeError('the desktop did not come up')


def wait_for_program(program, user=USER, seconds=60):
    """Waits until the user runs a program of this name."""
    deadline = time.monotonic() + seconds
    while subprocess.run(['pgrep', '-u', user, '-f', f'^{program}'], check=False, capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError(f'{program} did not start')
        time.sleep(0.1)


def wait_for_keeper(path, seconds=60):
    """Waits until the session manager has opened the device file for a desktop."""
    deadline = time.monotonic() + seconds
    while not any(has_open(pid, path) for pid in named('systemd-logind')):
        if time.monotonic() > deadline:
            raise RuntimeError(f'nobody has asked for {path}')
        time.sleep(0.1)
