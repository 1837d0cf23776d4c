#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""watch, which every local process can start without a password: what it tells, and what it may."""

import json
import os
import signal
import subprocess
import time

from harness import Helper, Tree, UID, check, expect_refusal, run_stories, story
from systemd import Worker, make_end

ID = "0123456789abcdef0123456789abcdef"
PICTURES = ("machine", "holders", "report")


class Watch:
    def __init__(self, tree):
        self.tree = tree

    def __enter__(self):
        self.helper = Helper(self.tree, "watch")
        self.helper.wait_for(lambda lines: any(line["type"] == "machine" for line in lines))
        return self

    def __exit__(self, *unused):
        self.helper.stop()

    def look(self):
        """Asks for a look, and returns everything up to the machine that answers it."""
        n_before = sum(line["type"] == "machine" for line in self.helper.wait_for(lambda lines: True))
        self.helper.say(b'{"look":true}\n')
        return self.wait_for(lambda lines: sum(line["type"] == "machine" for line in lines) > n_before)

    def wait_for(self, predicate):
        return self.helper.wait_for(predicate)

    def wait_for_type(self, kind):
        return [line for line in self.wait_for(lambda lines: any(line["type"] == kind for line in lines))
                if line["type"] == kind]

    def read_status(self):
        with open(f"/proc/{self.helper.process.pid}/status", encoding="ascii") as lines:
            return dict(line.rstrip("\n").split(":\t", 1) for line in lines)

    def count_wakeups(self):
        total = 0
        for task in os.listdir(f"/proc/{self.helper.process.pid}/task"):
            with open(f"/proc/{self.helper.process.pid}/task/{task}/status", encoding="ascii") as lines:
                total += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
        return total


def make_handoff(tree, lock=True, name=ID):
    directory = tree.path / "run/baton/handoff" / name
    directory.mkdir(parents=True)
    (directory / "events").touch()
    if lock:
        (tree.path / "run/baton/lock").write_text(name + "\n")
    return Worker(directory)


def write_report(tree, code, **keys):
    directory = tree.path / "var/lib/baton"
    directory.mkdir(exist_ok=True)
    report = {**make_end(0, "done", code), "cards": ["0000:01:00.0"], "to": "guest", "steps": [], "durations": [], "uid": 1000,
              "boot_id": "x", "at": 1, "handoff": ID, **keys}
    (directory / ".new").write_text(json.dumps(report))
    (directory / ".new").rename(directory / "report.json")


@story
def it_has_no_rights_left():
    with Tree() as tree, Watch(tree) as watch:
        status = watch.read_status()
        check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", str(status))
        check(status["CapBnd"] == "0" * 16 or os.geteuid() != 0, status["CapBnd"])
        if os.geteuid() == 0:
            check(status["CapEff"] == status["CapPrm"] == "0000000000080004", status["CapEff"])
            check(status["Uid"].split() == [UID] * 4, status["Uid"])
            check(status["Groups"].strip() == "", status["Groups"])


@story
def it_takes_no_arguments():
    with Tree() as tree:
        expect_refusal(tree, ["watch", "0000:01:00.0"], 10, "bad-arguments")


@story
def it_does_not_wake_while_nothing_happens():
    with Tree() as tree:
        tree.add_card()
        with Watch(tree) as watch:
            watch.look()
            # The look itself ends in here: what it has opened is noticed, and is no news.
            time.sleep(2)
            before = watch.count_wakeups()
            time.sleep(5)
            check(watch.count_wakeups() == before, f"it woke {watch.count_wakeups() - before} times")


@story
def a_picture_that_is_the_same_is_not_told_again():
    with Tree() as tree:
        tree.add_card()
        with Watch(tree) as watch:
            n_before = sum(line["type"] == "machine" for line in watch.look())
            # Opened and closed: a reason to look, and nothing to tell.
            (tree.path / "dev/dri/card0").touch()
            (tree.path / "dev/dri/card0").read_bytes()
            n_after = sum(line["type"] == "machine" for line in watch.look())
            check(n_after == n_before + 1, f"it was told {n_after - n_before} times, and once it was asked")


@story
def a_card_that_comes_is_told():
    with Tree() as tree, Watch(tree) as watch:
        tree.add_card()
        (tree.path / "dev/dri/card0").touch()
        lines = watch.wait_for(lambda lines: any(line["type"] == "machine" and line["cards"] for line in lines))
        check(lines[-1]["type"] in PICTURES, str(lines))


@story
def a_storm_of_events_is_one_look_a_second():
    with Tree() as tree:
        tree.add_card()
        with Watch(tree) as watch:
            n_before = len([line for line in watch.look() if line["type"] == "machine"])
            begin = time.monotonic()
            for _ in range(20000):
                watch.helper.say(b'{"look":true}\n')
                (tree.path / "dev/dri/card0").touch()
            n_looks = len([line for line in watch.look() if line["type"] == "machine"]) - n_before
            seconds = time.monotonic() - begin
            check(1 <= n_looks <= seconds + 2, f"{n_looks} looks in {seconds} s")


@story
def junk_is_survived():
    with Tree() as tree, Watch(tree) as watch:
        for line in (b"\xff\x00", b"{", b"[" * 100000, b"x" * 1000000, b'{"cancel":true}'):
            watch.helper.say(line + b"\n")
        watch.look()


@story
def a_handoff_of_somebody_else_is_shown():
    """Also the first one since the start of the machine, when its directory is made."""
    with Tree() as tree, Watch(tree) as watch:
        worker = make_handoff(tree)
        worker.begin(os.getpid())
        worker.write("hello", proto=[1], version="x", verb="hand", by="helper")
        worker.write("step", n=1, id="verify:x", state="start", errno=None, code=None, args=None, text=None)
        worker.write("heartbeat")
        steps = watch.wait_for_type("step")
        check(steps[0]["handoff"] == ID, str(steps))
        worker.end()
        write_report(tree, "handed-over")
        check(watch.wait_for_type("report")[0]["code"] == "handed-over", "another report came")
        kinds = {line["type"] for line in watch.look()}
        check(kinds == {"hello", "machine", "step", "report"}, str(kinds))


@story
def whoever_comes_late_reads_everything():
    with Tree() as tree:
        worker = make_handoff(tree)
        for number in range(3):
            worker.write("step", n=number + 1, id="verify:x", state="ok", errno=None, code=None, args=None, text=None)
        with Watch(tree) as watch:
            watch.wait_for(lambda lines: [line["n"] for line in lines if line["type"] == "step"] == [1, 2, 3])


@story
def a_handoff_that_has_ended_is_history():
    with Tree() as tree:
        worker = make_handoff(tree)
        worker.write("step", n=1, id="verify:x", state="ok", errno=None, code=None, args=None, text=None)
        worker.end()
        write_report(tree, "returned")
        with Watch(tree) as watch:
            check(watch.wait_for_type("report")[0]["code"] == "returned", "another report came")
            check(not [line for line in watch.look() if line["type"] == "step"], "an old handoff was shown")


@story
def one_that_waits_for_a_guest_is_come_back_to():
    """It has let the lock go: whoever has it goes before, and then it is told again, to its end."""
    other = "f" * 32
    plan = {"cards": ["0000:01:00.0"], "to": "host", "findings": [], "steps": [], "ends_session": False,
            "digest": "0" * 64, "snap": 1, "more": False}
    with Tree() as tree:
        waiting = make_handoff(tree, lock=False)
        waiting.write("plan", **plan)
        waiting.write("step", n=1, id="wait-guest:x", state="start", errno=None, code=None, args=None, text=None)
        (waiting.directory / "waits").write_text("{}")
        with Watch(tree) as watch:
            check(watch.wait_for_type("step")[0]["handoff"] == ID, "it was not found")
            worker = make_handoff(tree, name=other)
            worker.write("step", n=1, id="verify:x", state="start", errno=None, code=None, args=None, text=None)
            watch.wait_for(lambda lines: any(line.get("handoff") == other for line in lines))
            write_report(tree, "handed-over", handoff=other)
            worker.end()
            (tree.path / "run/baton/lock").write_text("")
            watch.wait_for(lambda lines: [line.get("handoff") for line in lines if line["type"] == "step"] ==
                           [ID, other, ID])
            waiting.end(13, "cancelled", "cancelled")
            watch.wait_for(lambda lines: any(line["type"] == "report" and line["handoff"] == ID and
                                             line["code"] == "cancelled" for line in lines))


@story
def a_report_of_which_little_is_known():
    """As recovery leaves it where the journal could not be read."""
    with Tree() as tree:
        (tree.path / "var").mkdir(exist_ok=True)
        write_report(tree, "recovered-with-problems", cards=[], to=None, uid=None, handoff=None)
        with Watch(tree) as watch:
            check(watch.wait_for_type("report")[0]["to"] is None, "another report came")


@story
def a_lock_with_anything_in_it_is_no_path():
    with Tree() as tree:
        make_handoff(tree, lock=False)
        for text in ("../../../etc", "/etc/passwd", "", "\0" * 64, "x" * 100000, ID.upper()):
            (tree.path / "run/baton/lock").write_text(text)
            with Watch(tree) as watch:
                watch.look()


@story
def it_ends_with_its_reader():
    with Tree() as tree:
        reader, writer = os.pipe()
        helper = Helper(tree, "watch", stdout=writer)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        check(helper.process.wait(60) == 0, f"ended with {helper.process.returncode}")


@story
def it_goes_on_without_input_and_ends_when_it_is_told_to():
    with Tree() as tree, Watch(tree) as watch:
        watch.helper.process.stdin.close()
        tree.add_card()
        (tree.path / "dev/dri/card0").touch()
        watch.wait_for(lambda lines: any(line["type"] == "machine" and line["cards"] for line in lines))
        watch.helper.process.send_signal(signal.SIGTERM)
        status, output = watch.helper.finish(close_input=False)
        check(status == 0 and output.result["code"] == "watched", str(output.lines))


@story
def a_user_without_inotify_instances_is_told_and_served():
    """`fs.inotify.max_user_instances` is for each user, and the helper looks as the user."""
    if os.geteuid() != 0:
        return
    with open("/proc/sys/fs/inotify/max_user_instances", encoding="ascii") as limit:
        n_instances = int(limit.read())
    hoard = subprocess.Popen(
        ["/usr/bin/python3", "-c",
         "import ctypes, sys\n"
         "for _ in range(int(sys.argv[1])): ctypes.CDLL(None).inotify_init()\n"
         "print('full', flush=True)\nsys.stdin.read()", str(min(n_instances, 4096))],
        user=int(UID), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        hoard.stdout.readline()
        with Tree() as tree, Watch(tree) as watch:
            logs = [line["text"] for line in watch.look() if line["type"] == "log"]
            check(len(logs) == 2 and all("watch files" in text for text in logs), str(logs))
    finally:
        hoard.communicate()


run_stories()
