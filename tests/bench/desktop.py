# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop without a display to measure windows in: sway, headless, drawing in memory.

A window is there for sway when its program has handed over the first painted frame, and sway
says so at that moment: that is what is measured, not when the program thinks that it has started.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

SUBSCRIBE = 2
BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def become_nobody():
    """sway refuses to run as root."""
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)


class Desktop:
    """Runs while the block lasts. `environment` is for the programs to be measured."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="baton-bench-")
        runtime = os.path.join(self.directory, "run")
        os.mkdir(runtime, 0o700)
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chmod(self.directory, 0o755)
            os.chown(runtime, nobody.pw_uid, nobody.pw_gid)
        self.processes = []
        self.start_bus()
        self.start_sway(runtime)
        return self

    def __exit__(self, *ignored):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        shutil.rmtree(self.directory)

    def start_bus(self):
        path = os.path.join(self.directory, "bus")
        configuration = os.path.join(self.directory, "bus.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(BUS_CONFIGURATION.format(path=path))
        reading, writing = os.pipe()
        self.processes.append(subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={configuration}",
             f"--print-address={writing}"],
            pass_fds=[writing], stderr=subprocess.DEVNULL,
        ))
        os.close(writing)
        with os.fdopen(reading) as file:
            self.bus = file.readline().strip()

    def start_sway(self, runtime):
        configuration = os.path.join(self.directory, "sway.conf")
        ready = os.path.join(runtime, "ready")
        os.mkfifo(ready)
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(ready, nobody.pw_uid, nobody.pw_gid)
        with open(configuration, "w", encoding="utf-8") as file:
            file.write("xwayland disable\n"
                       f"exec echo $WAYLAND_DISPLAY $SWAYSOCK > {ready}\n")
        environment = {
            "HOME": runtime,
            "PATH": os.environ["PATH"],
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
            "XDG_RUNTIME_DIR": runtime,
        }
        self.processes.append(subprocess.Popen(
            ["sway", "-c", configuration], env=environment, preexec_fn=become_nobody,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))
        with open(ready, encoding="utf-8") as file:
            display, sway_socket = file.readline().split()

        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": self.bus,
            "GSETTINGS_BACKEND": "memory",
            "GSK_RENDERER": "cairo",
            "GTK_USE_PORTAL": "0",
            "HOME": self.directory,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "WAYLAND_DISPLAY": os.path.join(runtime, display),
            "XDG_RUNTIME_DIR": self.directory,
        }
        self.ipc = socket.socket(socket.AF_UNIX)
        self.ipc.settimeout(60)
        self.ipc.connect(sway_socket)
        self.send(SUBSCRIBE, b'["window"]')
        self.receive()

    def send(self, kind, payload):
        self.ipc.sendall(b"i3-ipc" + struct.pack("=II", len(payload), kind) + payload)

    def receive(self):
        header = self.receive_exactly(14)
        length, _kind = struct.unpack("=II", header[6:])
        return json.loads(self.receive_exactly(length))

    def receive_exactly(self, length):
        data = b""
        while len(data) < length:
            piece = self.ipc.recv(length - len(data))
            if not piece:
                raise RuntimeError("sway has ended")
            data += piece
        return data

    def wait_for(self, change, pid):
        while True:
            event = self.receive()
            if event["change"] == change and event["container"]["pid"] == pid:
                return

    def open_window(self, command):
        """The process, and the seconds from its start to its first painted frame."""
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.wait_for("new", process.pid)
        return process, time.perf_counter() - start

    def close_window(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait()
        self.wait_for("close", process.pid)
