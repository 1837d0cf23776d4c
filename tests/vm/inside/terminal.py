# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal.py ANSWERS PROGRAM…: a person at a terminal.

ANSWERS is JSON, a list of [PROMPT, ANSWER]: when the terminal shows PROMPT at
its end, ANSWER is typed. Prints what the terminal showed, and ends as the
program does. A line "tty /dev/pts/N" tells that the prompts that follow are
shown by a program on that terminal, at the other end of a connection.
"""

import json
import os
import pty
import re
import select
import sys
import termios
import time

PATIENCE_S = 120


def wait_for_no_echo(terminal):
    """Who asks for a password throws away what was typed before it turned echo off.

    The prompt is shown before that, and a terminal tells nobody when it is done.
    """
    until = time.monotonic() + PATIENCE_S
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        if time.monotonic() > until:
            raise SystemExit('the password would be shown')
        time.sleep(0.01)


def main(answers, *argv):
    answers = json.loads(answers)
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    shown = ''
    remote = None
    while select.select([terminal], [], [], PATIENCE_S)[0]:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side of a terminal is closed
            break
        shown += block.decode(errors='replace')
        for told in re.findall(r'^tty (/dev/pts/\d+)\r?\n', shown, re.M):
            remote = told
        if answers and shown.rstrip().endswith(answers[0][0]):
            prompt, answer = answers.pop(0)
            if 'assword' in prompt:
                asks = os.open(remote, os.O_RDWR | os.O_NOCTTY) if remote else terminal
                wait_for_no_echo(asks)
                if remote:
                    os.close(asks)
            os.write(terminal, answer.encode() + b'\n')
            # Not seen again with what comes next.
            print(shown, end='', flush=True)
            shown = ''
    print(shown, end='', flush=True)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
