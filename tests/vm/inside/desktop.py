# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop of user u, from outside it: X11 through the session's own tools."""

import os
import pwd
import subprocess

USER = 'u'


def _x11(*argv, timeout=60):
    """Runs an X11 program as the desktop's user."""
    user = pwd.getpwnam(USER)
    env = {'PATH': '/usr/bin:/bin', 'DISPLAY': ':0', 'HOME': user.pw_dir,
           'XAUTHORITY': os.path.join(user.pw_dir, '.Xauthority')}
    return subprocess.run(argv, env=env, user=user.pw_uid, group=user.pw_gid, extra_groups=[],
                          capture_output=True, text=True, timeout=timeout)


def paint(colour):
    """Gives the background of the screen this colour."""
    done = _x11('xsetroot', '-solid', colour)
    if done.returncode != 0:
        raise RuntimeError(f'the desktop could not be painted: {done.stderr}')


def wait_for_window(title):
    """Waits until a window of this title is on the screen."""
    done = _x11('xdotool', 'search', '--sync', '--onlyvisible', '--name', title, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f'no window “{title}”: {done.stderr}')
    return done.stdout.split()
