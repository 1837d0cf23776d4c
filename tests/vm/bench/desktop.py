# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop of user u: Baton's window in it, somebody who answers its questions, and what it
was asked to show."""

import contextlib
import json
import pathlib
import tempfile
import time


class Window:
    """The installed window, driven through its accessible tree."""

    def __init__(self, process):
        self._process = process
        # Longer than what drives it waits itself (DEADLINE_MS), so that it can say what it saw.
        self._lines = process.lines(180)

    def ask(self, verb, argument=''):
        self._process.write(f'{verb} {argument}'.rstrip() + '\n')
        line = next(self._lines, None)
        assert line is not None, self._process.err
        return json.loads(line)

    def expect(self, verb, argument):
        if not self.ask(verb, argument):
            raise AssertionError(f'{verb} “{argument}”: on screen are {self.ask("texts")}\n'
                                 f'{self._process.err}')

    def expect_names(self):
        """Whatever can be reached on screen has a name of its own."""
        unnamed = self.ask('names')
        assert unnamed == [], unnamed


# QEMU's cards do not draw by themselves, and GL in software takes minutes for a window.
DRAWING = {'GSK_RENDERER': 'cairo', 'GDK_DEBUG': 'gl-disable'}


@contextlib.contextmanager
def window(bench, *environment, scope=None):
    """The window, with this in its environment; @scope is the unit that it is alone in."""
    drawing = [f'{key}={value}' for key, value in DRAWING.items()]
    alone = [f'--scope={scope}'] if scope is not None else []
    process = bench.spawn('python3', '-B', '/bench/inside/window.py', *alone, *drawing,
                          *environment, user='u')
    try:
        yield Window(process)
    finally:
        process.close_stdin()
        process.wait()


@contextlib.contextmanager
def agent(bench, answer):
    """Somebody who types this into the desktop's password prompt."""
    process = bench.spawn('python3', '-B', '/bench/inside/authenticate.py', answer, user='u')
    assert next(process.lines(), None) == 'registered', process.err
    try:
        yield
    finally:
        process.close_stdin()
        process.wait()


# What tells at a login how the last handoff ended, and what systemd makes of it (systemd-xdg-autostart-generator).
AUTOSTART = '/etc/xdg/autostart/io.github.batongpu.Baton.Report.desktop'
LOGIN = 'app-io.github.batongpu.Baton.Report@autostart.service'


def log_in(bench):
    """What the session does with the autostart entry at each login."""
    bench.run('systemctl', '--user', 'start', '--wait', LOGIN, user='u')


@contextlib.contextmanager
def nobody_told(bench):
    """The login that follows a session's end says nothing, which nobody would read: the story logs in once more."""
    bench.run('mv', AUTOSTART, '/run/autostart')
    try:
        yield
    finally:
        bench.run('mv', '/run/autostart', AUTOSTART)


def make_room(bench):
    """For who shows notifications in the story's place: who was started for one does not give way."""
    bench.run('systemctl', '--user', 'stop', 'dunst.service', user='u', status=None)
    bench.run('systemctl', '--user', 'daemon-reload', user='u')


_MARK = 'end of the story’s chapter'


class Shown:
    """What the desktop was asked to show."""

    def __init__(self, bench, process):
        self._bench = bench
        self._lines = process.lines(120)
        assert next(self._lines, None) == 'listening', process.err

    def next(self):
        return json.loads(next(self._lines))

    def expect_nothing_more(self):
        """What was sent before the mark has come before it: one bus, one receiver."""
        self._bench.run('notify-send', _MARK, user='u')
        found = self.next()
        assert found['title'] == _MARK, found


@contextlib.contextmanager
def notifications(bench, *options):
    """Of what is shown; with --all, of what is taken off the screen again, too."""
    process = bench.spawn('python3', '-B', '/bench/inside/notifications.py', *options, user='u')
    try:
        yield Shown(bench, process)
    finally:
        process.close_stdin()
        process.wait()


# One that no theme has.
_PAINT = (0x2a, 0x6f, 0x97)
_SCREEN = {'DISPLAY': ':0', 'XAUTHORITY': '/home/u/.Xauthority'}


def _share_of_paint(bench):
    """How much of the picture that the card sends to its monitor has that colour."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'screen.ppm'
        bench.machine.monitor.command('screendump', filename=str(path))
        pixels = path.read_bytes().split(b'\n', 3)[3]
    return pixels.count(bytes(_PAINT)) * len(_PAINT) / max(1, len(pixels))


def expect_on_screen(bench, seconds=60):
    """What the desktop of user u paints is seen on the screen of the computer's first card."""
    bench.run('xsetroot', '-solid', '#' + bytes(_PAINT).hex(), user='u', env=_SCREEN)
    deadline = time.monotonic() + seconds
    while (share := _share_of_paint(bench)) < 0.5:
        assert time.monotonic() < deadline, f'{100 * share:.0f} % of the screen is what was painted'
        time.sleep(0.5)
