# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults from outside into the shipped programs: errors, stops and ends."""

import contextlib
import re

from . import channel

WORKER = 'baton-worker@.service'
RECOVER = 'baton-recover.service'

WRITES = 'write,pwrite64,writev,pwritev2'
JOURNAL = '/var/lib/baton/journal'

# A line of strace -f -y: pid, call, path of its first descriptor, bytes.
CALL = re.compile(r'^(\d+) +(\w+)\(\d+<([^>]*)>, "((?:[^"\\]|\\.)*)"')


class Trace:
    """What strace tells about the program, line by line, while it runs."""

    def __init__(self, bench):
        self._bench = bench
        # Open for writing as well, or the first program's end would end it.
        self._reader = bench.spawn('sh', '-c', 'exec cat <>/run/bench/trace')
        self._lines = self._reader.lines(180)
        self.seen = []

    def _next(self):
        line = next(self._lines)
        self.seen.append(line)
        return line

    def wait_stopped(self):
        """Waits until the fault has stopped the program and returns the pid.

        Returns None if the program came to its end and was not stopped.
        """
        main = None
        while True:
            line = self._next()
            call, found = CALL.match(line), re.match(r'(\d+) +--- stopped by SIGSTOP', line)
            if found:
                self.pid = int(found.group(1))
                return self.pid
            # Who writes first is the program; its children end all the time.
            main = main or (call and call.group(1))
            if main and re.match(main + r' +\+\+\+ ', line):
                return None

    def go_on(self):
        """Lets a stopped program go on."""
        self._bench.run('kill', '-CONT', self.pid)

    def injected(self):
        """Whether a fault has been injected in what was seen so far."""
        return any('(INJECTED)' in line or '--- stopped by' in line or 'killed by' in line
                   for line in self.seen)

    def writes(self, prefix):
        """(path, bytes) of every write below @prefix that was seen."""
        found = []
        for line in self.seen:
            call = CALL.match(line)
            if call and call.group(3).startswith(prefix):
                found.append((call.group(3), call.group(4)))
        return found

    def drain(self):
        """Takes over what has been told so far, up to a mark of our own."""
        self._bench.run('sh', '-c', 'echo 0 end-of-story >/run/bench/trace')
        while self._next() != '0 end-of-story':
            pass

    def close(self):
        if self._reader.status is not None:
            return
        self._reader.signal(15)
        # A power cut has ended it already.
        with contextlib.suppress(channel.Lost):
            self._reader.wait()


@contextlib.contextmanager
def traced(bench, *options, unit=WORKER):
    """Runs @unit's program under strace with @options, for as long as this lasts."""
    bench.call('faults.install', unit=unit, options=['-f', '-y', '-s', '128', *options])
    trace = Trace(bench)
    try:
        yield trace
    finally:
        bench.call('faults.remove', unit=unit)
        trace.close()


def injecting(what, path, when=1, calls=WRITES):
    """Options for the @when-th call in @calls on @path to meet with @what."""
    return ['-P', path, '-e', f'trace={calls}', '-e', f'inject={calls}:{what}:when={when}']


def failing(bench, path, when=1, error='EIO', unit=WORKER):
    """The @when-th write of each process to @path fails."""
    return traced(bench, *injecting(f'error={error}', path, when), unit=unit)


def stopped(bench, path, when=1, unit=WORKER):
    """The process that writes to @path for the @when-th time is stopped there."""
    return traced(bench, *injecting('signal=STOP', path, when), unit=unit)


def killed(bench, path, when=1, unit=WORKER):
    """The process that writes to @path for the @when-th time is killed there."""
    return traced(bench, *injecting('signal=KILL', path, when), unit=unit)
