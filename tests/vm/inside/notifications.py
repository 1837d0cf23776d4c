# SPDX-License-Identifier: GPL-3.0-or-later
"""notifications.py [--all]: the desktop's side of notifications, which shows none and tells of each.

Runs in the desktop's session, takes the place of whatever shows them there,
prints "listening", then a line of JSON for each notification, with --all for
each that is withdrawn, too, and ends with stdin.
"""

import json
import sys

from gi.repository import Gio, GLib

NAME = 'org.freedesktop.Notifications'
PATH = '/org/freedesktop/Notifications'
REPLACE, DO_NOT_QUEUE, NOW_OURS = 2, 4, 1
URGENCIES = {0: 'low', 1: 'normal', 2: 'critical'}

# Desktop Notifications Specification 1.2
INTERFACE = '''<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>'''


class Desktop:
    def __init__(self, tells_all):
        self.tells_all = tells_all
        self.shown = 0

    def on_method_call(self, _bus, _sender, _path, _interface, method, arguments, invocation):
        if method == 'GetCapabilities':
            invocation.return_value(GLib.Variant('(as)', (['actions', 'body', 'persistence'],)))
        elif method == 'GetServerInformation':
            invocation.return_value(GLib.Variant('(ssss)', ('bench', 'Baton', '1', '1.2')))
        elif method == 'Notify':
            invocation.return_value(GLib.Variant('(u)', (self.show(*arguments.unpack()),)))
        else:
            if self.tells_all and method == 'CloseNotification':
                print(json.dumps({'withdrawn': arguments.unpack()[0]}), flush=True)
            invocation.return_value(None)

    def show(self, app, replaces, _icon, title, text, actions, hints, _timeout):
        self.shown += 1
        # Actions are pairs of a key and a label.
        print(json.dumps({'id': replaces or self.shown, 'app': app, 'entry': hints.get('desktop-entry'),
                          'title': title, 'text': text, 'buttons': actions[1::2],
                          'urgency': URGENCIES.get(hints.get('urgency'))}), flush=True)
        return replaces or self.shown


def main():
    loop = GLib.MainLoop()
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    desktop = Desktop('--all' in sys.argv[1:])
    bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0],
                        desktop.on_method_call)
    taken = bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                          'RequestName', GLib.Variant('(su)', (NAME, REPLACE | DO_NOT_QUEUE)),
                          None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0]
    if taken != NOW_OURS:
        raise SystemExit(f'somebody else shows notifications here and goes on: {taken}')
    print('listening', flush=True)
    GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT,
                      GLib.IOCondition.HUP | GLib.IOCondition.IN, lambda *_: loop.quit())
    loop.run()


if __name__ == '__main__':
    main()
