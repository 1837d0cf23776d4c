#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unprivileged caller leaves to a program that pkexec starts, through a real pkexec."""

import ctypes
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

from harness import DIGEST, HELPER, Output, check, run_stories, story, wait_until

# No machine has this domain: every handoff is refused, after all that comes before.
CARD = "fffffff0:ff:1f.7"
REFUSED = ["hand", "guest", CARD, "--expect", DIGEST]
PR_SET_NO_NEW_PRIVS = 38


class Asked:
    """The helper, started through pkexec by somebody who has prepared something first."""

    def __init__(self, *arguments, spoil=None, stdout=subprocess.PIPE):
        self.process = subprocess.Popen(["pkexec", "--disable-internal-agent", HELPER, *arguments], bufsize=0,
                                        stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=spoil,
                                        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, restore_signals=False)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        """The helper belongs to root and cannot be killed: it ends with its reader."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait(60)

    def read_lines(self, n_lines):
        return [json.loads(self.read_line()) for _ in range(n_lines)]

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                raise AssertionError(f"ended with {self.process.wait()}: {self.process.stderr.read().decode()}")
            line += byte
        return line

    def look(self):
        """It lives, and answers."""
        self.process.stdin.write(b'{"look":true}\n')
        while json.loads(self.read_line())["type"] != "machine":
            pass

    def read_proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text(encoding="ascii")

    def finish(self):
        text, errors = self.process.communicate(timeout=60)
        return self.process.returncode, Output(text.decode("ascii")), errors.decode()


def expect_refusal(spoil):
    with Asked(*REFUSED, spoil=spoil) as asked:
        status, output, errors = asked.finish()
        check(status == 12 and output.result["code"] == "plan-changed", f"ended with {status}: {output.lines} {errors}")


@story
def a_look_has_the_rights_of_whoever_asks():
    with Asked("watch") as asked:
        asked.read_lines(2)
        status = dict(line.split(":\t", 1) for line in asked.read_proc("status").splitlines())
        check(status["Uid"].split() == [str(os.getuid())] * 4, status["Uid"])
        check(status["Gid"].split() == [str(os.getgid())] * 4, status["Gid"])
        check(status["Groups"].strip() == "", status["Groups"])
        check(status["CapEff"] == status["CapPrm"] == "0000000000080004", status["CapEff"])
        check(status["CapBnd"] == status["CapInh"] == status["CapAmb"] == "0" * 16, status["CapBnd"])
        check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", str(status))


@story
def whoever_asks_cannot_look_into_it():
    """Same uid, and not dumpable: no ptrace, no memory, no environment."""
    with Asked("watch") as asked:
        asked.read_lines(2)
        for name in ("mem", "environ", "maps", "fd/0"):
            try:
                asked.read_proc(name)
                check(False, f"{name} can be read")
            except PermissionError:
                pass
        check(ctypes.CDLL(None).ptrace(0x4206, asked.process.pid, 0, 0) == -1, "it can be traced")


@story
def a_handoff_goes_its_whole_way():
    expect_refusal(None)
    mode = pathlib.Path("/run/baton").stat().st_mode & 0o7777
    check(mode == 0o755, f"the mode of our directory is {mode:o}")
    try:
        os.listdir("/run/baton/handoff")
        check(False, "anybody can read the handoffs")
    except PermissionError:
        pass


@story
def pending_alarm_and_timers():
    """Attack 15: measured to end a helper that does not take them off."""
    def spoil():
        signal.setitimer(signal.ITIMER_REAL, 1)
        signal.setitimer(signal.ITIMER_VIRTUAL, 1)
        signal.setitimer(signal.ITIMER_PROF, 1)

    with Asked("watch", spoil=spoil) as asked:
        asked.read_lines(2)
        time.sleep(1.5)
        asked.look()


@story
def one_byte_of_file_size():
    """Attack 16: pam_limits or the caller."""
    expect_refusal(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY)))


@story
def few_open_files_and_no_new_processes():
    def spoil():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 23))

    expect_refusal(spoil)


@story
def a_core_is_never_written():
    with Asked("watch", spoil=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))) as asked:
        asked.read_lines(2)
        limits = [line.split() for line in asked.read_proc("limits").splitlines()]
        check([words[4] for words in limits if words[1] == "core"] == ["0"], str(limits))


@story
def umask_of_zero():
    """Attack 17."""
    expect_refusal(lambda: os.umask(0))
    modes = {path: path.stat().st_mode & 0o777 for path in (pathlib.Path("/run/baton"),)}
    check(not [mode for mode in modes.values() if mode & 0o022], str(modes))


@story
def blocked_and_ignored_signals():
    """Attack 18."""
    def spoil():
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

    expect_refusal(spoil)


@story
def closed_standard_descriptors():
    """Attack 19: pkexec puts /dev/full and /dev/null in the place of what is closed."""
    for closed in range(8):
        def spoil(closed=closed):
            for number in range(3):
                if closed & (1 << number):
                    os.close(number)

        with Asked(*REFUSED, spoil=spoil) as asked:
            text = asked.process.stdout.read().decode("ascii")
            status = asked.process.wait(60)
            check(10 <= status <= 19, f"closed {closed:03b}: ended with {status}")
            if not closed & 2:
                check(Output(text).result["exit"] == status == 12, text)


@story
def lowest_priority():
    """Attack 21."""
    with Asked("watch", spoil=lambda: os.nice(19)) as asked:
        asked.read_lines(2)
        nice = asked.read_proc("stat").rpartition(")")[2].split()[16]
        check(nice == "0", f"it is nice to {nice}")


@story
def no_new_privileges():
    """Attack 26: pkexec itself gives up, and says nothing that could be taken for the helper."""
    with Asked("watch", spoil=lambda: ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) as asked:
        status, output, errors = asked.finish()
        check(status == 127 and not output.lines and errors, f"ended with {status}: {output.lines} {errors}")


@story
def what_polkit_refuses_says_nothing():
    for arguments in (["Watch"], ["watch2"], [], ["--", "watch"], ["work", "0" * 32], ["settings", "0" * 32], ["settle"],
                      ["isolation", "0" * 32], ["isolate", CARD], ["claiming", "0" * 32], ["claim", CARD],
                      ["undoing", "0" * 32], ["undo-all"], ["undo-all", "--settings"], ["adopting", "0" * 32], ["adopt", CARD, "--undo"],
                      ["installation", "0" * 32], ["install-hook"], ["libvirt-hook", "x", "release", "end", "-"],
                      ["configure", CARD, "return-method=bind"]):
        with Asked(*arguments) as asked:
            status, output, _ = asked.finish()
            check(status == 127 and not output.lines, f"{arguments} ended with {status}: {output.lines}")


@story
def whoever_may_hand_over_may_settle():
    """The box's rule names neither cancel nor recover: the policy's imply does."""
    with Asked("recover") as asked:
        status, output, errors = asked.finish()
        check(status == 0 and output.result["code"] == "nothing-to-recover", f"ended with {status}: {errors}")
    with Asked("cancel", "0" * 32) as asked:
        status, output, errors = asked.finish()
        check(status == 12 and output.result["code"] == "nothing-to-cancel", f"ended with {status}: {errors}")


@story
def another_path_to_the_helper_is_another_program():
    for path in (HELPER.replace("/baton-helper", "/./baton-helper"), HELPER.replace("/libexec", "//libexec")):
        ended = subprocess.run(["pkexec", "--disable-internal-agent", path, "watch"], capture_output=True, check=False)
        # From polkit 127 on the path is resolved first, and it is the same program.
        check(ended.returncode == 127 or ended.stdout.startswith(b'{"v":1,"seq":1,'), str(ended))


@story
def a_hang_up_detaches_and_the_worker_ends_by_itself():
    before = pathlib.Path("/run/baton").stat().st_mtime_ns
    with Asked(*REFUSED) as asked:
        asked.read_line()
        asked.process.stdout.close()
        asked.process.stdout = None
        check(asked.process.wait(60) in (12, 19), f"ended with {asked.process.returncode}")
    wait_until(lambda: not has_workers(), "a worker is left")
    check(pathlib.Path("/run/baton").stat().st_mtime_ns >= before, "it was never begun")


def has_workers():
    for path in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text(encoding="utf-8").startswith("baton-helper"):
                return True
        except OSError:
            pass
    return False


run_stories()
