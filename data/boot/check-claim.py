#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check-claim.py CLAIM-AT-BOOT

The script that claims cards in the RAM disk, in each shell that one may have, on trees that look as
sysfs does. What stands in for modprobe takes what is for vfio-pci, as the kernel does.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from tap import check, run_stories, story  # noqa: E402

SCRIPT = pathlib.Path(sys.argv[1])
CARD, SOUND, TWIN = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0"
WHO, WHO_SOUND = "1002:73bf:1da2:e438@00/01.1/00.0", "1002:ab28:1002:ab28@00/01.1/00.1"
WHO_TWIN, DRIVE = "1002:73bf:1da2:e438@00/01.2/00.0", "144d:a80a:144d:a801@00/1d.0/00.0"
HEAD = "# Written by Baton\n\n"

# What each shell is called; klibc's is the one of a RAM disk without busybox.
SHELLS = [command for command in (["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"],
                                  ["/usr/lib/klibc/bin/sh"]) if shutil.which(command[0])]

# As vfio-pci does when it is loaded: it takes each function that is kept for it and has no driver.
MODPROBE = """#!/bin/sh
[ "$*" = vfio-pci ] || exit 1
cd "$TREE"
echo "$*" >> modprobe
[ ! -e no-vfio ] || exit 1
mkdir -p sys/drivers/vfio-pci
: > sys/drivers/vfio-pci/bind
[ ! -e lazy ] || exit 0
for function in sys/devices/*; do
  if [ "$(cat "$function/driver_override")" = vfio-pci ] && [ ! -e "$function/driver" ]; then
    ln -s ../../../../sys/drivers/vfio-pci "$function/driver"
  fi
done
"""


class Tree:
    """A computer in its RAM disk."""

    def __init__(self, shell, claims, command_line="quiet splash"):
        self.shell = shell
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="baton claim "))
        (self.path / "sys/devices").mkdir(parents=True)
        (self.path / "sys/drivers/amdgpu").mkdir(parents=True)
        (self.path / "cmdline").write_text(command_line + "\n")
        (self.path / "kmsg").touch()
        if claims is not None:
            (self.path / "claims").write_text(claims)
        self.add(CARD, WHO)
        self.add(SOUND, WHO_SOUND)
        self.add(TWIN, WHO_TWIN)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path)

    def add(self, address, who):
        who, place = who.split("@")
        # As below the real /sys/devices, and what is looked at is a link there.
        where = f"devices/pci0000:00/0000:00:{place.split('/')[1]}/{address}"
        function = self.path / where
        function.mkdir(parents=True)
        (self.path / "sys/devices" / address).symlink_to(f"../../{where}")
        for name, value in zip(("vendor", "device", "subsystem_vendor", "subsystem_device"), who.split(":")):
            (function / name).write_text(f"0x{value}\n")
        (function / "driver_override").write_text("(null)\n")

    def remove(self, address):
        link = self.path / "sys/devices" / address
        shutil.rmtree(link.resolve())
        link.unlink()

    def bind(self, address, driver):
        (self.path / "sys/devices" / address / "driver").symlink_to(f"../../../../sys/drivers/{driver}")
        (self.path / "sys/drivers" / driver).mkdir(exist_ok=True)

    def run(self):
        """Returns: what it reports, line by line; None where it reports nothing"""
        tools = self.path / "bin"
        tools.mkdir()
        (tools / "modprobe").write_text(MODPROBE)
        (tools / "modprobe").chmod(0o755)
        text = SCRIPT.read_text("utf-8")
        for name, place in (("claims=/etc/baton/claims", "claims"), ("sys=/sys/bus/pci", "sys"), ("run=/run/baton", "run"),
                            ("cmdline=/proc/cmdline", "cmdline"), ("kmsg=/dev/kmsg", "kmsg")):
            check(text.count(f"\n{name}\n") == 1, name)
            text = text.replace(f"\n{name}\n", f"\n{name.split('=')[0]}='{self.path / place}'\n")
        (self.path / "script").write_text(text)
        done = subprocess.run([*self.shell, "-eu", str(self.path / "script")], capture_output=True, text=True, check=False,
                              env={"PATH": f"{tools}:{os.environ['PATH']}", "TREE": str(self.path)})
        check(done.returncode == 0 and done.stdout == "" and done.stderr == "", f"{self.shell}: {done}")
        report = self.path / "run/claim-report"
        return report.read_text().splitlines() if report.exists() else None

    def override(self, address):
        return (self.path / "sys/devices" / address / "driver_override").read_text().strip()

    def driver(self, address):
        link = self.path / "sys/devices" / address / "driver"
        return link.readlink().name if link.is_symlink() else None

    def console(self):
        return (self.path / "kmsg").read_text()


def in_each_shell(run):
    def told():
        for shell in SHELLS:
            run(shell)
    told.__name__ = run.__name__
    return story(told)


@in_each_shell
def a_card_and_its_sound_and_not_its_twin(shell):
    with Tree(shell, f"{HEAD}{CARD} {WHO}\n{SOUND} {WHO_SOUND}\n") as tree:
        got = tree.run()
        check(got == [f"{CARD} claimed", f"{SOUND} claimed"], str(got))
        check(tree.override(TWIN) == "(null)" and tree.driver(TWIN) is None, "the twin was touched")
        check((tree.path / "modprobe").read_text() == "vfio-pci\n", "it was loaded twice")
        check(tree.console() == "", tree.console())


@in_each_shell
def the_sound_that_nobody_uses(shell):
    with Tree(shell, f"{HEAD}{SOUND} {WHO_SOUND}\n") as tree:
        check(tree.run() == [f"{SOUND} claimed"], "it was not claimed")
        check(tree.driver(SOUND) == "vfio-pci" and tree.override(CARD) == "(null)", "something else was claimed")


@in_each_shell
def a_shifted_bus_claims_nothing(shell):
    with Tree(shell, f"{HEAD}{CARD} {WHO}\n{SOUND} {WHO_SOUND}\n") as tree:
        tree.remove(CARD)
        tree.remove(SOUND)
        tree.add(CARD, DRIVE)
        got = tree.run()
        check(got == [f"{CARD} other {DRIVE}", f"{SOUND} absent"], str(got))
        check(tree.override(CARD) == "(null)" and tree.override(TWIN) == "(null)", "something was claimed")
        check(not (tree.path / "modprobe").exists(), "the module was loaded for nobody")
        check("other 144d" in tree.console() and SOUND in tree.console(), tree.console())


@in_each_shell
def a_twin_that_was_shifted_there(shell):
    """Both are one further, and at the second one's address is the first one now."""
    with Tree(shell, f"{TWIN} {WHO_TWIN}\n") as tree:
        tree.remove(CARD)
        tree.remove(TWIN)
        tree.add(TWIN, WHO)
        tree.add("0000:03:00.0", WHO_TWIN)
        check(tree.run() == [f"{TWIN} other {WHO}"], "the other one was claimed")
        check(tree.override(TWIN) == "(null)" and tree.driver(TWIN) is None, "it was touched")


@in_each_shell
def every_part_of_who_it_is_counts(shell):
    for other in ("1002:73bf:1da2:e439@00/01.1/00.0", "1002:73bf:1da3:e438@00/01.1/00.0", "1002:73be:1da2:e438@00/01.1/00.0",
                  "1003:73bf:1da2:e438@00/01.1/00.0", "1002:73bf:1da2:e438@00/01.3/00.0", "1002:73bf:1da2:e438"):
        with Tree(shell, f"{CARD} {other}\n") as tree:
            check(tree.run() == [f"{CARD} other {WHO}"], other)
            check(tree.override(CARD) == "(null)", other)


@in_each_shell
def the_way_out_on_the_command_line(shell):
    for line in ("baton.claim=no", "quiet baton.claim=no", "baton.claim=no splash"):
        with Tree(shell, f"{CARD} {WHO}\n", line) as tree:
            check(tree.run() == [f"{CARD} skipped"], line)
            check(tree.override(CARD) == "(null)" and not (tree.path / "modprobe").exists(), line)
    for line in ("baton.claim=yes", "xbaton.claim=no", "baton.claim=nothing", ""):
        with Tree(shell, f"{CARD} {WHO}\n", line) as tree:
            check(tree.run() == [f"{CARD} claimed"], line)


@in_each_shell
def a_driver_that_was_faster_is_left_alone(shell):
    with Tree(shell, f"{CARD} {WHO}\n{SOUND} {WHO_SOUND}\n") as tree:
        tree.bind(CARD, "amdgpu")
        got = tree.run()
        check(got == [f"{CARD} late amdgpu", f"{SOUND} claimed"], str(got))
        check(tree.override(CARD) == "(null)" and tree.driver(CARD) == "amdgpu", "it was touched")


@in_each_shell
def what_others_claimed_before_is_claimed(shell):
    with Tree(shell, f"{CARD} {WHO}\n") as tree:
        tree.bind(CARD, "vfio-pci")
        check(tree.run() == [f"{CARD} claimed"], "it has the driver")


@in_each_shell
def without_the_module_it_is_kept_all_the_same(shell):
    for obstacle in ("no-vfio", "lazy"):
        with Tree(shell, f"{CARD} {WHO}\n") as tree:
            (tree.path / obstacle).touch()
            got = tree.run()
            check(got == [f"{CARD} unbound"] and tree.override(CARD) == "vfio-pci", str(got))
            # It was loaded already, and took nothing by itself: it is asked to.
            bind = tree.path / "sys/drivers/vfio-pci/bind"
            check(obstacle == "no-vfio" or bind.read_text() == f"{CARD}\n", obstacle)


@in_each_shell
def lines_that_are_none(shell):
    hostile = "$(touch TREE/bad)\n`x`\n../../../etc x\n-n y\n*\n0000:01:00.0;reboot z\n\n#\n \n"
    with Tree(shell, hostile + f"{TWIN} {WHO_TWIN} more words") as tree:
        # The last line has no end, as if the disk had been full: it is not read.
        check(tree.run() == [], "something was claimed")
        check(tree.override(TWIN) == "(null)", "half a line was read")
    with Tree(shell, f"{CARD}\n") as tree:
        check(tree.run() == [f"{CARD} other {WHO}"], "without who it is nobody is meant")


@in_each_shell
def without_claims_there_is_no_report(shell):
    with Tree(shell, None) as tree:
        check(tree.run() is None and not (tree.path / "run").exists(), "it left something")


check("sh" in (shell[0] for shell in SHELLS), "there is no shell")
run_stories()
