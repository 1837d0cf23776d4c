# SPDX-License-Identifier: GPL-3.0-or-later
"""Over ssh the password is asked in the terminal: a wrong one is refused, a right one hands over."""

import json

from bench import story

TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
SSH = ('ssh', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null',
       '-o', 'LogLevel=ERROR', '-o', 'PubkeyAuthentication=no')
HOST = 'u@localhost'
LOGIN = ['password:', 'u']
ASKED = ['Password:', 'u']


def at_terminal(bench, answers, *argv):
    return bench.run('python3', '-B', '/bench/inside/terminal.py', json.dumps(answers), *argv,
                     status=None, timeout=240)


def over_ssh(bench, command, *answers):
    """u logs in and runs @command on a terminal there, as people do."""
    return at_terminal(bench, [LOGIN, *answers], *SSH, '-tt', HOST, f'echo tty $(tty); {command}')


def run(bench):
    bench.run('systemctl', 'start', 'ssh.service')
    bench.at_end(bench.run, 'systemctl', 'stop', 'ssh.service')
    before = bench.function(CARD), bench.function(SOUND)

    # Who answers no is asked for no password.
    done = over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'n'])
    assert 'Nothing was done' in done.out and 'Password' not in done.out, done.out
    done = over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'y'], ['Password:', 'wrong'])
    assert done.status == story.REFUSED and 'not allowed' in done.out, (done.status, done.out)
    # Without a terminal nobody can be asked, and it says what to do.
    done = at_terminal(bench, [LOGIN], *SSH, '-T', HOST, 'batonctl guest 01:00.0 --yes')
    assert done.status == story.REFUSED and 'sudo' in done.out, (done.status, done.out)
    assert (bench.function(CARD), bench.function(SOUND)) == before

    done = over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'y'], ASKED)
    assert done.status == story.DONE, (done.status, done.out, done.err)
    bench.expect_guest(CARD, SOUND)
    done = over_ssh(bench, 'batonctl host 01:00.0 --yes', ASKED)
    assert done.status == story.DONE, (done.status, done.out, done.err)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
