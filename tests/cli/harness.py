# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories of batonctl share: a machine made from a listing, a helper that is a script."""

import json
import os
import pathlib
import pty
import pwd
import select
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
BATONCTL = os.environ["BATON_TEST_BATONCTL"]
HELPER_ON_TREE = os.environ["BATON_TEST_HELPER_ON_TREE"]
PATIENCE_S = 60

# Whom a helper that is root becomes in order to look.
UID = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()

sys.path[:0] = [str(TOP / "data/schema"), str(TOP / "tests")]
import check_events  # noqa: E402
from tap import check, run_stories, story  # noqa: E402, F401


class Machine:
    """A machine from a listing, with a helper that plans on it and hands over as it is told."""

    def __init__(self, listing, hand="exit 1"):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="baton-cli-"))
        self.tree = self.path / "tree"
        self.asked = self.path / "asked"
        self.helper = self.path / "helper"
        # The client clears the environment; the helper forbids what the search for leaks does.
        self.plan = f'ASAN_OPTIONS=detect_leaks=0 exec {HELPER_ON_TREE} {self.tree} {UID} "$@"'
        subprocess.run(["/usr/bin/python3", TOP / "tests/machines/make-tree.py",
                        TOP / f"tests/machines/listings/{listing}.txt", self.tree], check=True)
        # With it, cards that do not reset by themselves need no consent of their own.
        (self.tree / "sys/module/vendor_reset").mkdir()
        self.policy = self.tree / "usr/share/polkit-1/actions/io.github.batongpu.Baton.policy"
        self.policy.parent.mkdir(parents=True)
        self.policy.write_text("")
        self.path.chmod(0o755)
        self.set_helper(f"""
case $1 in
  plan) {self.plan} ;;
  *)
{hand}
  ;;
esac""")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path)

    def set_helper(self, script):
        self.helper.write_text(f'#!/bin/sh\necho "$*" >>{self.asked}\n{script}\n')
        self.helper.chmod(0o755)

    def remove_helper(self):
        self.helper.unlink()

    def asked_for(self, verb):
        if not self.asked.exists():
            return []
        return [line for line in self.asked.read_text().splitlines() if line.split(" ")[0] == verb]

    def command(self, *arguments):
        return [BATONCTL, str(self.tree), str(self.helper), *arguments]

    def run(self, *arguments, **variables):
        """Runs batonctl to its end, without a terminal. Returns: status, stdout, stderr"""
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                              env=environment(**variables), timeout=PATIENCE_S, check=False)
        errors = done.stderr.decode()
        check("Sanitizer" not in errors, errors)
        return done.returncode, done.stdout.decode(), errors

    def run_json(self, *arguments, needs_result=True, **variables):
        """Returns: status, events, each held to the contract"""
        status, text, errors = self.run("--json", *arguments, **variables)
        lines = text.encode("ascii").split(b"\n")
        check(lines.pop() == b"", "the last line has no end")
        events = check_events.check_output(lines, needs_result)
        if needs_result:
            check(events[-1]["exit"] == status, f"status {status}, result {events[-1]}")
        return status, events

    def run_on_terminal(self, answers, *arguments, **variables):
        """Runs batonctl on a terminal of its own and answers its questions. Returns: status, text"""
        answers = [answers] if isinstance(answers, str) else list(answers or ())
        child, terminal = pty.fork()
        if child == 0:
            os.execve(BATONCTL, self.command(*arguments), environment(**variables))
        text = b""
        while True:
            check(select.select([terminal], [], [], PATIENCE_S)[0], f"waited in vain: {text!r}")
            try:
                block = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side of a terminal is closed
                break
            if not block:
                break
            text += block
            if answers and text.rstrip().endswith(b"[y/N]"):
                os.write(terminal, answers.pop(0).encode())
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return status, text.decode()


def environment(**more):
    kept = {name: os.environ[name] for name in ("ASAN_OPTIONS", "BATON_TEST_CATALOGUES",
                                                "UBSAN_OPTIONS") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", **kept, **more}


def line_of(seq, kind, **members):
    return json.dumps({"v": 1, "seq": seq, "t_ms": seq, "type": kind, **members})


def hello(seq=1, verb="hand"):
    return line_of(seq, "hello", proto=[1], version="0", verb=verb, by="helper")


def result(seq, status, state, code, args=None, text="It is so."):
    return line_of(seq, "result", exit=status, state=state, code=code, args=args or {}, text=text,
                   remedy=None, elapsed_ms=5, at_step=None, troubles=[])


def say(*lines):
    """A piece of a script that says these lines."""
    return "cat <<'END'\n" + "\n".join(lines) + "\nEND"
