#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fake-systemd.py TREE MANNER: a systemd on the system bus of a tree.

Says on stdout what is asked of it, and ends with its stdin. MANNER is how its job comes to an end:

  at-once    before the call that made it is answered
  later      after that
  another    after one of somebody else's for the same unit has failed
  failed     without success
  refuses    there is no job
  vanishes   never: the bus is gone
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attacks"))
import bus  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

NAME, PATH, MANAGER = "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
UNIT_CALL = """<arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="out" type="o"/>"""
SYSTEMD = f"""<node><interface name="{MANAGER}">
  <method name="Subscribe"/>
  <method name="StartUnit">{UNIT_CALL}</method>
  <method name="StopUnit">{UNIT_CALL}</method>
</interface></node>"""
JOB = "/org/freedesktop/systemd1/job/7"

tree, manner = pathlib.Path(sys.argv[1]), sys.argv[2]
loop = GLib.MainLoop()


def end_job(connection, job, unit, result):
    connection.emit_signal(None, PATH, MANAGER, "JobRemoved", GLib.Variant("(uoss)", (7, job, unit, result)))


def on_call(connection, sender, path, interface, method, arguments, invocation):
    if method == "Subscribe":
        print("Subscribe", flush=True)
        invocation.return_value(None)
        return
    unit, mode = arguments.unpack()
    print(f"{method} {unit} {mode}", flush=True)
    if manner == "refuses":
        invocation.return_dbus_error("org.freedesktop.systemd1.NoSuchUnit", f"Unit {unit} not found.")
        return
    if manner == "vanishes":
        loop.quit()
        return
    if manner == "at-once":
        end_job(connection, JOB, unit, "done")
    if manner == "another":
        end_job(connection, "/org/freedesktop/systemd1/job/6", unit, "failed")
    invocation.return_value(GLib.Variant("(o)", (JOB,)))
    if manner in ("later", "another"):
        end_job(connection, JOB, unit, "done")
    if manner == "failed":
        end_job(connection, JOB, unit, "failed")


def main():
    socket = tree / "run/dbus/system_bus_socket"
    socket.parent.mkdir(parents=True)
    with bus.running(socket):
        connection = bus.connect(socket)
        connection.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(SYSTEMD).interfaces[0], on_call, None, None)
        connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                             GLib.Variant("(su)", (NAME, 4)), None, 0, -1, None)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()


main()
