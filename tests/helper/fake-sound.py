#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fake-sound.py TREE UID PID obeys|refuses|lies|silent: a sound server on a user's bus of a tree.

It is process PID of that tree, and has the sound device open as long as its reservation lasts. Says
on stdout what is asked of it, with the driver that the sound function has at that moment, and ends
with its stdin.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attacks"))
import bus  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

NAME, PATH = "org.freedesktop.ReserveDevice1.Audio1", "/org/freedesktop/ReserveDevice1/Audio1"
RESERVE = """<node><interface name="org.freedesktop.ReserveDevice1">
  <method name="RequestRelease"><arg direction="in" type="i"/><arg direction="out" type="b"/></method>
</interface></node>"""
DBUS = "org.freedesktop.DBus"
ALLOW_REPLACEMENT, DO_NOT_QUEUE = 1, 4

tree, uid, pid, manner = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
node = tree / "dev/snd/controlC1"
held = tree / f"proc/{pid}/fd/5"


def say(what):
    driver = tree / "sys/bus/pci/devices/0000:01:00.1/driver"
    print(f"{what} {os.path.basename(os.readlink(driver))}", flush=True)


def call_bus(connection, method, kind, *arguments):
    return connection.call_sync(DBUS, "/org/freedesktop/DBus", DBUS, method, GLib.Variant(kind, arguments), None, 0, -1,
                                None).unpack()[0]


def take(connection):
    call_bus(connection, "RequestName", "(su)", NAME, ALLOW_REPLACEMENT | DO_NOT_QUEUE)
    if node.exists():
        held.symlink_to("/dev/snd/controlC1")


def let_go(connection):
    held.unlink()
    # As a program's close would be seen.
    node.open().close()
    call_bus(connection, "ReleaseName", "(s)", NAME)


def on_call(connection, sender, path, interface, method, arguments, invocation):
    who = call_bus(connection, "GetConnectionUnixUser", "(s)", sender)
    say(f"asked by {'its user' if str(who) == uid else who}, priority {arguments.unpack()[0]}:")
    if manner == "silent":
        return
    if manner == "obeys":
        let_go(connection)
    elif manner == "lies":
        call_bus(connection, "ReleaseName", "(s)", NAME)
    invocation.return_value(GLib.Variant("(b)", (manner != "refuses",)))


def on_owner_changed(connection, sender, path, interface, signal, arguments):
    _, old, new = arguments.unpack()
    if new == "" and old != connection.get_unique_name():
        say("free again:")
        if manner == "obeys":
            take(connection)


def main():
    socket = tree / "run/user" / uid / "bus"
    socket.parent.mkdir(parents=True)
    loop = GLib.MainLoop()
    with bus.running(socket):
        connection = bus.connect(socket)
        connection.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(RESERVE).interfaces[0], on_call, None, None)
        connection.signal_subscribe(DBUS, DBUS, "NameOwnerChanged", "/org/freedesktop/DBus", NAME, 0, on_owner_changed)
        take(connection)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()
        connection.close_sync()


main()
