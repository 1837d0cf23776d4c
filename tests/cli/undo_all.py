#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before Baton is removed: what is the user's own is taken back first, and then a helper is asked once."""

import os
import pathlib
import subprocess

from harness import (PATIENCE_S, UID, Machine, check, check_events, environment, hello, result, run_stories, say,
                     story)

TWINS = "ryzen-x370-two-identical-rx580"
CARD = "0000:27:00.0"
NOTICE = "systemd/user/graphical-session.target.wants/baton-notice.service"
MINE = "[Desktop Entry]\nType=Application\nName=Game\nExec=game\nComment=mine\n"
ALWAYS = f"[Desktop Entry]\nType=Application\nName=Game\nExec=baton-run {CARD} -- game\nX-Baton-Card={CARD}\n"
FILES = {"files": "/etc/baton/claims"}


class Home(Machine):
    """A machine, and a user with a home, who has programs that always run on a card, and is told of others."""

    def __init__(self):
        super().__init__(TWINS, say(hello(verb="undo-all"), result(2, 0, "done", "all-undone", FILES)))
        self.data, self.config = self.path / "data", self.path / "config"
        for name, text in (("applications/mine.desktop", ALWAYS), ("baton/applications/mine.desktop", MINE),
                           ("applications/system.desktop", ALWAYS), ("applications/other.desktop", MINE),
                           ("applications/none", ALWAYS)):
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            (self.data / name).write_text(text)
        (self.config / NOTICE).parent.mkdir(parents=True)
        (self.config / NOTICE).symlink_to("/usr/lib/systemd/user/baton-notice.service")
        (self.config / "baton").mkdir()
        (self.config / "baton/always-close.ini").write_text("[programs]\n")
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", str(UID), self.path], check=True)

    def run(self, *arguments, **variables):
        user = {"user": UID} if os.getuid() == 0 and variables.pop("root", None) is None else {}
        # No systemd of theirs can be asked there, as over ssh.
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, cwd="/",
                              env=environment(XDG_DATA_HOME=str(self.data), XDG_CONFIG_HOME=str(self.config),
                                              DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.path}/none", **variables),
                              timeout=PATIENCE_S, check=False, **user)
        errors = done.stderr.decode()
        check("Sanitizer" not in errors, errors)
        return done.returncode, done.stdout.decode(), errors

    def result(self, *arguments):
        status, text, errors = self.run("--json", "undo-all", *arguments)
        events = check_events.check_output(text.encode("ascii").split(b"\n")[:-1], True)
        check(events[-1]["exit"] == status, f"{status}: {events}, {errors}")
        return events[-1]

    def own(self):
        """What there is in the home."""
        return {str(path.relative_to(self.path)): path.read_text() if path.is_file() else None
                for top in (self.data, self.config) for path in top.rglob("*") if not path.is_dir() or path.is_symlink()}


@story
def what_is_the_user_s_own_goes_first():
    with Home() as home:
        status, text, errors = home.run("undo-all")
        check(status == 0, f"{status}: {text} {errors}")
        check(home.own() == {"data/applications/mine.desktop": MINE, "data/applications/other.desktop": MINE,
                             "data/applications/none": ALWAYS, "config/baton/always-close.ini": "[programs]\n"}, home.own())
        check(home.asked_for("undo-all") == ["undo-all"], home.asked.read_text())
        lines = text.splitlines()
        check(lines[0].startswith("mine.desktop is started as before"), text)
        check(lines[1].startswith("system.desktop is started as before") and "told no more" in lines[2], text)
        check("/etc/baton/claims" in lines[3], text)
        # Once more finds nothing of theirs.
        status, text, _ = home.run("undo-all")
        check(status == 0 and text.count("\n") == 1, text)


@story
def a_script_reads_the_result_alone():
    with Home() as home:
        check(home.result("--settings")["code"] == "all-undone", "not undone")
        check(home.asked_for("undo-all") == ["undo-all --settings"], home.asked.read_text())
        check("config/baton/always-close.ini" not in home.own(), home.own())


@story
def a_card_that_is_away_asks_for_no_password():
    with Home() as home:
        before = home.own()
        driver = next(pathlib.Path(home.tree / "sys/bus/pci/devices" / CARD).resolve().glob("driver"))
        driver.unlink()
        (home.tree / "sys/bus/pci/drivers/vfio-pci").mkdir(parents=True, exist_ok=True)
        driver.symlink_to(os.path.relpath(home.tree / "sys/bus/pci/drivers/vfio-pci", driver.parent))
        (home.tree / "run/baton/cards").mkdir(parents=True)
        (home.tree / f"run/baton/cards/{CARD}.json").write_text("{}")
        ended = home.result()
        check((ended["exit"], ended["code"]) == (12, "undo-all-with-guest"), ended)
        check(ended["args"]["address"] == CARD and f"batonctl host {CARD}" in ended["remedy"], ended)
        check(home.own() == before and not home.asked.exists(), home.own())
        status, text, _ = home.run("undo-all")
        check(status == 12 and f"batonctl host {CARD}" in text, text)


@story
def what_cannot_be_taken_back_is_said_before_anything_else():
    with Home() as home:
        place = home.data / "applications"
        (place / "mine.desktop").unlink()
        (home.data / "baton/applications/system.desktop").mkdir()
        ended = home.result()
        check((ended["exit"], ended["code"]) == (17, "undo-all-own-left"), ended)
        check("system.desktop" in ended["args"]["reason"], ended)
        check(not home.asked.exists(), "the helper was asked all the same")
        status, text, _ = home.run("undo-all")
        check(status == 17 and "system.desktop" in text and "sudo batonctl undo-all" in text, text)


@story
def root_leaves_every_home_alone():
    if os.getuid() != 0:
        return
    with Home() as home:
        before = home.own()
        status, text, errors = home.run("undo-all", root="1")
        check(status == 0 and home.own() == before, f"{status}: {text} {errors}")
        check(home.asked_for("undo-all") == ["undo-all"], home.asked.read_text())


@story
def arguments_that_are_none():
    with Home() as home:
        before = home.own()
        for arguments in (["undo-all", CARD], ["undo-all", "--undo"], ["list", "--settings"], ["claim", CARD, "--settings"]):
            status, text, errors = home.run(*arguments)
            check(status == 10 and errors, f"{arguments}: {status} {text} {errors}")
        check(home.own() == before and not home.asked.exists(), home.own())


run_stories()
