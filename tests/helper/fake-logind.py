#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fake-logind.py TREE grants|refuses|silent [RESULT]: a logind on the system bus of a tree, and a
systemd whose jobs end with RESULT, if there is one.

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

SYSTEMD = """<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="Subscribe"/>
  <method name="RestartUnit"><arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="out" type="o"/></method>
</interface></node>"""

tree, manner = pathlib.Path(sys.argv[1]), sys.argv[2]
job_result = sys.argv[3] if len(sys.argv) > 3 else None


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


def on_start(connection, sender, path, interface, method, arguments, invocation):
    if method == "Subscribe":
        invocation.return_value(None)
        return
    unit, job = arguments.unpack()[0], "/org/freedesktop/systemd1/job/1"
    say(f"starts {unit}")
    invocation.return_value(GLib.Variant("(o)", (job,)))
    connection.emit_signal(None, path, interface, "JobRemoved", GLib.Variant("(uoss)", (1, job, unit, job_result)))


def serve(connection, name, path, description, handler):
    connection.register_object(path, Gio.DBusNodeInfo.new_for_xml(description).interfaces[0], handler, None, None)
    connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                         GLib.Variant("(su)", (name, 4)), None, 0, -1, None)


def main():
    socket = tree / "run/dbus/system_bus_socket"
    socket.parent.mkdir()
    loop = GLib.MainLoop()
    with bus.running(socket):
        connection = bus.connect(socket)
        serve(connection, "org.freedesktop.login1", "/org/freedesktop/login1", LOGIND, on_call)
        if job_result is not None:
            serve(connection, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", SYSTEMD, on_start)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()
        connection.close_sync()


main()
