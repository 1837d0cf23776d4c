#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was closed for a card is offered to be opened again, and is, or it is said why not."""

import os
import shutil
import subprocess
import time

from harness import (PATIENCE_S, UID, Machine, check, check_events, environment, hello, line_of, result,
                     run_stories, say, story)

TWINS = "ryzen-x370-two-identical-rx580"
CARD = "0000:27:00.0"
ID = "0123456789abcdef0123456789abcdef"
BOOT = "5e0a7c0e-0000-4000-8000-000000000001"
PID, START = 4711, "4242"
STEP = f"close-process:{PID}:{START}"
# It says what it was given.
SCRIPT = "for a; do printf '%s\\0' \"$a\"; done >new; mv new here"
HOSTILE = [b"two\nlines", b"\x1b[31mred", b"", b"\xff\xfe", b"--", b"x" * 9000]


class Desk(Machine):
    """A machine with a process of a user who is not root, and who runs batonctl."""

    def __init__(self, uid=UID, cgroup="/user.slice/user-1000.slice/session-2.scope"):
        super().__init__(TWINS)
        self.place = self.path / "place"
        self.place.mkdir()
        self.state = self.path / "state"
        self.process = self.tree / f"proc/{PID}"
        self.process.mkdir(parents=True)
        boot = self.tree / "proc/sys/kernel/random/boot_id"
        boot.parent.mkdir(parents=True, exist_ok=True)
        boot.write_text(BOOT + "\n")
        fields = ["S", "1", "1", "1", "0"] + ["0"] * 14 + [START, "1", "1"]
        (self.process / "stat").write_text(f"{PID} (gl\x1bow) {' '.join(fields)}\n")
        (self.process / "status").write_text(f"Name:\tglow\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        (self.process / "cgroup").write_text(f"0::{cgroup}\n")
        words = [b"glow", b"-c", SCRIPT.encode(), b"glow", *HOSTILE]
        (self.process / "cmdline").write_bytes(b"\0".join(words) + b"\0")
        (self.process / "environ").write_bytes(b"SECRET=1\0DRI_PRIME=1\0")
        (self.process / "exe").symlink_to("/bin/sh")
        (self.process / "cwd").symlink_to(self.place)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", str(UID), self.path], check=True)

    def run(self, *arguments, **variables):
        user = {"user": UID} if os.getuid() == 0 else {}
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                              env=environment(XDG_STATE_HOME=str(self.state), **variables), cwd="/",
                              timeout=PATIENCE_S, check=False, **user)
        errors = done.stderr.decode()
        check("Sanitizer" not in errors, errors)
        return done.returncode, done.stdout.decode(), errors

    def code(self, *arguments):
        status, text, errors = self.run("--json", *arguments)
        events = check_events.check_output(text.encode("ascii").split(b"\n")[:-1], True)
        check(events[-1]["exit"] == status, f"{status}: {events}, {errors}")
        return events[-1]["code"]

    def hand(self, state="ok", ended=None, process_ends=True):
        """A handoff that closes the process, as it is found by the helper alone."""
        self.set_helper("exit 127")
        status, text, errors = self.run("--json", "plan", "guest", CARD)
        events = check_events.check_output(text.encode("ascii").split(b"\n")[:-1], True)
        plan = next((event for event in events if event["type"] == "plan"), None)
        check(plan is not None, (status, text, errors))
        plan = {key: plan[key] for key in plan if key not in ("v", "seq", "t_ms", "type")}
        args = {"name": "glow", "pid": str(PID), "user": "u", "nodes": "/dev/dri/card1"}
        plan["findings"].append({"severity": "blocker", "code": "in-use-app", "args": args, "consent": "close",
                                 "subject": f"{PID}:{START}", "text": "It is in use.", "remedy": "Close it."})
        step = {"handoff": ID, "n": 1, "id": STEP, "errno": None, "code": None, "args": None, "text": None}
        lines = [hello(), line_of(2, "step", state="start", **step)]
        if state is not None:
            lines.append(line_of(3, "step", state=state, **step))
        if ended is None:
            ended = result(4, 0, "done", "handed-over", {"card": "The card"})
        if ended:
            lines.append(ended)
        ends = f"rm -r {self.process}" if process_ends else ":"
        self.set_helper(f"""
case "$*" in
  plan*) exit 127 ;;
  *"--close {PID}:{START}"*)
{ends}
{say(*lines)}
  ;;
  *)
{say(hello(), line_of(2, "plan", **plan), result(3, 12, "refused", "refused", {"count": "1"}))}
  ;;
esac""")
        return self.run("guest", CARD, "--yes", "--close-all")

    def come_back(self):
        self.set_helper(f"""
case $1 in
  plan) exit 127 ;;
  *)
{say(hello(), result(2, 0, "done", "returned", {"card": "The card"}))}
  ;;
esac""")

    def expect_again(self):
        """Started, where it was, with the same arguments to the byte."""
        here = self.place / "here"
        until = time.monotonic() + PATIENCE_S
        while not here.exists():
            check(time.monotonic() < until, "it was not started")
            time.sleep(0.02)
        check(here.read_bytes() == b"\0".join(HOSTILE) + b"\0", here.read_bytes())
        check(here.stat().st_uid == UID, here.stat())
        here.unlink()

    def expect_nothing_started(self):
        time.sleep(0.3)
        check(not list(self.place.iterdir()), list(self.place.iterdir()))


@story
def what_was_closed_is_opened_again_once():
    with Desk() as desk:
        check(desk.code("reopen") == "nothing-to-reopen", "something was closed before")
        status, text, errors = desk.hand()
        check(status == 0 and "batonctl reopen" not in text, text + errors)
        kept = desk.state / f"baton/closed/{CARD}.json"
        check(kept.stat().st_mode & 0o777 == 0o600, oct(kept.stat().st_mode))
        check("U0VDUkVU" not in kept.read_text(), "a secret was kept")
        status, text, _ = desk.run("reopen", "27:00.0")
        check(status == 0 and "Opened again: gl" in text and "\x1b" not in text, text)
        desk.expect_again()
        check(desk.code("reopen", CARD) == "nothing-to-reopen", "it was offered twice")


@story
def a_handoff_that_was_put_back_says_what_it_has_closed():
    with Desk() as desk:
        args = {"cause": "It failed.", "programs": "glow"}
        end = result(4, 14, "rolled-back", "rolled-back-after-closing", args)
        status, text, errors = desk.hand(ended=end)
        check(status == 14 and f"batonctl reopen {CARD}" in text and "Closed for this card: gl" in text,
              text + errors)
        check(desk.code("reopen") == "reopened", "it was not opened")
        desk.expect_again()


@story
def only_what_was_closed_is_opened():
    for state in ("skip", "fail", None):
        with Desk() as desk:
            desk.hand(state)
            check(desk.code("reopen") == "nothing-to-reopen", state)
            desk.expect_nothing_started()
    with Desk() as desk:  # and what runs is not started
        desk.hand(process_ends=False)
        check(desk.code("reopen") == "nothing-to-reopen", "it runs still")
        desk.expect_nothing_started()


@story
def the_report_tells_what_nobody_waited_for():
    with Desk() as desk:
        desk.hand(state=None, ended="")
        check(desk.code("reopen") == "nothing-to-reopen", "nobody has said that it was closed")
        report = desk.tree / "var/lib/baton/report.json"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(f'{{"cards":["{CARD}"],"boot_id":"{BOOT}","steps":[{{"id":"{STEP}","state":"ok"}}]}}')
        check(desk.code("reopen") == "reopened", "the report says so")
        desk.expect_again()


@story
def with_a_guest_it_waits():
    with Desk() as desk:
        desk.hand()
        driver = desk.tree / f"sys/bus/pci/devices/{CARD}/driver"
        target = os.readlink(driver)
        driver.unlink()
        driver.symlink_to(os.path.join(os.path.dirname(target), "vfio-pci"))
        check(desk.code("reopen") == "reopens-later", "the card is with a guest")
        desk.expect_nothing_started()
        driver.unlink()
        driver.symlink_to(target)
        check(desk.code("reopen", CARD) == "reopened", "it was forgotten")
        desk.expect_again()


@story
def what_cannot_be_is_named():
    with Desk(uid=UID + 1) as desk:
        desk.hand()
        status, text, _ = desk.run("reopen")
        check(status == 17 and "it belongs to another user" in text, text)
        desk.expect_nothing_started()
    with Desk(cgroup="/system.slice/glow.service") as desk:
        desk.hand()
        check(desk.code("reopen") == "not-reopened", "a service was started")
        desk.expect_nothing_started()
    with Desk() as desk:
        desk.hand()
        shutil.rmtree(desk.place)
        status, text, _ = desk.run("reopen")
        check(status == 17 and "the directory that it ran in is gone" in text, text)


@story
def some_may_be_opened_and_others_not():
    with Desk() as desk:
        desk.hand()
        kept = desk.state / f"baton/closed/{CARD}.json"
        text = kept.read_text()
        one = text[text.index("[{") + 1:text.rindex("]")]
        other = one.replace('"obstacle":"none"', '"obstacle":"service"')
        check(other != one, one)
        kept.write_text(text.replace(one, one + "," + other))
        check(desk.code("reopen") == "reopened-in-part", "not in part")
        desk.expect_again()


@story
def it_is_forgotten():
    with Desk() as desk:
        desk.hand()
        check(desk.code("reopen", "--forget") == "reopens-forgotten", "it was not forgotten")
        check(desk.code("reopen") == "nothing-to-reopen", "it was not forgotten")
    with Desk() as desk:  # by a restart of the computer as well
        desk.hand()
        (desk.tree / "proc/sys/kernel/random/boot_id").write_text("another\n")
        check(desk.code("reopen") == "nothing-to-reopen", "it is of another boot")
        desk.expect_nothing_started()


@story
def what_others_could_have_written_starts_nothing():
    with Desk() as desk:
        desk.hand()
        (desk.state / f"baton/closed/{CARD}.json").chmod(0o666)
        status, text, _ = desk.run("reopen")
        check(status == 17 and "somebody else could have written it" in text, text)
        check(desk.code("reopen", CARD) == "reopens-unreadable", "it was believed")
        desk.expect_nothing_started()


@story
def root_opens_nothing():
    with Desk() as desk:
        desk.hand()
        if os.getuid() != 0:
            return
        done = subprocess.run(desk.command("--json", "reopen"), capture_output=True, check=False,
                              env=environment(XDG_STATE_HOME=str(desk.state)), timeout=PATIENCE_S)
        check(done.returncode == 12 and b"reopens-not-root" in done.stdout, done)
        desk.expect_nothing_started()


class Session(Desk):
    """A user who has an application open in a session that a handoff ends."""

    def __init__(self):
        super().__init__(cgroup="/user.slice/user-1000.slice/user@1000.service/app.slice/"
                                "app-gnome-org.x.Glow-7.scope")
        uid = UID if os.getuid() == 0 else os.getuid()
        (self.process / "status").write_text(f"Name:\tglow\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        self.session = self.tree / "run/systemd/sessions/2"
        self.session.parent.mkdir(parents=True, exist_ok=True)
        self.session.write_text(f"UID={uid}\nSTATE=active\nTYPE=wayland\nSEAT=seat0\nSERVICE=gdm\n")
        entries = self.path / "data/applications"
        entries.mkdir(parents=True)
        (entries / "org.x.Glow.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName=Glow\nExec=sh -c \"echo >{self.place}/new; "
            f"mv {self.place}/new {self.place}/here\"\n")
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", str(UID), self.path], check=True)

    def run(self, *arguments, **variables):
        return super().run(*arguments, XDG_DATA_HOME=str(self.path / "data"), **variables)

    def end(self, ends=True):
        """A handoff that ends the session, or one that comes to nothing."""
        over = f"rm -r {self.process} {self.session}" if ends else ":"
        last = result(2, 0, "done", "handed-over", {"card": "The card"}) if ends else \
            result(2, 13, "cancelled", "cancelled", {"card": "The card"})
        self.set_helper(f"""
case "$*" in
  plan*) exit 127 ;;
  *)
{over}
{say(hello(), last)}
  ;;
esac""")
        return self.run("guest", CARD, "--yes", "--end-session")


@story
def what_ended_with_a_session_is_opened_in_the_next():
    with Session() as desk:
        status, text, errors = desk.end()
        check(status == 0 and "Open in the session that has ended: Glow." in text, text + errors)
        check(desk.code("reopen") == "reopens-at-login", "there is no desktop")
        desk.expect_nothing_started()
        # The card is still with a guest: it is not needed.
        driver = desk.tree / f"sys/bus/pci/devices/{CARD}/driver"
        target = os.path.join(os.path.dirname(os.readlink(driver)), "vfio-pci")
        driver.unlink()
        driver.symlink_to(target)
        status, text, errors = desk.run("reopen", WAYLAND_DISPLAY="wayland-0")
        check(status == 0 and "Opened again: Glow" in text, text + errors)
        here = desk.place / "here"
        until = time.monotonic() + PATIENCE_S
        while not here.exists():
            check(time.monotonic() < until, "it was not started")
            time.sleep(0.02)
        check(desk.code("reopen") == "nothing-to-reopen", "it was offered twice")


@story
def what_ended_with_a_session_is_opened_as_the_settings_say():
    with Session() as desk:
        settings = desk.tree / "etc/baton.conf"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(f"[{CARD}]\nopen-again=no\n")
        status, text, errors = desk.end()
        check(status == 0 and "Glow" not in text, text + errors)
        check(not list((desk.state / "baton/closed").glob("*")), "it is noted")
    with Session() as desk:
        settings = desk.tree / "etc/baton.conf"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(f"[{CARD}]\nopen-again=yes\n")
        status, text, errors = desk.end()
        check(status == 0 and "opened again at your next login: Glow." in text, text + errors)


@story
def a_session_that_goes_on_has_nothing_to_open():
    with Session() as desk:
        desk.end(ends=False)
        check(desk.code("reopen") == "nothing-to-reopen", "it is open")
        check(not list((desk.state / "baton/closed").iterdir()), "it is still noted")


run_stories()
