# SPDX-License-Identifier: GPL-3.0-or-later
"""A card goes to a virtual machine and comes back, for people to watch.

With a display the bench's own screen is a window to click in; without one the
steps are printed as they happen, and pictures of the screen are saved.
"""

import os
import pathlib
import shutil
import tempfile
import threading

from . import cache, debian, desktop, image, machine, project

CARD = '01:00.0'
PICTURES = pathlib.Path('try-screenshots')
AGENT = '/usr/libexec/polkit-mate-authentication-agent-1'

WELCOME = """
The window above is the screen of a computer with four graphics cards, of which
Baton runs on the first. Choose the second in its list, whose name ends in
“(No. 2)”, and “Hand to VM…”. Where a password is asked for, it is the letter u.
Close the window when you have seen enough: nothing of it is kept.
"""


def say(text):
    print(text, flush=True)


def has_display() -> bool:
    return bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


class Show:
    def __init__(self, bench):
        self._channel = bench.channel
        self._machine = bench
        self._pictures = 0

    def spawn(self, *argv, user=None):
        """Starts a program; @user starts it in that user's real session."""
        return self._channel.spawn(argv, user=user)

    def with_display(self):
        """Baton in the desktop of user u, as if it were started from a menu."""
        self._channel.wait_session()
        self.spawn(AGENT, user='u')
        self._channel.spawn(['baton'], user='u', env=desktop.DRAWING)
        self._channel.call('desktop.wait_for_window', title='Baton')
        say(WELCOME)
        self._machine.wait()

    def command(self, *argv, status=0):
        """Runs a command in the bench as root and prints what it prints, at once."""
        say(f'\n$ {" ".join(argv)}')
        process = self._channel.spawn(argv)
        process.close_stdin()
        for line in process.lines():
            say(f'  {line}')
        if process.err:
            say('  ' + process.err.rstrip().replace('\n', '\n  '))
        if process.status != status:
            raise SystemExit(f'this should have exited with {status}, not {process.status}')

    def picture(self, name, window, text):
        """Saves what the screen shows, once the window says @text and has come to rest.

        A screen tells nobody when it is done; two pictures that are alike do.
        """
        window.expect('wait', text)
        self._pictures += 1
        path = PICTURES / f'{self._pictures}-{name}.png'
        before = None
        for _ in range(20):
            self._machine.screenshot(path.resolve())
            now = path.read_bytes()
            if now == before:
                break
            before = now
            threading.Event().wait(1)
        say(f'  (the screen: {path})')

    def without_display(self):
        PICTURES.mkdir(exist_ok=True)
        self._channel.wait_session()
        with desktop.window(self) as window:
            self.there_and_back(window)

    def there_and_back(self, window):
        self.picture('the-cards', window, 'Hand to VM…')
        self.command('batonctl', 'list')
        self.command('batonctl', 'plan', 'guest', CARD)
        self.command('batonctl', 'guest', CARD, '--yes')
        self.command('lspci', '-nnk', '-s', '01:00')
        self.picture('with-the-guest', window, 'Parked for a virtual machine')

        say('\nA virtual machine opens the card; it cannot come back while that runs:')
        guest = self._channel.spawn([
            'qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-m', '128', '-display', 'none',
            '-vga', 'none', '-nodefaults', '-name', 'guest', '-qmp', 'stdio',
            '-device', f'vfio-pci,host={CARD}'])
        guest.write('{"execute":"qmp_capabilities"}\n')
        for line in guest.lines():
            if '"return"' in line:
                break
        self.picture('a-guest-has-it', window, 'Return When It Stops')
        self.command('batonctl', 'host', CARD, '--yes', status=12)

        say('\nThe virtual machine ends, and the card comes back:')
        guest.write('{"execute":"quit"}\n')
        guest.wait()
        self.command('batonctl', 'host', CARD, '--yes')
        self.command('lspci', '-nnk', '-s', '01:00')
        self.picture('back', window, 'Hand to VM…')
        say(f'\nThat was all real: drivers, IOMMU and systemd. The pictures are in {PICTURES}/.')


def main():
    release = debian.host_release() or max(debian.RELEASES)
    display = has_display()
    with tempfile.TemporaryDirectory(prefix='baton-share-') as name:
        share = pathlib.Path(name)
        share.chmod(0o755)
        shutil.copytree(pathlib.Path(__file__).resolve().parents[1] / 'inside', share / 'inside',
                        ignore=shutil.ignore_patterns('__pycache__'))
        made = image.find_or_build(release, say)
        project.install_tree(release, share, say)
        say('starting the bench: a computer with an IOMMU and four graphics cards')
        bench = machine.Machine(made, 'plain', cache.directory() / 'logs' / 'try', share,
                                display='gtk,zoom-to-fit=off' if display else 'none')
        try:
            bench.channel.call('setup.install', timeout=300,
                               archive=f'/bench/install-{release}.tar')
            show = Show(bench)
            if display:
                show.with_display()
            else:
                show.without_display()
        finally:
            bench.stop()
    return 0
