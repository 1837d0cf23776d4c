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

    def __init__(self, bench, unit):
        self._bench = bench
        self._unit = unit
        self._path = bench.call('faults.trace', unit=unit)
        # Open for writing as well, or the first program's end would end it.
        self._reader = bench.spawn('sh', '-c', 'exec cat <>"$1"', 'sh', self._path)
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
            found = re.match(r'(\d+) +--- stopped by SIGSTOP', line)
            if found:
                self.pid = int(found.group(1))
                return self.pid
            main = main or self._pid_of_call(line)
            if main and re.match(main + r' +\+\+\+ ', line):
                return None

    def wait_end(self):
        """Waits for the program's end; returns whether it was killed."""
        main = None
        while True:
            line = self._next()
            main = main or self._pid_of_call(line)
            if main and (found := re.match(main + r' +\+\+\+ (exited|killed)', line)):
                return found.group(1) == 'killed'

    @staticmethod
    def _pid_of_call(line):
        """Who makes the first call is the program; its children end all the time."""
        call = re.match(r'(\d+) +\w+\(', line)
        return call and call.group(1)

    def inject(self, *options):
        """From now on the program is started with these faults."""
        if not any('signal=' in option for option in options):
            # The kernel picks the calls, and all others go at full speed. strace
            # cannot give a signal at a stop of that kind, and does not say so.
            options = ('--seccomp-bpf', *options)
        self._bench.call('faults.install', unit=self._unit,
                         options=['-f', '-y', '-s', '128', *options])

    def spare_others(self):
        """Whoever is started after this one meets with no fault."""
        self._bench.call('faults.remove', unit=self._unit)

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
        self._bench.run('sh', '-c', 'echo 0 end-of-story >"$1"', 'sh', self._path)
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
    trace = Trace(bench, unit)
    bench.at_end(bench.call, 'faults.forget', unit=unit)
    trace.inject(*options)
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


def stopped(bench, path, when=1, unit=WORKER, aside=False):
    """The process that writes to @path for the @when-th time is stopped there.

    @aside: strace is not what systemd has started, but beside it, so that the
    unit ends with its main process whatever becomes of the others.
    """
    return traced(bench, *(('-D',) if aside else ()), *injecting('signal=STOP', path, when),
                  unit=unit)


def killed(bench, path, when=1, unit=WORKER):
    """The process that writes to @path for the @when-th time is killed there."""
    return traced(bench, *injecting('signal=KILL', path, when), unit=unit)
