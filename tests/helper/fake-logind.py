#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fake-logind.py TREE grants|refuses|silent: a logind on the system bus of a tree.

Says on stdout what is asked of it, each time with the driver that the card has at that moment, and
ends with its stdin.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attacks"))
import bus  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

LOGIND = """<node><interface name="org.freedesktop.login1.Manager">
  <method name="Inhibit">
    <arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="in" type="s"/>
    <arg direction="out" type="h"/>
  </method>
</interface></node>"""

tree, manner = pathlib.Path(sys.argv[1]), sys.argv[2]


def say(what):
    driver = os.path.basename(os.readlink(tree / "sys/bus/pci/devices/0000:01:00.0/driver"))
    print(f"{what} {driver}", flush=True)


def on_released(end, condition):
    say("released")
    os.close(end)
    return GLib.SOURCE_REMOVE


def on_call(connection, sender, path, interface, method, arguments, invocation):
    what, who, why, mode = arguments.unpack()
    say(f"{mode} {what} {who}")
    if manner == "refuses":
        invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "Not today")
    elif manner == "grants":
        end, held = os.pipe()
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, end, GLib.IOCondition.HUP, on_released)
        descriptors = Gio.UnixFDList.new_from_array([held])
        invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), descriptors)


def main():
    socket = tree / "run/dbus/system_bus_socket"
    socket.parent.mkdir()
    loop = GLib.MainLoop()
    with bus.running(socket):
        connection = bus.connect(socket)
        connection.register_object("/org/freedesktop/login1", Gio.DBusNodeInfo.new_for_xml(LOGIND).interfaces[0],
                                   on_call, None, None)
        connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                             GLib.Variant("(su)", ("org.freedesktop.login1", 4)), None, 0, -1, None)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()
        connection.close_sync()


main()
