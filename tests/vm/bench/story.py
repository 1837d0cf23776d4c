# SPDX-License-Identifier: GPL-3.0-or-later
"""What a story is given: a machine, Baton in it, and the kernel as the judge."""

import contextlib
import fnmatch
import json

from . import contract

# Exit statuses of the contract.
DONE, BAD_REQUEST, BUSY, REFUSED, CANCELLED, ROLLED_BACK, DEGRADED, STUCK, ERROR = (
    0, 10, 11, 12, 13, 14, 15, 16, 17)
DETACHED = 19

# What a handoff may leave behind though every device is as it was: modules
# that others use now, the report, and what remembers the last handoffs.
HANDOFF_LEAVES = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio*',
                  'files:/run/baton', 'files:/run/baton/*', 'files:/var/lib/baton',
                  'files:/var/lib/baton/report.json')


class Different(AssertionError):
    """Two snapshots that were to be equal are not."""


class NotStarted(AssertionError):
    """A virtual machine that could not open what it was to have."""


class Handoff:
    """A verb of batonctl that has run to its end: its events, checked."""

    def __init__(self, process, events):
        self.process = process
        self.events = events
        self.result = events[-1]
        self.code = self.result['code']

    @property
    def plan(self):
        return contract.merged(self.events, 'plan')

    @property
    def machine(self):
        return contract.merged(self.events, 'machine')

    @property
    def findings(self):
        return {finding['code']: finding for finding in (self.plan or {}).get('findings', [])}

    @property
    def blockers(self):
        return {code: finding for code, finding in self.findings.items()
                if finding['severity'] == 'blocker'}

    def steps(self, state=None):
        """The ids of the steps that came to @state, in order; None: of all lines."""
        return [event['id'] for event in self.events
                if event['type'] == 'step' and state in (None, event['state'])]


class Running:
    """A verb of batonctl whose events are read while it runs."""

    def __init__(self, process, timeout):
        self._lines = process.lines(timeout)
        self._reader = contract.Reader()
        self.events = self._reader.events

    def until(self, **wanted):
        """Reads on to the event that has @wanted, and returns it."""
        for line in self._lines:
            event = self._reader.take(line)
            if wanted.items() <= event.items():
                return event
        raise AssertionError(f'{wanted} did not come before {self.events[-1]}')

    def end(self):
        """Reads on to the end and returns the result."""
        for line in self._lines:
            self._reader.take(line)
        return self._reader.finish()


class Bench:
    """One story's hold on the machine."""

    def __init__(self, machine, full, say):
        self.machine = machine
        self._say = say
        self.release = machine.image.release
        self.topology = machine.topology
        self.full = full
        self._ends = contextlib.ExitStack()

    @property
    def channel(self):
        """The line to it, which is another one after it was started as another topology."""
        return self.machine.channel

    def say(self, text):
        """Has a figure stand beside the story's result."""
        self._say(f'# {text}')

    # programs in the machine

    def spawn(self, *argv, user=None, env=None):
        """Starts a program; @user starts it in that user's real session."""
        return self.channel.spawn(argv, user=user, env=env)

    def run(self, *argv, user=None, env=None, status=0, stdin='', timeout=120):
        """Runs a program to its end and holds its exit status against @status."""
        process = self.spawn(*argv, user=user, env=env)
        if stdin:
            process.write(stdin)
        process.close_stdin()
        process.wait(timeout)
        if status is not None and process.status != status:
            raise AssertionError(f'{" ".join(map(str, argv))} exited {process.status}, not {status}\n'
                                 f'{process.out[-3000:]}{process.err[-3000:]}')
        return process

    def call(self, name, **arguments):
        """Calls MODULE.FUNCTION of tests/vm/inside."""
        return self.channel.call(name, **arguments)

    # Baton in the machine

    def start_batonctl(self, *argv, user=None, env=None):
        """Starts batonctl --json without waiting for it."""
        return self.spawn('batonctl', '--json', *argv, user=user, env=env)

    def batonctl(self, *argv, user=None, env=None, status=DONE, timeout=180):
        """Runs batonctl --json, holds every line against the contract and returns it."""
        process = self.start_batonctl(*argv, user=user, env=env)
        process.close_stdin()
        return self.finish(process, status=status, timeout=timeout)

    @staticmethod
    def follow(process, timeout=180):
        """A batonctl --json that was started, to be read event by event.

        @timeout is how long it may be silent, which its heartbeat never lets it be, but while it
        waits for a virtual machine.
        """
        return Running(process, timeout)

    def finish(self, process, status=DONE, timeout=180):
        """Reads a batonctl --json that was started to its end."""
        reader = contract.Reader()
        for line in process.lines(timeout):
            reader.take(line)
        result = reader.finish()
        said = json.dumps(result)
        if process.status != result['exit']:
            raise AssertionError(f'{" ".join(process.argv)} exited {process.status} and said {said}')
        if status is not None and process.status != status:
            raise AssertionError(f'{" ".join(process.argv)} exited {process.status}, not {status}: '
                                 f'{said}\n{self._told(reader.events)}{process.err[-2000:]}')
        return Handoff(process, reader.events)

    @staticmethod
    def _told(events):
        lines = []
        for event in events:
            if event['type'] == 'step':
                lines.append(f'  {event["state"]} {event["id"]} {event["code"] or ""} '
                             f'{event["text"] or ""}')
            elif event['type'] == 'log':
                lines.append(f'  {event["level"]}: {event["text"]}')
            elif event['type'] == 'plan':
                lines += [f'  {finding["severity"]} {finding["code"]}: {finding["text"]}'
                          for finding in event['findings']]
        return ''.join(f'{line}\n' for line in lines)

    def to_guest(self, address, *options, **keywords):
        """Hands a card over, as root."""
        return self.batonctl('guest', address, '--yes', *options, **keywords)

    def to_host(self, address, *options, **keywords):
        """Takes a card back, as root."""
        return self.batonctl('host', address, '--yes', *options, **keywords)

    # the kernel

    def function(self, address):
        """One PCI function as sysfs has it now."""
        return self.call('sysfs.function', address=address)

    def expect_driver(self, driver, *addresses):
        """Every one of @addresses is bound to @driver and nothing else."""
        for address in addresses:
            has = self.function(address)['driver']
            if has != driver:
                raise AssertionError(f'{address} is bound to {has}, not {driver}')

    def expect_guest(self, *addresses):
        """They are on vfio-pci, and the kernel would give their group to a guest."""
        self.expect_driver('vfio-pci', *addresses)
        for group in {self.function(address)['group'] for address in addresses}:
            if not self.call('sysfs.viable', group=group):
                raise AssertionError(f'the kernel says that group {group} is not viable')

    def snapshot(self):
        """The state of the whole machine."""
        return self.call('snapshot.take')

    def expect_same(self, before, after=None, allow=()):
        """Nothing differs between two snapshots but what @allow names."""
        after = after or self.snapshot()
        lines = [line for line in differences(before, after)
                 if not any(fnmatch.fnmatch(line.split(' ')[1], pattern) for pattern in allow)]
        if lines:
            raise Different('the machine is not as it was:\n' + '\n'.join(lines))

    @contextlib.contextmanager
    def file(self, path, text):
        """A file that is there for a while."""
        self.run('sh', '-c', 'cat > "$1"', 'sh', path, stdin=text)
        try:
            yield
        finally:
            self.run('rm', path)

    @contextlib.contextmanager
    def holding(self, how, path, *rest, user=None, scope=None):
        """Keeps a node busy as inside/hold.py says.

        With @scope it runs in that unit of the user's, as a desktop starts an
        application.
        """
        argv = ['python3', '-B', '/bench/inside/hold.py', how, path, *rest]
        if scope is not None:
            argv = ['systemd-run', '--user', '--scope', '--quiet', f'--unit={scope}', *argv]
        process = self.spawn(*argv, user=user)
        lines = process.lines(60)
        if next(lines, None) != 'holding':
            raise AssertionError(f'could not hold {path} by {how}: {process.err}')
        try:
            yield process
        finally:
            process.close_stdin()
            process.wait()

    @contextlib.contextmanager
    def agent(self, answer):
        """A polkit agent of the desktop's session that answers as inside/authenticate.py says."""
        process = self.spawn('python3', '-B', '/bench/inside/authenticate.py', answer, user='u')
        lines = process.lines()
        if next(lines, None) != 'registered':
            raise AssertionError(f'the agent was not registered: {process.err}')
        try:
            yield process
        finally:
            process.close_stdin()
            process.wait()

    @contextlib.contextmanager
    def guest(self, *addresses, user=None, memlock=None):
        """A real virtual machine that has these functions open, started by root or by @user.

        @memlock is how many bytes of its 128 MiB it may lock, or "unlimited".
        """
        devices = [part for address in addresses
                   for part in ('-device', f'vfio-pci,host={address}')]
        # In a session, what was spawned is the program that asked for it. The shell becomes
        # the machine when it reads a line: by then its limit is set.
        process = self.spawn(
            'sh', '-c', 'echo $$; read -r go; exec "$@"', 'sh',
            'qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-m', '128', '-display', 'none',
            '-vga', 'none', '-nodefaults', '-name', 'guest-of-the-bench', '-qmp', 'stdio', *devices,
            user=user)
        lines = process.lines(120)
        process.inside = int(next(lines))
        if memlock is not None:
            self.run('prlimit', f'--pid={process.inside}', f'--memlock={memlock}:{memlock}')
        # Its first answer comes from its main loop: the devices are open then.
        process.write('go\n{"execute":"qmp_capabilities"}\n')
        for line in lines:
            if '"return"' in line:
                break
        else:
            raise NotStarted(f'the guest did not start: {process.err}')
        try:
            yield process
        finally:
            if process.status is None:
                process.write('{"execute":"quit"}\n')
                process.wait()

    def at_end(self, callback, *arguments, **keywords):
        """Something to undo when the story ends, however it ends."""
        self._ends.callback(callback, *arguments, **keywords)

    def close(self):
        self._ends.close()


def differences(before, after):
    """Lines "SIGN KIND:KEY was → is" for all that is not alike."""
    found = []
    for kind in before:
        old, new = before[kind], after[kind]
        if isinstance(old, list):
            old, new = ({key: 'there' for key in part} for part in (old, new))
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) == new.get(key):
                continue
            sign = '-' if key not in new else '+' if key not in old else '~'
            was, now = old.get(key), new.get(key)
            if isinstance(was, dict) and isinstance(now, dict):
                was, now = ({name: part[name] for name in part if old[key][name] != new[key][name]}
                            for part in (was, now))
            found.append(f'{sign} {kind}:{key} {was} → {now}')
    return found
