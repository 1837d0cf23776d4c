#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""batonctl as it ships, in a terminal without a desktop, as over ssh: a real pkexec, a real polkitd,
and a password that is typed. Told in the box of the helper's attacks."""

import os
import pathlib
import pty
import select
import subprocess
import sys
import termios
import time
import traceback

BATONCTL = os.environ["BATON_TEST_BATONCTL"]
PATIENCE_S = 60
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb", "ASAN_OPTIONS": "detect_leaks=0"}

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "data/schema"))
import check_events  # noqa: E402


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def wait_for_no_echo(terminal):
    """The prompt is there before the agent turns echo off and throws away what was typed until then.
    A terminal tells nobody when that is done."""
    end = time.monotonic() + PATIENCE_S
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        check(time.monotonic() < end, "the password would be shown")
        time.sleep(0.01)


def type_password(typed, *arguments):
    """Runs batonctl on a terminal and types when it is asked. Returns: status, what was shown"""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(BATONCTL, [BATONCTL, *arguments], ENVIRONMENT)
    shown = b""
    while True:
        check(select.select([terminal], [], [], PATIENCE_S)[0], f"waited in vain: {shown!r}")
        try:
            block = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side of a terminal is closed
            break
        if not block:
            break
        shown += block
        if typed is not None and shown.endswith(b"Password: "):
            wait_for_no_echo(terminal)
            os.write(terminal, typed)
            typed = None
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def the_right_password_is_taken():
    """pkexec's own text agent would answer "No session for cookie" to it on Debian 12."""
    status, shown = type_password(b"secret\n", "recover")
    check("Password: " in shown and "nothing to settle" in shown and status == 0, f"{status}: {shown}")
    check("secret" not in shown, "the password was shown")


def a_wrong_password_is_refused():
    status, shown = type_password(b"wrong\n", "recover")
    check(status == 12 and "You are not allowed to do that" in shown, f"{status}: {shown}")
    check("incident" not in shown, shown)


def ctrl_c_at_the_prompt_does_nothing():
    status, shown = type_password(b"\x03", "recover")
    check(status in (12, 13) and ("nothing was done" in shown or "not allowed" in shown), f"{status}: {shown}")


def without_a_terminal_nobody_is_asked():
    done = subprocess.run([BATONCTL, "--json", "recover"], stdin=subprocess.DEVNULL, capture_output=True,
                          env=ENVIRONMENT, timeout=PATIENCE_S, check=False)
    events = check_events.check_output(done.stdout.split(b"\n")[:-1])
    check(done.returncode == 12 and events[-1]["code"] == "not-authorised", done)
    check(b"Sanitizer" not in done.stderr and b"incident" not in done.stderr, done.stderr)


STORIES = [the_right_password_is_taken, a_wrong_password_is_refused, ctrl_c_at_the_prompt_does_nothing,
           without_a_terminal_nobody_is_asked]

failed = False
print(f"1..{len(STORIES)}", flush=True)
for number, function in enumerate(STORIES, 1):
    try:
        function()
        print(f"ok {number} {function.__name__}", flush=True)
    except Exception:
        failed = True
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        print(f"not ok {number} {function.__name__}", flush=True)
sys.exit(failed)
