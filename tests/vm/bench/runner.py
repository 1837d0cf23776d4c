# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the stories, boots what they ask for, runs them and counts."""

import argparse
import concurrent.futures
import dataclasses
import datetime
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import traceback

from . import cache, channel, debian, image, machine, project, story, topology

HERE = pathlib.Path(__file__).resolve().parent
STORIES = HERE.parent / 'stories'

# An emulated kernel hangs once in some hundred boots while its processors start, before anything
# of Baton's is there.
STARTS = 2


@dataclasses.dataclass
class Story:
    """One file of tests/vm/stories: its first line says what it shows.

    The file may set TOPOLOGIES or TOPOLOGY; TIER, quick or full; IMAGES, the
    releases of a quick run; SESSION, it needs the desktop of user u; MEMORY_MB,
    more memory than others have; FLAVOUR, an image with more in it (image.py);
    OWN_DISKS, its disk and the RAM disk it starts from are its own, so that it
    may start from what it has made, and as another topology; PACKAGE, it begins
    without Baton and installs the Debian package; LEAVES, what may differ after
    it; SPOILS, the machine is of no use afterwards, and the next story finds it
    as it was when it had come up. run(bench) is the story.
    """

    name: str
    module: object

    @property
    def title(self):
        return self.module.__doc__.splitlines()[0].rstrip('.')

    def value(self, name, default):
        return getattr(self.module, name, default)

    @property
    def flavour(self):
        return self.value('FLAVOUR', 'plain')

    @property
    def begins(self):
        """With which moment of the machine it begins."""
        return 'bare' if self.value('PACKAGE', False) else 'installed'

    @property
    def order(self):
        """Who spoils the machine comes late in it, and who needs another one last."""
        return self.value('PACKAGE', False), self.value('SPOILS', False)

    @property
    def topologies(self):
        return self.value('TOPOLOGIES', (self.value('TOPOLOGY', 'plain'),))


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def record(self, good, text):
        with self.lock:
            if good:
                self.passed += 1
            else:
                self.failed += 1
            print(f'{"ok" if good else "not ok"} {self.passed + self.failed} - {text}', flush=True)


def find_stories():
    found = []
    for path in sorted(STORIES.glob('*.py')):
        specification = importlib.util.spec_from_file_location(f'story_{path.stem}', path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        found.append(Story(path.stem.replace('_', '-'), module))
    return found


class Group:
    """The stories that share a machine: one image, one topology."""

    def __init__(self, release, topology_name, stories, options, count):
        self.release = release
        self.flavour = stories[0].flavour
        self.topology = topology_name
        self.stories = stories
        self.options = options
        self.count = count
        self.machine = None
        self.boots = 0
        # The moments that it can come back to, and which it is at, but for what the stories have left.
        self.kept = set()
        self.moment = None
        # A desktop costs seconds of every boot, so it comes where it is wanted.
        self.desktop = self.wants('SESSION')
        self.memory_mb = max(one.value('MEMORY_MB', machine.MEMORY_MB) for one in self.stories)

    def wants(self, name):
        """Whether any of its stories has @name set."""
        return any(one.value(name, False) for one in self.stories)

    def _start(self):
        """A machine with nothing of Baton's on it yet."""
        what = self.topology + ('' if self.flavour == 'plain' else f'-{self.flavour}')
        for left in reversed(range(STARTS)):
            self.boots += 1
            logs = self.options.logs / f'{self.release}-{what}-{self.boots}'
            try:
                return machine.Machine(self.options.images[self.release, self.flavour],
                                       self.topology, logs,
                                       self.options.share, desktop=self.desktop,
                                       memory_mb=self.memory_mb,
                                       processors=self.options.processors,
                                       own_disks=self.wants('OWN_DISKS'))
            except channel.Lost as error:
                if left == 0:
                    raise
                self.count.say(f'# Debian {self.release}, {what}: {error}; it is started again, '
                               f'logs: {logs}')

    def _boot(self, moment):
        started = time.monotonic()
        self.machine = self._start()
        if self.wants('PACKAGE'):
            self.machine.wait_ready()
            self._keep('bare')
        if moment == 'installed':
            self.machine.channel.call('setup.install', timeout=300,
                                      archive=f'/bench/install-{self.release}.tar')
            self.machine.wait_ready()
            self._keep('installed')
        self.moment = moment
        self.count.say(f'# Debian {self.release}, {self.topology}: up in '
                       f'{time.monotonic() - started:.0f} s')

    def _keep(self, moment):
        """Where others come after the first story, so that none of them needs a boot."""
        try:
            if len(self.stories) > 1 and self.machine.keep(moment):
                self.kept.add(moment)
        except RuntimeError as error:
            self.count.say(f'# Debian {self.release}, {self.topology}: {error}')

    def _drop(self):
        if self.machine is not None:
            self.machine.stop()
            self.machine = None
            self.kept.clear()

    def _go_to(self, moment):
        """Has the machine be at @moment, which it may be already."""
        if self.moment == moment:
            return
        if moment in self.kept:
            try:
                self.machine.come_back(moment)
                self.moment = moment
                return
            except Exception as error:
                # It has shut down, or hangs.
                self.count.say(f'# Debian {self.release}, {self.topology}: {error}; it is started anew')
        self._drop()
        self._boot(moment)

    def run(self):
        try:
            for one in self.stories:
                self._run(one)
        finally:
            self._drop()

    def _run(self, one):
        started = time.monotonic()
        failure = None
        try:
            self._go_to(one.begins)
            started = time.monotonic()
            self._tell(one)
        except Exception:
            failure = traceback.format_exc()
        took = time.monotonic() - started
        text = f'{self.release} {self.topology} {one.name}: {one.title} ({took:.1f} s)'
        if failure is not None:
            self.count.say(''.join(f'# {line}\n' for line in failure.splitlines()).rstrip())
            self._keep_evidence(one)
        self.count.record(failure is None, text)
        if failure is not None or one.value('SPOILS', False):
            self.moment = None

    def _tell(self, one):
        """The story between two looks at the whole machine, which must agree."""
        bench = story.Bench(self.machine, self.options.full, self.count.say)
        spoils = one.value('SPOILS', False)
        before = None if spoils else bench.snapshot()
        try:
            one.module.run(bench)
        finally:
            bench.close()
        if before is not None:
            self.machine.channel.check_same_boot()
            bench.expect_same(before, allow=(*story.HANDOFF_LEAVES, *one.value('LEAVES', ())))

    def _keep_evidence(self, one):
        """What the machine has to say about a story that failed."""
        if self.machine is None:
            return
        directory = self.options.logs / f'{self.release}-{self.topology}-{one.name}'
        directory.mkdir(parents=True, exist_ok=True)
        try:
            for name, command in (('dmesg', ['dmesg']), ('journal', ['journalctl', '-b', '--no-pager'])):
                process = self.machine.channel.spawn(command).wait(60)
                (directory / f'{name}.txt').write_text(process.out, errors='replace')
            self.machine.screenshot(directory / 'screen.png')
        except Exception as error:
            self.count.say(f'# could not gather the logs of {one.name}: {error}')
        self.count.say(f'# logs: {directory}')


def _parse(arguments):
    parser = argparse.ArgumentParser(prog='tests/vm/run', description='Runs stories on the bench.')
    parser.add_argument('--image', action='append', choices=list(debian.RELEASES), dest='releases',
                        help='only on this Debian release')
    parser.add_argument('--story', action='append', nargs='+', help='only these')
    parser.add_argument('--topology', action='append', choices=list(topology.TOPOLOGIES))
    parser.add_argument('--all', action='store_true', dest='full', help='also what takes long, and all on both releases')
    parser.add_argument('--list', action='store_true', help='say which there are')
    parser.add_argument('--prepare', action='store_true',
                        help='only make what the machines start from and what is installed in them')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1,
                        help='machines at once')
    parser.add_argument('--logs', type=pathlib.Path, help='where to keep the logs')
    parser.add_argument('--count', type=pathlib.Path, help='write "PASSED FAILED" to this file')
    options = parser.parse_args(arguments)
    options.releases = options.releases or list(debian.RELEASES)
    return options


def _is_left_out(one, release, topology_name, options):
    """A quick run tells most stories on one release, in turns, so that it stays quick."""
    if options.topology and topology_name not in options.topology:
        return True
    return not options.full and not options.story and (
        release not in one.value('IMAGES', tuple(debian.RELEASES)) or
        release not in topology.TOPOLOGIES[topology_name].images)


def _groups(options, count):
    stories = find_stories()
    wanted = {name for names in options.story or () for name in names}
    unknown = wanted - {one.name for one in stories}
    if unknown:
        raise SystemExit(f'there is no story {", ".join(sorted(unknown))}; --list names them')
    groups = {}
    for one in stories:
        if one.name not in wanted and (wanted or one.value('TIER', 'quick') == 'full' and
                                       not options.full):
            continue
        for release in options.releases:
            for name in one.topologies:
                if not _is_left_out(one, release, name, options):
                    groups.setdefault((release, name, one.flavour), []).append(one)
    return [Group(release, name, sorted(found, key=lambda one: one.order), options, count)
            for (release, name, _), found in groups.items()]


def _prepare(groups, options, count):
    """Makes the images of @groups, and fills the share with what they need."""
    options.share.chmod(0o755)
    shutil.copytree(HERE.parent / 'inside', options.share / 'inside',
                    ignore=shutil.ignore_patterns('__pycache__'))
    options.images = {(release, flavour): image.find_or_build(release, count.say, flavour)
                      for release, flavour in sorted({(group.release, group.flavour)
                                                      for group in groups})}
    for release in sorted({group.release for group in groups}):
        if any(group.release == release and group.wants('PACKAGE') for group in groups):
            project.package(release, options.share, count.say)
        else:
            project.install_tree(release, options.share, count.say)


def main(arguments=None):
    options = _parse(arguments)
    count = Count()
    if options.list:
        for one in find_stories():
            print(f'{one.name:28} {one.value("TIER", "quick"):6} {one.title}')
        return 0
    groups = _groups(options, count)
    if not groups:
        raise SystemExit('no story is left to run')
    with tempfile.TemporaryDirectory(prefix='baton-share-') as share:
        options.share = pathlib.Path(share)
        started = time.monotonic()
        _prepare(groups, options, count)
        if options.prepare:
            return 0
        stamp = datetime.datetime.now().strftime('%Y%m%d-%H%M%S')
        options.logs = options.logs or cache.directory() / 'logs' / f'{stamp}-{os.getpid()}'
        options.logs.mkdir(parents=True, exist_ok=True)
        # A machine whose processors wait for each other on one that is shared takes
        # nearly twice as long as one that has a single processor.
        options.processors = max(1, (os.cpu_count() or 1) // min(options.jobs, len(groups)))
        # The longest first, so that none is left to run alone at the end.
        groups.sort(key=lambda group: len(group.stories), reverse=True)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for running in [pool.submit(group.run) for group in groups]:
                running.result()
    if options.count:
        options.count.write_text(f'{count.passed} {count.failed}\n')
    count.say(f'# {time.monotonic() - started:.0f} s, logs in {options.logs}')
    print(f'{count.passed} passed, {count.failed} failed', flush=True)
    return 0 if count.passed and not count.failed else 1


if __name__ == '__main__':
    sys.exit(main())
