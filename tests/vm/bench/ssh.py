# SPDX-License-Identifier: GPL-3.0-or-later
"""A person who comes in by ssh: the bench's server, and a terminal at which its questions are answered."""

import contextlib
import json

UNIT = 'ssh.service'
SSH = ('ssh', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null',
       '-o', 'LogLevel=ERROR', '-o', 'PubkeyAuthentication=no')
HOST = 'u@localhost'
# What is shown at the end of the terminal, and what is typed then.
LOGIN = ['password:', 'u']
ASKED = ['Password:', 'u']


@contextlib.contextmanager
def server(bench):
    """The machine listens, for as long as this lasts."""
    bench.run('systemctl', 'start', UNIT)
    try:
        yield
    finally:
        bench.run('systemctl', 'stop', UNIT)


def at_terminal(bench, answers, *argv):
    return bench.run('python3', '-B', '/bench/inside/terminal.py', json.dumps(answers), *argv,
                     status=None, timeout=240)


def over_ssh(bench, command, *answers):
    """u logs in and runs @command on a terminal there, as people do."""
    return at_terminal(bench, [LOGIN, *answers], *SSH, '-tt', HOST, f'echo tty $(tty); {command}')


def without_terminal(bench, command):
    """u logs in for @command alone, which has nobody to ask there."""
    return at_terminal(bench, [LOGIN], *SSH, '-T', HOST, command)
