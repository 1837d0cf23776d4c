# SPDX-License-Identifier: GPL-3.0-or-later
"""halt.py PIPE: passes on what strace tells, and halts a program in the middle of a call.

strace gives a signal at a call only where it stops at every call, which makes
a program that looks around many times slower. So it is asked to keep the call
waiting, which it does at full speed, and the signal comes from here: strace
has told what is called by then, but not how it ended.

Orders come on stdin, a line each: "WHEN SIGNAL CALL,CALL,…", the WHEN-th of
one of these calls that a process makes; or "0" for none. Each order counts
anew, and each call for itself, as strace does.
"""

import os
import re
import select
import signal
import sys

CALLED = re.compile(rb'(\d+) +(\w+)\(')


class Order:
    def __init__(self, line):
        when, *rest = line.split()
        self.when = int(when)
        self.signal = signal.Signals[f'SIG{rest[0]}'] if rest else None
        self.calls = set(rest[1].split(',')) if rest else set()
        self._counts = {}

    def meets(self, line):
        """The pid, if this is the call that was waited for."""
        called = CALLED.match(line)
        if not called or called.group(2).decode() not in self.calls:
            return None
        made = called.groups()
        self._counts[made] = self._counts.get(made, 0) + 1
        return int(made[0]) if self._counts[made] == self.when else None


def is_kept_waiting(pid):
    """Whether strace still has it in its hands."""
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            return file.read().rpartition(b')')[2].split()[0] == b't'
    except OSError:
        return False


def tell(text):
    while text:
        text = text[os.write(1, text):]


class Follower:
    def __init__(self, path):
        # Open for writing as well, or the first program's end would end it.
        self._pipe = os.open(path, os.O_RDWR)
        self._order = Order('0')
        self._half = b''
        self._seen = False

    def _halt(self, pid):
        if is_kept_waiting(pid):
            os.kill(pid, self._order.signal)
        else:
            tell(b'%d --- halted too late\n' % pid)

    def _take(self, text):
        """Each call is looked at once, when its name and its arguments have come."""
        *lines, half = (self._half + text).split(b'\n')
        for line in lines:
            self._look(line)
            tell(line + b'\n')
            self._seen = False
        if CALLED.match(half):
            self._look(half)
        self._half = half

    def _look(self, line):
        if self._seen:
            return
        pid = self._order.meets(line)
        self._seen = CALLED.match(line) is not None
        if pid is not None:
            self._halt(pid)

    def run(self):
        orders = os.fdopen(0, buffering=1)
        wanted = [0, self._pipe]
        while True:
            ready, _, _ = select.select(wanted, [], [])
            # An order is older than what it is about.
            if 0 in ready:
                line = orders.readline()
                if line:
                    self._order = Order(line)
                else:
                    wanted.remove(0)
            elif self._pipe in ready:
                self._take(os.read(self._pipe, 65536))


if __name__ == '__main__':
    Follower(sys.argv[1]).run()
