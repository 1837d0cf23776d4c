# SPDX-License-Identifier: GPL-3.0-or-later
"""What the attacks share: a tree of our own, the helper on it, TAP.

Every line that the helper writes is held to the contract, and what it leaves behind to the story.
"""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HELPER = os.environ.get("BATON_TEST_HELPER", "")
HELPER_ON_TREE = os.environ.get("BATON_TEST_HELPER_ON_TREE", "")
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PATIENCE_S = 60

# Whom a helper that is root becomes in order to look: there must be such a user.
UID = str(pwd.getpwnam("nobody").pw_uid)

TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(TOP / "data/schema"), str(TOP / "tests")]
import check_events  # noqa: E402
from tap import check, run_stories, story  # noqa: E402, F401


class Tree:
    """A machine without cards, in a directory of its own."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="baton-attack-"))
        for name in ("sys/bus/pci/devices", "sys/class", "sys/devices", "sys/kernel/iommu_groups", "proc",
                     "dev/dri", "dev/snd", "dev/vfio", "etc", "run", "var/lib", "lib/modules", "usr/lib"):
            (self.path / name).mkdir(parents=True)
        (self.path / "proc/cmdline").write_text("quiet\n")
        # Whoever the helper becomes must get in.
        self.path.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path)

    def add_card(self, address="0000:01:00.0", vendor="0x1234"):
        device = self.path / "sys/devices/pci0000:00" / address
        device.mkdir(parents=True)
        for name, text in {"vendor": vendor, "device": "0x1111", "class": "0x030000", "subsystem_vendor": "0x1af4",
                           "subsystem_device": "0x1100", "boot_vga": "0", "driver_override": "(null)",
                           "modalias": "pci:v00001234d00001111", "irq": "11", "enable": "1"}.items():
            (device / name).write_text(text + "\n")
        (self.path / "sys/bus/pci/devices" / address).symlink_to(f"../../../devices/pci0000:00/{address}")

    def snapshot(self):
        """Everything there is: paths, kinds, modes, contents."""
        found = {}
        for path in sorted(self.path.rglob("*")):
            info = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(self.path))] = (info.st_mode, content)
        return found

    @property
    def handoffs(self):
        directory = self.path / "run/baton/handoff"
        return sorted(directory.iterdir()) if directory.is_dir() else []


class Output:
    """The helper's lines, each checked as it comes."""

    def __init__(self, text):
        lines = text.encode("ascii").split(b"\n")
        check(lines.pop() == b"", f"the last line is cut: {text[-200:]!r}")
        self.lines = check_events.check_output(lines, needs_result=False) if lines else []

    def types(self):
        return [line["type"] for line in self.lines]

    def of_type(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    @property
    def result(self):
        results = self.of_type("result")
        check(len(results) == 1, f"there are {len(results)} results")
        return results[0]


def environment(**more):
    # The sanitizer's search for leaks traces its own process, which the helper forbids.
    options = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", **options, **more}


class Helper:
    """The helper as a child, on a tree, with pipes."""

    def __init__(self, tree, *arguments, **options):
        self.process = subprocess.Popen(
            [HELPER_ON_TREE, str(tree.path), UID, *arguments], bufsize=0, stdin=subprocess.PIPE,
            stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, env=environment(), **options)
        self.text = ""
        self.arrived = threading.Condition()
        if self.process.stdout is not None:
            self.reader = threading.Thread(target=self.read, daemon=True)
            self.reader.start()

    def read(self):
        while block := os.read(self.process.stdout.fileno(), 65536):
            with self.arrived:
                self.text += block.decode("ascii")
                self.arrived.notify_all()
    def wait_for(self, predicate):
        """Waits until the lines that have come are as wished."""
        def lines():
            whole = self.text[:self.text.rfind("\n") + 1]
            return [check_events.check_line(line.encode("ascii")) for line in whole.splitlines()]
        with self.arrived:
            check(self.arrived.wait_for(lambda: predicate(lines()), PATIENCE_S),
                  f"waited in vain; the lines were {self.text}")
            return lines()

    def say(self, data):
        self.process.stdin.write(data)

    def finish(self, close_input=True):
        if close_input and self.process.stdin is not None:
            self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        errors = self.process.stderr.read().decode("utf-8", "replace")
        check("Sanitizer" not in errors, errors)
        return status, Output(self.text)

    def stop(self):
        self.process.kill()
        self.process.wait()


def run(tree, *arguments, **options):
    """Runs the helper to its end. Returns: exit status, output"""
    helper = Helper(tree, *arguments, **options)
    try:
        return helper.finish()
    finally:
        helper.stop()


def expect_refusal(tree, arguments, status=None, code=None, **options):
    """No state change, exit 10 to 19, one result with a code."""
    before = tree.snapshot()
    got, output = run(tree, *arguments, **options)
    check(10 <= got <= 19, f"the exit status is {got}")
    check(output.result["exit"] == got, f"status {got}, and the result says {output.result['exit']}")
    check(status is None or got == status, f"the exit status is {got} and not {status}: {output.result}")
    check(code is None or output.result["code"] == code, f"the code is {output.result['code']}")
    check(tree.snapshot() == before, "something was changed")
    return output


def wait_until(predicate, message):
    """For what other processes do to files: there is no event that a test could wait for alike
    on all file systems. Ends as soon as it is so."""
    end = time.monotonic() + PATIENCE_S
    while not predicate():
        check(time.monotonic() < end, message)
        time.sleep(0.01)
