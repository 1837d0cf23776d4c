#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fake-units.py TREE [UID] UNIT=STATE[:TRAIT…]…: a systemd with units on the system bus of a tree, or on a user's.

Says on stdout which job is made for which unit, and ends with its stdin. A unit's traits:

  stays        it cannot be stopped
  fails        it cannot be started
  ends         it is started, and has failed a moment later
  does         it has done its work when it is started
  cancels      it is never started, and somebody asks to stop meanwhile
  needs=OTHER  it stops with that one
  alias=OTHER  its other name
  called=OTHER it is another name of that one, by which jobs are called
  wakes=OTHER  it starts that one again when something asks for it
  main=PID     its main process
  runs=PID     a process of its, which is gone when it is stopped

A unit session-ID.scope is one of logind's sessions, which ends on the same bus when it is asked to.
"""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attacks"))
import bus  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402

NAME, PATH, MANAGER = "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
UNIT_CALL = """<arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="out" type="o"/>"""
SYSTEMD = f"""<node><interface name="{MANAGER}">
  <method name="Subscribe"/>
  <method name="LoadUnit"><arg direction="in" type="s"/><arg direction="out" type="o"/></method>
  <method name="StartUnit">{UNIT_CALL}</method>
  <method name="StopUnit">{UNIT_CALL}</method>
</interface><interface name="org.freedesktop.systemd1.Unit">
  <property name="ActiveState" type="s" access="read"/>
  <property name="Id" type="s" access="read"/>
  <property name="Names" type="as" access="read"/>
  <property name="RequiredBy" type="as" access="read"/>
  <property name="TriggeredBy" type="as" access="read"/>
</interface><interface name="org.freedesktop.systemd1.Service">
  <property name="MainPID" type="u" access="read"/>
</interface><interface name="org.freedesktop.systemd1.Job">
  <method name="Cancel"/>
</interface></node>"""
JOB = PATH + "/job/1"
LOGIND_NAME, LOGIND_PATH, LOGIND_MANAGER = "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
LOGIND = f"""<node><interface name="{LOGIND_MANAGER}">
  <method name="TerminateSession"><arg direction="in" type="s"/></method>
</interface></node>"""

tree = pathlib.Path(sys.argv[1])
uid = next((argument for argument in sys.argv[2:3] if argument.isdigit()), None)
states, traits = {}, {}
for argument in sys.argv[2 if uid is None else 3:]:
    unit, _, rest = argument.partition("=")
    states[unit], *traits[unit] = rest.split(":")
paths = {unit: f"{PATH}/unit/u{n}" for n, unit in enumerate(states)}
jobs = []


def has(unit, trait):
    return trait in traits.get(unit, ())


def get_all(unit, word):
    return [trait.split("=")[1] for trait in traits[unit] if trait.startswith(word + "=")]


def get_id(unit):
    return next(iter(get_all(unit, "called")), unit)


def on_get(connection, sender, path, interface, name):
    unit = next(unit for unit, other in paths.items() if other == path)
    if name == "ActiveState":
        return GLib.Variant("s", states[get_id(unit)])
    if name == "Id":
        return GLib.Variant("s", get_id(unit))
    if name == "Names":
        return GLib.Variant("as", [unit, *get_all(unit, "alias")])
    if name == "MainPID":
        return GLib.Variant("u", int(next(iter(get_all(unit, "main")), 0)))
    word = "wakes" if name == "TriggeredBy" else "needs"
    return GLib.Variant("as", [other for other in traits if unit in get_all(other, word)])


def end_job(connection, unit, result):
    connection.emit_signal(None, PATH, MANAGER, "JobRemoved", GLib.Variant("(uoss)", (1, JOB, unit, result)))


def stop(unit):
    if has(unit, "stays"):
        return "failed"
    states[unit] = "inactive"
    for pid in get_all(unit, "runs"):
        shutil.rmtree(tree / "proc" / pid, ignore_errors=True)
    for other in traits:
        if unit in get_all(other, "needs"):
            states[other] = "inactive"
    return "done"


def start(unit):
    if has(unit, "cancels"):
        next((tree / "run/baton/handoff").iterdir()).joinpath("cancel").touch()
        jobs.append(unit)
        return None
    if has(unit, "fails"):
        states[unit] = "failed"
        return "failed"
    states[unit] = "failed" if has(unit, "ends") else "inactive" if has(unit, "does") else "active"
    return "done"


def on_call(connection, sender, path, interface, method, arguments, invocation):
    if method == "Subscribe":
        invocation.return_value(None)
        return
    unit = arguments.unpack()[0]
    if unit not in states:
        invocation.return_dbus_error("org.freedesktop.systemd1.NoSuchUnit", f"Unit {unit} not found.")
        return
    if method == "LoadUnit":
        invocation.return_value(GLib.Variant("(o)", (paths[unit],)))
        return
    print(f"{method} {unit}", flush=True)
    unit = get_id(unit)
    result = (stop if method == "StopUnit" else start)(unit)
    invocation.return_value(GLib.Variant("(o)", (JOB,)))
    if result is not None:
        end_job(connection, unit, result)


def on_cancel(connection, sender, path, interface, method, arguments, invocation):
    end_job(connection, jobs.pop(), "canceled")
    invocation.return_value(None)


def on_logind_call(connection, sender, path, interface, method, arguments, invocation):
    session = arguments.unpack()[0]
    unit = f"session-{session}.scope"
    print(f"{method} {session}", flush=True)
    if unit not in states:
        invocation.return_dbus_error("org.freedesktop.login1.NoSuchSession", f"No session '{session}' known")
        return
    if has(unit, "fails"):
        invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "Not today")
        return
    stop(unit)
    (tree / "run/systemd/sessions" / session).unlink(missing_ok=True)
    connection.emit_signal(None, path, interface, "SessionRemoved",
                           GLib.Variant("(so)", (session, f"{LOGIND_PATH}/session/_3{session}")))
    invocation.return_value(None)


def main():
    socket = tree / ("run/dbus/system_bus_socket" if uid is None else f"run/user/{uid}/bus")
    socket.parent.mkdir(parents=True)
    loop = GLib.MainLoop()
    with bus.running(socket):
        connection = bus.connect(socket)
        manager, unit, service, job = Gio.DBusNodeInfo.new_for_xml(SYSTEMD).interfaces
        connection.register_object(PATH, manager, on_call, None, None)
        connection.register_object(JOB, job, on_cancel, None, None)
        for path in paths.values():
            connection.register_object(path, unit, None, on_get, None)
            connection.register_object(path, service, None, on_get, None)
        logind = Gio.DBusNodeInfo.new_for_xml(LOGIND).interfaces[0]
        connection.register_object(LOGIND_PATH, logind, on_logind_call, None, None)
        for name in (NAME, LOGIND_NAME):
            connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 "RequestName", GLib.Variant("(su)", (name, 4)), None, 0, -1, None)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()


main()
