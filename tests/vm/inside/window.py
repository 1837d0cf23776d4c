# SPDX-License-Identifier: GPL-3.0-or-later
"""window.py [--scope=UNIT] [ENVIRONMENT=VALUE…]: the window, driven as a screen reader drives it.

Runs in the desktop's session, starts the installed program, in a scope of its
own as a desktop does it where one is named, and does what the lines on stdin
say, one after another; each is answered by one line of JSON:

    wait TEXT     until a control or a label on screen has TEXT in its name
    gone TEXT     until none has
    press NAME    the button of that name, once it is on screen
    reach NAME    goes there with the Tab key alone
    key KEY       presses a key
    names         the controls on screen that have no name of their own
    texts         the names of everything on screen
    minimise      takes the window off the screen
    restore       brings it back, in front
    ended STATUS  until the program has ended, and whether so: 0, or -SIGNAL
    narrow        makes the window as narrow as a telephone
    picture FILE  saves what the window looks like once it has come to rest, and says whether
                  anything is seen of it

AT-SPI is spoken over D-Bus directly: libatspi 2.46 keeps names that are no
longer true. Nothing polls: after each signal of the window's tree it is read
again.
"""

import json
import os
import re
import subprocess
import sys
import zlib

from gi.repository import Gio, GLib

APP = 'io.github.batongpu.Baton'
DEADLINE_MS = 120000
CALL_MS = 30000
# More than one round through everything that a window has.
TABS = 40
ACCESSIBLE = 'org.a11y.atspi.Accessible'
REGISTRY = 'org.a11y.atspi.Registry'
EVENTS = ('object:children-changed', 'object:state-changed', 'object:property-change',
          'object:text-changed', 'object:bounds-changed', 'window:create')
# enum AtspiRole of atspi-constants.h: push button, check box, toggle button, progress bar, entry,
# menu button, page tab; alert, dialog, frame, window, application
CONTROLS = {43, 7, 62, 42, 79, 129, 37}
TOP = {2, 16, 23, 69, 75}
# enum AtspiStateType of the same file
STATE_FOCUSED = 12
# GTK 4.8 gives its C type for a widget that has no name.
TYPE_NAME = re.compile(r'^(Gtk|Adw|Baton)[A-Z]')


# One colour and the filters of its rows are few bytes; letters and their edges are many.
BLANK_BYTES = 32


def is_blank(picture):
    """Whether a PNG shows next to nothing (its chunks: length, type, data, check)."""
    at, data = 8, b''
    while at < len(picture):
        length = int.from_bytes(picture[at:at + 4], 'big')
        if picture[at + 4:at + 8] == b'IDAT':
            data += picture[at + 8:at + 8 + length]
        at += 12 + length
    return len(set(zlib.decompress(data))) < BLANK_BYTES


class Node:
    def __init__(self, bus, dest, path):
        self.bus, self.dest, self.path = bus, dest, path

    def call(self, interface, method, signature=None, *arguments):
        value = GLib.Variant(signature, arguments) if signature else None
        reply = self.bus.call_sync(self.dest, self.path, interface, method, value, None, 0, CALL_MS, None)
        reply = reply.unpack()
        return reply[0] if len(reply) == 1 else reply

    @property
    def name(self):
        return self.call('org.freedesktop.DBus.Properties', 'Get', '(ss)', ACCESSIBLE, 'Name')

    @property
    def role(self):
        return self.call(ACCESSIBLE, 'GetRole')

    def children(self):
        return [Node(self.bus, dest, path) for dest, path in self.call(ACCESSIBLE, 'GetChildren')]

    def has_focus(self):
        return bool(self.call(ACCESSIBLE, 'GetState')[0] >> STATE_FOCUSED & 1)

    def on_screen(self):
        """GTK 4.8 says VISIBLE of everything; only a size tells."""
        try:
            _, _, width, height = self.call('org.a11y.atspi.Component', 'GetExtents', '(u)', 1)
        except GLib.Error:
            return True
        return (width > 0 and height > 0) or self.role in TOP

    def walk(self):
        if not self.on_screen():
            return
        yield self
        for child in self.children():
            yield from child.walk()


class Window:
    def __init__(self, scope, environment):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address = session.call_sync('org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus', 'GetAddress',
                                    None, None, 0, -1, None).unpack()[0]
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                 Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.bus.signal_subscribe(None, None, None, None, None, 0, self._on_signal)
        registry = Node(self.bus, REGISTRY, '/org/a11y/atspi/registry')
        for event in EVENTS:
            registry.call(REGISTRY, 'RegisterEvent', '(s)', event)
        self.changed = True
        self.focus = None
        # systemd-run becomes the program that it has put into its scope.
        inside = (['systemd-run', '--user', '--scope', '--quiet', f'--unit={scope}'] if scope
                  else [])
        self.program = subprocess.Popen([*inside, 'baton'], env=dict(os.environ, **environment),
                                        stdout=sys.stderr)

    def _on_signal(self, _bus, sender, path, _interface, signal, parameters):
        self.changed = True
        if signal == 'StateChanged' and parameters.unpack()[:2] == ('focused', 1):
            self.focus = Node(self.bus, sender, path)

    def root(self):
        desktop = Node(self.bus, REGISTRY, '/org/a11y/atspi/accessible/root')
        for child in desktop.children():
            if child.name == APP:
                return child
        return None

    def nodes(self):
        # The tree changes while it is read; what has gone is not on screen.
        found = []
        try:
            root = self.root()
            for node in root.walk() if root else ():
                found.append((node.role, node.name, node))
        except GLib.Error as error:
            print('reading the tree:', error.message, file=sys.stderr, flush=True)
            self.changed = True
        return found

    def wait(self, holds):
        """Reads the tree after each of its signals until @holds of it."""
        return self.until(lambda: holds(self.nodes()))

    def until(self, holds):
        """Asks after each signal of the tree."""
        context = GLib.MainContext.default()
        late = []
        timer = GLib.timeout_add(DEADLINE_MS, lambda: late.append(True) or False)
        try:
            while True:
                self.changed = False
                found = holds()
                if found or late:
                    return found
                while not self.changed and not late:
                    context.iteration(True)
        finally:
            if not late:
                GLib.source_remove(timer)

    def wait_text(self, text):
        return bool(self.wait(lambda nodes: any(text in name for _, name, _ in nodes)))

    def wait_gone(self, text):
        return bool(self.wait(lambda nodes: not any(text in name for _, name, _ in nodes)))

    def press(self, name):
        found = self.wait(lambda nodes: [node for role, has, node in nodes
                                         if role in CONTROLS and has.endswith(name)])
        return bool(found) and found[0].call('org.a11y.atspi.Action', 'DoAction', '(i)', 0)

    def reach(self, name):
        before = None
        for _ in range(TABS):
            self.focus = None
            self.key('Tab')
            # A window that comes to the front tells its focus once more. Taken for the answer to this
            # key, that would leave every later answer one behind.
            if not self.until(lambda: self.focus and self.focus.path != before and
                              self.focus.has_focus()):
                return False
            before = self.focus.path
            if self.focus.name.endswith(name):
                return True
        return False

    @staticmethod
    def key(name):
        subprocess.run(['xdotool', 'key', '--clearmodifiers', name], check=True)
        return True

    def unnamed(self):
        return [(role, name) for role, name, _ in self.nodes()
                if role in CONTROLS and (not name.strip() or TYPE_NAME.match(name))]

    @staticmethod
    def active():
        found = subprocess.run(['xdotool', 'getactivewindow'], check=True, capture_output=True,
                               text=True)
        return found.stdout.strip()

    def minimise(self, _):
        self.hidden = self.active()
        subprocess.run(['xdotool', 'windowminimize', '--sync', self.hidden], check=True)
        return True

    def restore(self, _):
        subprocess.run(['xdotool', 'windowactivate', '--sync', self.hidden], check=True)
        return True

    def ended(self, status):
        return self.program.wait(DEADLINE_MS / 1000) == int(status)

    def narrow(self, _):
        subprocess.run(['xdotool', 'windowsize', '--sync', self.active(), '360', '640'], check=True)
        # The way back to the list is there when GTK has laid the window out again.
        return self.wait_text('All Cards')

    def picture(self, path):
        """The last of the frames that follow each other: two pictures that are alike."""
        before = None
        for _ in range(20):
            done = subprocess.run(['maim', '-u', '-i', self.active()], check=True,
                                  capture_output=True)
            if done.stdout == before:
                break
            before = done.stdout
        with open(path, 'wb') as file:
            file.write(before)
        return not is_blank(before)


def main(arguments):
    named = dict(argument.split('=', 1) for argument in arguments)
    window = Window(named.pop('--scope', None), named)
    verbs = {'wait': window.wait_text, 'gone': window.wait_gone, 'press': window.press,
             'reach': window.reach, 'key': window.key, 'picture': window.picture,
             'narrow': window.narrow, 'minimise': window.minimise, 'restore': window.restore,
             'ended': window.ended}
    for line in sys.stdin:
        verb, _, rest = line.rstrip('\n').partition(' ')
        if verb == 'names':
            answer = window.unnamed()
        elif verb == 'texts':
            answer = [name for _, name, _ in window.nodes() if name]
        else:
            answer = verbs[verb](rest)
        print(json.dumps(answer), flush=True)
    window.program.terminate()
    window.program.wait()


if __name__ == '__main__':
    main(sys.argv[1:])
