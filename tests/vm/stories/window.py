# SPDX-License-Identifier: GPL-3.0-or-later
"""In the desktop's session a card goes to the guest and comes back by two buttons."""

import base64
import contextlib
import json
import os
import pathlib

SESSION = True
TIER = 'full'
LEAVES = ('files:/run/user/*',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


class Window:
    """The installed window, driven through its accessible tree."""

    def __init__(self, process):
        self._process = process
        self._lines = process.lines(120)

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


@contextlib.contextmanager
def window(bench, *environment):
    process = bench.spawn('python3', '-B', '/bench/inside/window.py', 'GSK_RENDERER=cairo',
                          'GDK_DEBUG=gl-disable', *environment, user='u')
    try:
        yield Window(process)
    finally:
        process.close_stdin()
        process.wait()


def picture(bench, shown, name):
    """For the README: BATON_PICTURES=DIRECTORY tests/vm/run --image 12 --story window."""
    directory = os.environ.get('BATON_PICTURES')
    if directory:
        path = f'/tmp/{name}.png'
        shown.expect('picture', path)
        saved = bench.run('base64', path).out
        (pathlib.Path(directory) / f'{name}.png').write_bytes(base64.b64decode(saved))
        bench.run('rm', path)


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


def run(bench):
    with agent(bench, 'u'), window(bench) as shown:
        shown.expect('wait', 'Used by this computer')
        shown.expect('wait', 'Hand to VM…')
        shown.expect_names()
        picture(bench, shown, 'card')
        shown.expect('press', 'Hand to VM…')
        shown.expect('wait', 'Hand Over')
        shown.expect_names()
        picture(bench, shown, 'plan')
        shown.expect('press', 'Hand Over')
        shown.expect('wait', 'Card Is Ready for a Virtual Machine')
        bench.expect_guest(CARD, SOUND)
        shown.expect_names()
        picture(bench, shown, 'ready')

        # Somebody uses the card: the window says so by itself.
        shown.expect('press', 'OK')
        with bench.guest(CARD, SOUND):
            shown.expect('wait', 'With “guest-of-the-bench”')
            shown.expect('wait', 'Return When It Stops')
            picture(bench, shown, 'guest')
        shown.expect('wait', 'Parked for a virtual machine')

        shown.expect('press', 'Return to Host')
        shown.expect('wait', 'Card Is Back')
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)

    if os.environ.get('BATON_PICTURES'):
        with window(bench, 'ADW_DEBUG_COLOR_SCHEME=prefer-dark') as shown:
            shown.expect('wait', 'Hand to VM…')
            picture(bench, shown, 'card-dark')
            shown.expect('narrow', '')
            picture(bench, shown, 'card-narrow')
