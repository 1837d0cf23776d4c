# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults from outside into the shipped programs: errors, stops and ends."""

import contextlib
import re

from . import channel

WORKER = 'baton-worker@.service'
SETTLE = 'baton-settle.service'

WRITES = 'write,pwrite64,writev,pwritev2'
JOURNAL = '/var/lib/baton/journal'

# A line of strace -f -y: pid, call, path of its first descriptor, bytes.
CALL = re.compile(r'^(\d+) +(\w+)\(\d+<([^>]*)>, "((?:[^"\\]|\\.)*)"')


# How long strace keeps a call waiting for the signal, in microseconds. It hears of nothing before,
# not even that the program was killed.
WAITS_US = 3_000_000


class Trace:
    """What strace tells about the program, line by line, while it runs."""

    def __init__(self, bench, unit):
        self._bench = bench
        self._unit = unit
        self._path = bench.call('faults.trace', unit=unit)
        self._reader = bench.spawn('python3', '-B', '/bench/inside/halt.py', self._path)
        self._lines = self._reader.lines(180)
        self.seen = []

    def _next(self):
        line = next(self._lines)
        self.seen.append(line)
        if line.endswith('--- halted too late'):
            raise AssertionError(f'the signal came too late: {line}')
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
        """From now on the program is started with these faults, which the kernel picks."""
        self._bench.call('faults.install', unit=self._unit,
                         options=['-f', '-y', '-s', '128', '--seccomp-bpf', *options])

    def halt(self, signal, when, *options, calls=WRITES):
        """From now on it meets with @signal at the @when-th of @calls that @options leave."""
        self._reader.write(f'{when} {signal} {calls}\n')
        self.inject('-e', f'trace={calls}',
                    '-e', f'inject={calls}:delay_enter={WAITS_US}:when={when}', *options)

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
def _tracing(bench, unit):
    trace = Trace(bench, unit)
    bench.at_end(bench.call, 'faults.forget', unit=unit)
    try:
        yield trace
    finally:
        bench.call('faults.remove', unit=unit)
        trace.close()


@contextlib.contextmanager
def traced(bench, *options, unit=WORKER):
    """Runs @unit's program under strace with @options, for as long as this lasts."""
    with _tracing(bench, unit) as trace:
        trace.inject(*options)
        yield trace


def files_written(bench, hand):
    """Every file of /sys that Baton writes to in @hand, in order, each once."""
    with traced(bench, '-e', f'trace={WRITES}') as trace:
        hand()
        trace.drain()
        found = trace.writes('/sys/')
    return list(dict.fromkeys(path for path, _ in found))


def failing(bench, path, when=1, error='EIO', unit=WORKER):
    """The @when-th write of each process to @path fails."""
    return traced(bench, '-P', path, '-e', f'trace={WRITES}',
                  '-e', f'inject={WRITES}:error={error}:when={when}', unit=unit)


@contextlib.contextmanager
def halted(bench, signal, when, *options, calls=WRITES, unit=WORKER):
    """Each process meets with @signal at the @when-th of @calls that @options leave."""
    with _tracing(bench, unit) as trace:
        trace.halt(signal, when, *options, calls=calls)
        yield trace


def stopped(bench, path, when=1, calls=WRITES, unit=WORKER, aside=False):
    """The process that writes to @path for the @when-th time is stopped there.

    @aside: strace is not what systemd has started, but beside it, so that the
    unit ends with its main process whatever becomes of the others.
    """
    return halted(bench, 'STOP', when, *(('-D',) if aside else ()), '-P', path, calls=calls,
                  unit=unit)


def killed(bench, path, when=1, unit=WORKER):
    """The process that writes to @path for the @when-th time is killed before it does."""
    return halted(bench, 'KILL', when, '-P', path, unit=unit)
