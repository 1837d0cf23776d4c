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
  opens=ID     that session appears when it is started
  again        it ends and is started again, without end
  waits        its start is only done when another unit has been restarted, which is not said

The unit "manager" is systemd itself, which has no traits: its state is the system's.

A unit session-ID.scope is one of logind's sessions, which ends on the same bus when it is asked to. Where
somebody looks at it:

  leaves       its user logs out a moment later
  lingers      the same, and something of it runs on
  stops        somebody asks to stop
  greets=ID    a login screen's session comes when it has left
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
  <method name="RestartUnit">{UNIT_CALL}</method>
  <property name="SystemState" type="s" access="read"/>
</interface><interface name="org.freedesktop.systemd1.Unit">
  <property name="ActiveState" type="s" access="read"/>
  <property name="Id" type="s" access="read"/>
  <property name="Names" type="as" access="read"/>
  <property name="RequiredBy" type="as" access="read"/>
  <property name="TriggeredBy" type="as" access="read"/>
</interface><interface name="org.freedesktop.systemd1.Service">
  <property name="MainPID" type="u" access="read"/>
  <property name="NRestarts" type="u" access="read"/>
</interface><interface name="org.freedesktop.systemd1.Job">
  <method name="Cancel"/>
</interface></node>"""
JOB = PATH + "/job/1"
LOGIND_NAME, LOGIND_PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
LOGIND_MANAGER = LOGIND_NAME + ".Manager"
LOGIND = f"""<node><interface name="{LOGIND_MANAGER}">
  <method name="TerminateSession"><arg direction="in" type="s"/></method>
  <method name="ListSessions"><arg direction="out" type="a(susso)"/></method>
  <method name="GetSession"><arg direction="in" type="s"/><arg direction="out" type="o"/></method>
</interface><interface name="org.freedesktop.login1.Session">
  <property name="Type" type="s" access="read"/>
  <property name="Service" type="s" access="read"/>
  <property name="State" type="s" access="read"/>
</interface></node>"""

tree = pathlib.Path(sys.argv[1])
uid = next((argument for argument in sys.argv[2:3] if argument.isdigit()), None)
states, traits = {}, {}
for argument in sys.argv[2 if uid is None else 3:]:
    unit, _, rest = argument.partition("=")
    states[unit], *traits[unit] = rest.split(":")
paths = {unit: f"{PATH}/unit/u{n}" for n, unit in enumerate(states)}
jobs, opened, closing, waiting, restarted = [], [], [], [], []
restarts = {}


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
    if name == "NRestarts":
        restarts[get_id(unit)] = restarts.get(get_id(unit), 0) + (1 if has(get_id(unit), "again") else 0)
        if has(get_id(unit), "again"):
            GLib.timeout_add(10, tell_changed, connection, path)
        return GLib.Variant("u", restarts[get_id(unit)])
    if name == "Id":
        return GLib.Variant("s", get_id(unit))
    if name == "Names":
        return GLib.Variant("as", [unit, *get_all(unit, "alias")])
    if name == "MainPID":
        return GLib.Variant("u", int(next(iter(get_all(unit, "main")), 0)))
    word = "wakes" if name == "TriggeredBy" else "needs"
    return GLib.Variant("as", [other for other in traits if unit in get_all(other, word)])


def on_get_of_manager(connection, sender, path, interface, name):
    return GLib.Variant("s", states.get("manager", "running"))


def tell_changed(connection, path):
    connection.emit_signal(None, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                           GLib.Variant("(sa{sv}as)", ("org.freedesktop.systemd1.Service", {}, ["NRestarts"])))
    return GLib.SOURCE_REMOVE


def build_session_path(session):
    return f"{LOGIND_PATH}/session/_3{session}"


def on_get_of_session(connection, sender, path, interface, name):
    return GLib.Variant("s", {"Type": "x11", "Service": "lightdm", "State": get_state(path)}[name])


def get_state(path):
    return "closing" if any(path == build_session_path(session) for session in closing) else "active"


def end_session(connection, session):
    stop(f"session-{session}.scope")
    (tree / "run/systemd/sessions" / session).unlink(missing_ok=True)
    connection.emit_signal(None, LOGIND_PATH, LOGIND_MANAGER, "SessionRemoved",
                           GLib.Variant("(so)", (session, build_session_path(session))))
    for other in get_all(f"session-{session}.scope", "greets"):
        open_session(connection, other)
    return GLib.SOURCE_REMOVE


def leave_session(connection, session):
    closing.append(session)
    connection.emit_signal(None, build_session_path(session), "org.freedesktop.DBus.Properties", "PropertiesChanged",
                           GLib.Variant("(sa{sv}as)", ("org.freedesktop.login1.Session", {}, ["Active"])))
    return GLib.SOURCE_REMOVE


def look_at_session(connection, session, unit):
    if has(unit, "leaves"):
        GLib.timeout_add(300, end_session, connection, session)
    elif has(unit, "lingers") and session not in closing:
        GLib.timeout_add(300, leave_session, connection, session)
    elif has(unit, "stops"):
        next((tree / "run/baton/handoff").iterdir()).joinpath("cancel").touch()


def open_session(connection, session):
    opened.append((session, 1000, "u", "seat0", build_session_path(session)))
    (tree / "run/systemd/sessions" / session).write_text("UID=1000\nTYPE=x11\nSEAT=seat0\nSERVICE=lightdm\n")
    connection.emit_signal(None, LOGIND_PATH, LOGIND_MANAGER, "SessionNew",
                           GLib.Variant("(so)", (session, build_session_path(session))))
    return GLib.SOURCE_REMOVE


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
    if has(unit, "waits") and not restarted:
        waiting.append(unit)
        return None
    states[unit] = "failed" if has(unit, "ends") else "inactive" if has(unit, "does") else "active"
    return "done"


def restart(connection, unit, invocation):
    restarted.append(unit)
    states[unit] = "active"
    invocation.return_value(GLib.Variant("(o)", (JOB,)))
    end_job(connection, unit, "done")
    while waiting:
        states[waiting[-1]] = "active"
        end_job(connection, waiting.pop(), "done")


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
    if method == "RestartUnit":
        restart(connection, unit, invocation)
        return
    print(f"{method} {unit}", flush=True)
    unit = get_id(unit)
    result = (stop if method == "StopUnit" else start)(unit)
    invocation.return_value(GLib.Variant("(o)", (JOB,)))
    if result is not None:
        end_job(connection, unit, result)
    for session in get_all(unit, "opens") if method == "StartUnit" else []:
        GLib.timeout_add(300, open_session, connection, session)


def on_cancel(connection, sender, path, interface, method, arguments, invocation):
    end_job(connection, jobs.pop(), "canceled")
    invocation.return_value(None)


def on_logind_call(connection, sender, path, interface, method, arguments, invocation):
    if method == "ListSessions":
        invocation.return_value(GLib.Variant("(a(susso))", (opened,)))
        return
    session = arguments.unpack()[0]
    unit = f"session-{session}.scope"
    if method == "GetSession" and unit in states:
        look_at_session(connection, session, unit)
        invocation.return_value(GLib.Variant("(o)", (build_session_path(session),)))
        return
    print(f"{method} {session}", flush=True)
    if unit not in states:
        invocation.return_dbus_error("org.freedesktop.login1.NoSuchSession", f"No session '{session}' known")
        return
    if has(unit, "fails"):
        invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "Not today")
        return
    end_session(connection, session)
    invocation.return_value(None)


def main():
    socket = tree / ("run/dbus/system_bus_socket" if uid is None else f"run/user/{uid}/bus")
    socket.parent.mkdir(parents=True)
    loop = GLib.MainLoop()
    with bus.running(socket):
        connection = bus.connect(socket)
        manager, unit, service, job = Gio.DBusNodeInfo.new_for_xml(SYSTEMD).interfaces
        connection.register_object(PATH, manager, on_call, on_get_of_manager, None)
        connection.register_object(JOB, job, on_cancel, None, None)
        for path in paths.values():
            connection.register_object(path, unit, None, on_get, None)
            connection.register_object(path, service, None, on_get, None)
        logind, session = Gio.DBusNodeInfo.new_for_xml(LOGIND).interfaces
        connection.register_object(LOGIND_PATH, logind, on_logind_call, None, None)
        scopes = {unit[len("session-"):-len(".scope")] for unit in traits if unit.startswith("session-")}
        for name in scopes.union(name for unit in traits for name in get_all(unit, "opens")):
            connection.register_object(build_session_path(name), session, None, on_get_of_session, None)
        for name in (NAME, LOGIND_NAME):
            connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 "RequestName", GLib.Variant("(su)", (name, 4)), None, 0, -1, None)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              lambda *unused: loop.quit())
        print("ready", flush=True)
        loop.run()


main()
