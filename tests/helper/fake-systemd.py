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
  hangs      never, and somebody asks to stop (the file `cancel` of the tree) once it is made
  too-late   the same, but it is over before it can be taken back
  in-the-way well, but a job that somebody else has made has to come to its end first
  just-gone  the same, and that has come to its end before anybody asks which it is
  unlisted   there is no job, and nobody says which it is that stands in its way
  never-said the same, and those that there are do not include it
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
  <method name="ListJobs"><arg direction="out" type="a(usssoo)"/></method>
</interface><interface name="org.freedesktop.systemd1.Job">
  <method name="Cancel"/>
</interface></node>"""
JOB, OTHER_JOB = "/org/freedesktop/systemd1/job/7", "/org/freedesktop/systemd1/job/6"
ANOTHER_UNIT = "another.service"

UNIT = "nvidia-persistenced.service"

tree, manner = pathlib.Path(sys.argv[1]), sys.argv[2]
loop = GLib.MainLoop()
stops = manner in ("in-the-way", "just-gone", "unlisted", "never-said")


def end_job(connection, job, unit, result):
    connection.emit_signal(None, PATH, MANAGER, "JobRemoved", GLib.Variant("(uoss)", (7, job, unit, result)))


def on_call(connection, sender, path, interface, method, arguments, invocation):
    if method == "Subscribe":
        print("Subscribe", flush=True)
        invocation.return_value(None)
        return
    if method == "ListJobs":
        list_jobs(connection, invocation)
        return
    unit, mode = arguments.unpack()
    print(f"{method} {unit} {mode}", flush=True)
    if manner == "refuses":
        invocation.return_dbus_error("org.freedesktop.systemd1.NoSuchUnit", f"Unit {unit} not found.")
        return
    if stops:
        invocation.return_dbus_error("org.freedesktop.systemd1.TransactionIsDestructive", f"{unit} is to stop.")
        return
    if manner == "vanishes":
        loop.quit()
        return
    if manner == "at-once":
        end_job(connection, JOB, unit, "done")
    if manner == "another":
        end_job(connection, OTHER_JOB, unit, "failed")
    invocation.return_value(GLib.Variant("(o)", (JOB,)))
    if manner in ("hangs", "too-late"):
        (tree / "cancel").touch()
    if manner in ("later", "another", "in-the-way", "just-gone"):
        end_job(connection, JOB, unit, "done")
    if manner == "failed":
        end_job(connection, JOB, unit, "failed")


def list_jobs(connection, invocation):
    """The unit stops already, and has done so a moment after this was asked, or before."""
    global stops
    print("ListJobs", flush=True)
    if manner == "unlisted":
        invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "Nobody may ask.")
        return
    stops = manner == "never-said"
    jobs = [(5, ANOTHER_UNIT, "start", "running", "/org/freedesktop/systemd1/job/5", "/")]
    if manner == "in-the-way":
        jobs.append((6, UNIT, "stop", "running", OTHER_JOB, "/"))
    invocation.return_value(GLib.Variant("(a(usssoo))", (jobs,)))
    if manner == "in-the-way":
        end_job(connection, OTHER_JOB, UNIT, "done")


def on_job_call(connection, sender, path, interface, method, arguments, invocation):
    print(method, flush=True)
    if manner == "too-late":
        end_job(connection, JOB, UNIT, "done")
        invocation.return_dbus_error("org.freedesktop.DBus.Error.UnknownObject", "There is no such job.")
        return
    end_job(connection, JOB, UNIT, "canceled")
    invocation.return_value(None)


def main():
    socket = tree / "run/dbus/system_bus_socket"
    socket.parent.mkdir(parents=True)
    with bus.running(socket):
        connection = bus.connect(socket)
        manager, job = Gio.DBusNodeInfo.new_for_xml(SYSTEMD).interfaces
        connection.register_object(PATH, manager, on_call, None, None)
        connection.register_object(JOB, job, on_job_call, None, None)
        connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                             GLib.Variant("(su)", (NAME, 4)), None, 0, -1, None)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()


main()
