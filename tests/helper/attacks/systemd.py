# SPDX-License-Identifier: GPL-3.0-or-later
"""A system bus of our own in a tree, with a systemd on it that does what a story tells it to."""

import json
import pathlib
import threading

import bus
from check_events import CODES
from gi.repository import Gio, GLib

MANAGER = """<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="Subscribe"/>
  <method name="StartUnit"><arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="out" type="o"/></method>
  <method name="GetUnit"><arg direction="in" type="s"/><arg direction="out" type="o"/></method>
  <property name="SystemState" type="s" access="read"/>
  <signal name="JobRemoved"><arg type="u"/><arg type="o"/><arg type="s"/><arg type="s"/></signal>
</interface></node>"""

SERVICE = """<node><interface name="org.freedesktop.systemd1.Service">
  <property name="MainPID" type="u" access="read"/>
</interface></node>"""

UNIT = "/org/freedesktop/systemd1/unit/1"
JOB = "/org/freedesktop/systemd1/job/1"


def make_end(status, state, code):
    """What a result and a report have in common."""
    return {"exit": status, "state": state, "code": code, "args": {key: "x" for key in CODES[code]["args"]}, "text": "x",
            "remedy": None, "elapsed_ms": 1, "at_step": None, "troubles": []}


class Worker:
    """The other side of a handoff's directory, as the worker's unit would find it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.n_lines = 0

    def take_order(self):
        request = self.directory / "request"
        order = json.loads(request.read_text())
        request.unlink()
        return order

    def write(self, kind, **keys):
        self.n_lines += 1
        line = {"v": 1, "seq": self.n_lines, "t_ms": 1, "type": kind, "handoff": self.directory.name, **keys}
        self.append(json.dumps(line) + "\n")

    def append(self, text):
        with open(self.directory / "events", "a", encoding="utf-8") as events:
            events.write(text)

    def begin(self, pid):
        self.write("worker", pid=pid, start_time="1")

    def end(self, status=0, state="done", code="handed-over"):
        self.write("result", **make_end(status, state, code))

    @property
    def cancel_asked(self):
        return (self.directory / "cancel").exists()


class Systemd:
    """`on_start` is called with the worker's side for each start; what it returns is the job's
    result, and None leaves the job for ever. `main_pid` is the unit's process: 0 where the unit
    has ended and is forgotten, None where nobody may ask. `state` is what the whole system is at."""

    def __init__(self, tree, on_start, early_signal=False, main_pid=None, state="running"):
        self.tree = tree
        self.on_start = on_start
        self.early_signal = early_signal
        self.main_pid = main_pid
        self.state = state
        self.started = []
        (tree.path / "run/systemd/system").mkdir(parents=True)
        (tree.path / "run/dbus").mkdir()
        self.socket = tree.path / "run/dbus/system_bus_socket"

    def __enter__(self):
        self.bus = bus.running(self.socket)
        self.bus.__enter__()
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()
        return self

    def __exit__(self, *unused):
        self.loop.quit()
        self.thread.join()
        self.connection.close_sync()
        self.bus.__exit__(None, None, None)

    def serve(self, ready):
        self.context.push_thread_default()
        self.connection = bus.connect(self.socket)
        interface = Gio.DBusNodeInfo.new_for_xml(MANAGER).interfaces[0]
        self.connection.register_object("/org/freedesktop/systemd1", interface, self.on_call,
                                        lambda *unused: GLib.Variant("s", self.state), None)
        service = Gio.DBusNodeInfo.new_for_xml(SERVICE).interfaces[0]
        self.connection.register_object(UNIT, service, None, lambda *unused: GLib.Variant("u", self.main_pid), None)
        self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                                  GLib.Variant("(su)", ("org.freedesktop.systemd1", 4)), None, 0, -1, None)
        ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def emit(self, unit, result):
        for name in ("something-else.service", unit):
            self.connection.emit_signal(None, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved",
                                        GLib.Variant("(uoss)", (1, JOB, name, result if name == unit else "done")))

    def on_call(self, connection, sender, path, interface, method, arguments, invocation):
        if method == "Subscribe":
            invocation.return_value(None)
            return
        if method == "GetUnit":
            if self.main_pid:
                invocation.return_value(GLib.Variant("(o)", (UNIT,)))
            else:
                error = "org.freedesktop.DBus.Error.AccessDenied" if self.main_pid is None else "org.freedesktop.systemd1.NoSuchUnit"
                invocation.return_dbus_error(error, "It is not there.")
            return
        unit, mode = arguments.unpack()
        self.started.append((unit, mode))
        template, identity = unit[:-len(".service")].split("@")
        changes = ("baton-settings", "baton-isolate", "baton-install-hook", "baton-claim", "baton-adopt",
                   "baton-undo-all")
        place = "settings" if template in changes else "handoff"
        result = self.on_start(Worker(self.tree.path / "run/baton" / place / identity))
        if result is not None and self.early_signal:
            self.emit(unit, result)
        invocation.return_value(GLib.Variant("(o)", (JOB,)))
        if result is not None and not self.early_signal:
            self.emit(unit, result)
