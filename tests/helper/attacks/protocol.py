#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller can do to a handoff through the helper's pipes, signals and surroundings."""

import os
import re
import signal
import subprocess
import threading

from harness import (DIGEST, HELPER_ON_TREE, PATIENCE_S, Helper, Output, Tree, UID, check, environment, expect_refusal, run,
                     run_stories, story, wait_until)
from systemd import Systemd

HAND = ["hand", "guest", "0000:01:00.0", "--expect", DIGEST]
LIMIT_KIB = 64 * 1024 * (4 if "ASAN_OPTIONS" in os.environ else 1)


class Handoff:
    """A handoff whose worker waits for the story to go on."""

    def __init__(self, *arguments):
        self.arguments = arguments or HAND
        self.tree = Tree()
        self.systemd = Systemd(self.tree, self.on_start)

    def on_start(self, worker):
        self.worker = worker
        self.order = worker.take_order()
        # A process whose end means the end of the worker.
        self.process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        self.systemd.main_pid = self.process.pid
        worker.begin(self.process.pid)
        worker.write("step", n=1, id="verify:x", state="start", errno=None, code=None, args=None, text=None)
        return "done"

    def __enter__(self):
        self.systemd.__enter__()
        self.helper = Helper(self.tree, *self.arguments)
        self.helper.wait_for(lambda lines: any(line["type"] == "step" for line in lines))
        return self

    def __exit__(self, *unused):
        self.helper.stop()
        self.end_worker()
        self.systemd.__exit__()
        self.tree.__exit__()

    def end_worker(self):
        self.process.stdin.close()
        self.process.wait()

    def finish(self, status=0):
        self.worker.end()
        got, output = self.helper.finish()
        check(got == status, f"ended with {got}")
        check(output.result["exit"] == status, str(output.result))
        return output


@story
def what_the_worker_says_is_relayed():
    with Handoff() as handoff:
        check(handoff.order["verb"] == "hand" and handoff.order["uid"] == int(UID), str(handoff.order))
        check(handoff.order["request"]["cards"] == ["0000:01:00.0"], str(handoff.order))
        check(handoff.systemd.started[0][1] == "fail", "a shutdown under way would be cancelled")
        handoff.worker.write("hello", proto=[1], version="x", verb="hand", by="helper")
        handoff.worker.write("heartbeat")
        output = handoff.finish()
        check(output.types() == ["hello", "step", "heartbeat", "result"], str(output.types()))
        check(output.lines[1]["handoff"] == handoff.worker.directory.name, "the handoff is not named")


@story
def the_job_may_end_before_the_call_returns():
    def on_start(worker):
        worker.take_order()
        worker.begin(os.getpid())
        worker.end()
        return "done"
    with Tree() as tree, Systemd(tree, on_start, early_signal=True):
        status, output = run(tree, *HAND)
        check(status == 0 and output.result["code"] == "handed-over", str(output.lines))


@story
def a_start_that_fails_leaves_no_order():
    with Tree() as tree, Systemd(tree, lambda worker: "failed"):
        status, output = run(tree, *HAND)
        check(status == 17 and output.result["code"] == "worker-not-started", str(output.lines))
        check("failed" in output.result["text"], output.result["text"])
        check(not list(tree.path.glob("run/baton/handoff/*/request")), "an order was left behind")


@story
def no_bus_leaves_no_order():
    with Tree() as tree:
        (tree.path / "run/systemd/system").mkdir(parents=True)
        status, output = run(tree, *HAND)
        check(status == 17 and output.result["code"] == "worker-not-started", str(output.lines))
        check(not list(tree.path.glob("run/baton/handoff/*/request")), "an order was left behind")


@story
def a_bus_of_the_callers_choice_is_not_asked():
    """Attack 43: a forged systemd."""
    forged = []
    with Tree() as tree, Tree() as other, Systemd(other, forged.append) as systemd:
        (tree.path / "run/systemd/system").mkdir(parents=True)
        address = f"unix:path={systemd.socket}"
        ended = subprocess.run(
            [HELPER_ON_TREE, str(tree.path), UID, *HAND], capture_output=True, text=True, check=False,
            env=environment(DBUS_SYSTEM_BUS_ADDRESS=address, DBUS_SESSION_BUS_ADDRESS=address, DBUS_STARTER_ADDRESS=address))
        check(ended.returncode == 17, f"ended with {ended.returncode}")
        check(not forged and not systemd.started, "the forged systemd was asked")


@story
def a_gibibyte_without_a_newline():
    """Attack 27."""
    with Handoff() as handoff:
        block = b"x" * (1 << 20)
        for _ in range(1024):
            handoff.helper.say(block)
        status = open(f"/proc/{handoff.helper.process.pid}/status", encoding="ascii").read()
        peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        check(peak < LIMIT_KIB, f"{peak} KiB were taken")
        handoff.helper.say(b'\n{"cancel":true}\n')
        wait_until(lambda: handoff.worker.cancel_asked, "the command behind it was not heard")
        output = handoff.finish()
        check(len(output.of_type("log")) == 1, f"{len(output.of_type('log'))} lines complain")


@story
def lines_that_are_no_commands():
    """Attack 28."""
    lines = [b"\x00", b"\xff\xfe", b"{", b"}", b"null", b"[]", b'"cancel"', b'{"cancel":true', b'{"cancel":tru}',
             b"[" * 50000, b'{"a":' * 10000, b'{"cancel":1e999}', b'{"cancel":' + b"9" * 5000 + b"}",
             b'{"cancel":true,"cancel":false}', b'{"cancel":false}', b'{"cancel":"true"}', b'{"\x00cancel":true}',
             b'{"cancel":true\x00}', b"{'\"':" + b"[" * 50000, b'{"v":1,"type":"result","exit":0}']
    with Handoff() as handoff:
        for line in lines:
            handoff.helper.say(line + b"\n")
        handoff.helper.say(b'{"look":true}\n')
        output = handoff.finish()
        check(not handoff.worker.cancel_asked, "something was taken for a cancel")
        check(output.types() == ["hello", "step", "log", "result"], str(output.types()))


@story
def a_million_cancels():
    """Attack 29."""
    with Handoff() as handoff:
        block = b'{"cancel":true}\n' * 10000
        for _ in range(100):
            handoff.helper.say(block)
        wait_until(lambda: handoff.worker.cancel_asked, "no cancel was heard")
        handoff.finish()


@story
def cancel_before_the_start_and_after_the_end():
    """Attack 29."""
    with Handoff() as handoff:
        name = handoff.worker.directory.name
        status, output = run(handoff.tree, "cancel", name)
        check(status == 0 and output.result["code"] == "cancel-asked", str(output.lines))
        check(handoff.worker.cancel_asked, "it was not asked")
        handoff.finish()
        (handoff.worker.directory / "cancel").unlink()
        expect_refusal(handoff.tree, ["cancel", name], 12, "nothing-to-cancel")
        expect_refusal(handoff.tree, ["cancel", "0" * 32], 12, "nothing-to-cancel")


def make_waiting(tree, name):
    directory = tree.path / "run/baton/handoff" / name
    directory.mkdir(mode=0o700)
    (directory / "events").touch()
    (directory / "waits").write_text("{}")
    return directory / "cancel"


@story
def cancel_without_a_name():
    """Whoever works is meant, and else the only one that waits for a virtual machine."""
    with Handoff() as handoff:
        name = handoff.worker.directory.name
        (handoff.tree.path / "run/baton/lock").write_text(name + "\n")
        one = make_waiting(handoff.tree, "1" * 32)
        status, output = run(handoff.tree, "cancel")
        check(status == 0 and output.result["args"]["handoff"] == name, str(output.lines))
        handoff.finish()
        status, output = run(handoff.tree, "cancel")
        check(status == 0 and output.result["args"]["handoff"] == "1" * 32 and one.exists(), str(output.lines))
        one.unlink()
        two = make_waiting(handoff.tree, "2" * 32)
        status, output = run(handoff.tree, "cancel")
        check(status == 10 and "1" * 32 in output.result["text"] and "2" * 32 in output.result["text"], str(output.lines))
        check(not one.exists() and not two.exists(), "one of two was chosen")


@story
def half_a_command_and_then_the_end():
    """Attack 32."""
    with Handoff() as handoff:
        handoff.helper.say(b'{"cancel":true}')
        handoff.helper.process.stdin.close()
        handoff.worker.write("heartbeat")
        handoff.helper.wait_for(lambda lines: lines[-1]["type"] == "heartbeat")
        check(not handoff.worker.cancel_asked, "half a line was taken for a command")
        handoff.worker.end()
        status, _ = handoff.helper.finish(close_input=False)
        check(status == 0, f"ended with {status}")


@story
def a_reader_that_goes_away_is_a_detach():
    """Attack 31."""
    with Handoff() as handoff:
        first = handoff.worker, handoff.process
        reader, writer = os.pipe()
        process = subprocess.Popen([HELPER_ON_TREE, str(handoff.tree.path), UID, *HAND], stdin=subprocess.DEVNULL,
                                   stdout=writer, env=environment())
        os.close(writer)
        check(os.read(reader, 1) == b"{", "nothing was said")
        wait_until(lambda: len(handoff.systemd.started) == 2, "the second handoff was not started")
        os.close(reader)
        check(process.wait() == 19, f"ended with {process.returncode}")
        check(not handoff.worker.cancel_asked, "a detach was taken for a cancel")
        handoff.end_worker()
        handoff.worker, handoff.process = first
        handoff.finish()


@story
def term_and_hang_up_only_detach():
    """Attack 23."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        with Handoff() as handoff:
            handoff.helper.process.send_signal(number)
            status, output = handoff.helper.finish()
            check(status == 19 and output.result["code"] == "detached", str(output.lines))
            check(not handoff.worker.cancel_asked, "a detach was taken for a cancel")


@story
def keys_of_the_terminal_do_nothing():
    """Attack 23."""
    with Handoff() as handoff:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            handoff.helper.process.send_signal(number)
        handoff.worker.write("heartbeat")
        handoff.helper.wait_for(lambda lines: lines[-1]["type"] == "heartbeat")
        handoff.finish()


@story
def recovery_goes_on_where_a_worker_was_killed():
    with Handoff() as handoff:
        handoff.worker.append('{"v":1,"seq":9,"t_')
        handoff.end_worker()
        handoff.worker.append("\n")
        handoff.worker.write("step", n=1, id="verify:x", state="undo", errno=None, code=None, args=None, text=None)
        handoff.worker.end(14, "rolled-back", "rolled-back")
        status, output = handoff.helper.finish()
        check(status == 14 and output.types() == ["hello", "step", "step", "result"], str(output.lines))


@story
def a_worker_that_dies_before_it_takes_its_order():
    """Nobody has to wait for a word that never comes."""
    with Tree() as tree:
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        with Systemd(tree, lambda worker: "done", main_pid=process.pid) as systemd:
            helper = Helper(tree, *HAND)
            wait_until(lambda: systemd.started, "it was not started")
            process.kill()
            process.wait()
            status, output = helper.finish(close_input=False)
            check(status == 17 and output.result["code"] == "worker-not-started", str(output.lines))
            check(output.result["elapsed_ms"] < 30000, "it was waited for")
            check(not list(tree.path.glob("run/baton/handoff/*")), "something was left behind")


@story
def a_worker_that_has_ended_before_it_could_be_found():
    with Tree() as tree, Systemd(tree, lambda worker: "done", main_pid=0):
        status, output = run(tree, *HAND)
        check(status == 17 and output.result["code"] == "worker-not-started", str(output.lines))
        check(output.result["elapsed_ms"] < 30000, "it was waited for")


@story
def a_worker_that_dies_before_its_first_line():
    """It has taken its order: recovery, which systemd starts then, has the last word."""
    with Tree() as tree:
        def on_start(worker):
            worker.take_order()
            workers.append(worker)
            return "done"
        workers = []
        with Systemd(tree, on_start, main_pid=0):
            helper = Helper(tree, *HAND)
            wait_until(lambda: workers, "it was not started")
            ended = subprocess.run([HELPER_ON_TREE, str(tree.path), UID, "settle"], capture_output=True, check=False,
                                   env=environment())
            check(ended.returncode == 0, str(ended))
            status, output = helper.finish(close_input=False)
            check(status == 14 and output.result["code"] == "recovered", str(output.lines))


@story
def a_handoff_that_nobody_ends():
    """Nothing is heard for as long as a worker's first line or a recovery may take: the kernel says
    at once that the time is up, and the outcome is told to be unknown."""
    for main_pid, most_ms in ((None, 60000), (0, 180000)):
        with Tree() as tree, Systemd(tree, lambda worker: worker.take_order() and "done", main_pid=main_pid):
            commands, log = tree.path / "commands", tree.path / "strace"
            os.mkfifo(commands)
            # The one wait that listens for commands is the one that has the deadline.
            with open(os.open(commands, os.O_RDWR), "rb", buffering=0) as stdin:
                ended = subprocess.run(
                    ["strace", "-o", log, "-P", commands, "-e", "trace=poll,ppoll", "-e", "inject=poll,ppoll:retval=0",
                     HELPER_ON_TREE, tree.path, UID, *HAND], stdin=stdin, capture_output=True, text=True, check=False,
                    env=environment(), timeout=PATIENCE_S)
            output = Output(ended.stdout)
            check(ended.returncode == 17 and output.result["code"] == "worker-lost", f"{ended}")
            waits = re.findall(r", 5, (\d+)\) = 0 .*INJECTED", log.read_text())
            check(len(waits) == 1 and most_ms - 10000 < int(waits[0]) <= most_ms + 1, log.read_text())


@story
def what_a_worker_writes_is_cleaned_once_more():
    """Attacks 33 and 34: one record a line, whatever is in it."""
    hostile = 'x\n{"type":"result","code":0}\x1b[2J\u202egpj.exe<b>&\x00'
    with Handoff() as handoff:
        handoff.worker.write("log", level="info", text=hostile)
        output = handoff.finish()
        text = output.of_type("log")[0]["text"]
        check(not any(ord(character) < 32 or 0x202a <= ord(character) <= 0x202e for character in text), repr(text))
        check("<b>&" in text, "markup is for whoever shows it to escape")


@story
def recover_leaves_an_order_without_a_request():
    with Handoff("recover") as handoff:
        check(handoff.order["verb"] == "recover" and handoff.order["request"] is None, str(handoff.order))
        handoff.finish()


@story
def closed_standard_descriptors():
    """Attack 19."""
    with Tree() as tree:
        for closed in range(8):
            def close_some(closed=closed):
                for number in range(3):
                    if closed & (1 << number):
                        os.close(number)
            reader, writer = os.pipe()
            with os.fdopen(reader) as stream:
                process = subprocess.Popen([HELPER_ON_TREE, str(tree.path), UID, "hand"], stdin=subprocess.DEVNULL,
                                           stdout=writer, stderr=subprocess.DEVNULL, env=environment(), preexec_fn=close_some)
                os.close(writer)
                text = stream.read()
            status = process.wait()
            check(status == (17 if closed & 2 else 10), f"closed {closed:03b}: ended with {status}")
            check((text == "") == bool(closed & 2), f"closed {closed:03b}: {text}")
            if text:
                check(Output(text).result["exit"] == 10, text)
        check(not tree.handoffs, "something was left behind")


@story
def things_that_wait_where_our_files_go():
    """Attack 36."""
    def put_link(path):
        (path.parent / "elsewhere").mkdir()
        path.symlink_to("elsewhere")

    for put in (put_link, os.mkfifo, lambda path: path.write_text("x"), lambda path: (path.mkdir(), path.chmod(0o777))):
        with Tree() as tree:
            put(tree.path / "run/baton")
            expect_refusal(tree, HAND, 17, "worker-not-started")


@story
def a_hundred_at_once_start_a_hundred_workers():
    """Attack 41, the front's half of it: each has a directory of its own, and none is lost."""
    lock = threading.Lock()
    seen = []

    def on_start(worker):
        worker.take_order()
        with lock:
            seen.append(worker.directory.name)
        worker.begin(os.getpid())
        worker.end(11, "busy", "busy")
        return "done"

    with Tree() as tree, Systemd(tree, on_start):
        helpers = [Helper(tree, *HAND) for _ in range(100)]
        for helper in helpers:
            status, output = helper.finish()
            check(status == 11 and output.result["code"] == "busy", str(output.lines))
        check(len(set(seen)) == 100, f"{len(set(seen))} workers were started")
        run(tree, *HAND)
        check(len(tree.handoffs) <= 10, f"{len(tree.handoffs)} handoffs are kept")


run_stories()
