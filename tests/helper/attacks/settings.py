#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings file: what is asked for is written, all of it or nothing, and nothing else ever."""

import fcntl
import os

from harness import PATIENCE_S, Helper, Tree, check, expect_refusal, run, run_stories, story, wait_until
from systemd import Systemd

CARD, OTHER = "0000:01:00.0", "0000:02:00.0"
ID = "1234:1111:1af4:1100"

MINE = f"# mine\n\n[{OTHER}]\n  return-method = bind\n# between\n[{CARD}]\nclose-politely-ms=7\n"

HOSTILE = [
    "return-method=bind\n", f"return-method=bind\n[{OTHER}]\nreturn-method=rescan", "return-method=bind\rx=y",
    "return-method=\x00".rstrip("\x00") + "\x01", "return-method=\x1b[2J", "return-method=bind\x7f",
    "return-method=bind\u2028x", "return-method=\u202ebind", "return-method= bind", "return-method=bind ",
    "return-method=" + "b" * 2000, "b" * 70 + "=x", "[x]=y", "#x=y", f"[{OTHER}]", "=", "=bind", "return-method",
    "Return-Method=bind", "return method=bind", "../../etc/passwd=x", "%n%s%n=x", "$(reboot)=x", "", "--json", "-x=y",
    b"return-method=\xff\xfe", b"\xff=x",
]

REFUSED = {
    "return-method=never": ("return-method", "auto"), "return-method=[x]": ("return-method", "auto"),
    "close-politely-ms=60001": ("close-politely-ms", "60000"), "colour=red": ("colour", "no such key"),
    "colour=": ("colour", "no such key"), "identity=1:2:3:4": ("identity", "hexadecimal"),
    "stand-in=none": ("stand-in", "full PCI address"), "xorg-host=/etc/passwd": ("xorg-host", "xorg.conf.d"),
    "xorg-guest=/root/x.conf": ("xorg-guest", "below /etc"), "sleep-while-guest=no": ("sleep-while-guest", "block"),
}


class Settings(Tree):
    """A machine with a card, and its settings."""

    def __init__(self, text=None):
        super().__init__()
        self.add_card()
        self.file = self.path / "etc/baton.conf"
        if text is not None:
            self.file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def etc(self):
        """What there is in /etc, and what each file holds."""
        return {path.name: path.read_bytes() for path in (self.path / "etc").iterdir() if path.is_file()}

    def left(self):
        place = self.path / "run/baton/settings"
        return list(place.iterdir()) if place.is_dir() else []

    def configure(self, *changes, status=0, code="settings-changed"):
        before = self.etc()
        got, output = run(self, "configure", CARD, *changes)
        check(got == status and output.result["code"] == code, f"{changes}: {got} {output.result}")
        check(output.types()[0] == "hello" and output.lines[0]["verb"] == "configure", str(output.lines))
        check(status == 0 or self.etc() == before, f"{changes}: something was changed")
        check(set(self.etc()) <= set(before) | {"baton.conf"}, f"{changes}: {self.etc()}")
        check(not self.left(), f"{changes}: {self.left()} is left")
        return output.result


@story
def the_first_settings():
    with Settings() as tree:
        result = tree.configure("return-method=bind", "close-politely-ms=0")
        check(tree.file.read_text() == f"[{CARD}]\nidentity={ID}\nreturn-method=bind\nclose-politely-ms=0\n",
              tree.file.read_text())
        check(tree.file.stat().st_mode & 0o7777 == 0o644, "others cannot read it")
        check(result["args"]["changes"] == "return-method=bind, close-politely-ms=0", str(result))
        check(result["args"]["file"].endswith("/etc/baton.conf") and result["args"]["card"], str(result))
        # What is taken away again leaves nothing.
        tree.configure("return-method=", "close-politely-ms=")
        check(tree.file.read_text() == "", tree.file.read_text())


@story
def what_is_not_asked_for_stays():
    with Settings(MINE) as tree:
        os.chmod(tree.file, 0o640)
        tree.configure("reset-before-return=true")
        check(tree.file.read_text() == MINE.replace(f"[{CARD}]\n", f"[{CARD}]\nidentity={ID}\n")
              + "reset-before-return=true\n", tree.file.read_text())
        check(tree.file.stat().st_mode & 0o7777 == 0o640, "its mode was changed")


@story
def what_is_so_already_is_not_written():
    with Settings(MINE) as tree:
        before = tree.file.stat()
        for changes in (["close-politely-ms=7"], ["return-method="], ["close-politely-ms=7", "identity="]):
            tree.configure(*changes, code="settings-same")
        after = tree.file.stat()
        check((after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "it was written")


@story
def what_could_not_be_read_is_refused_with_its_line():
    with Settings(MINE) as tree:
        for change, (key, reason) in REFUSED.items():
            args = tree.configure(change, "return-when-guest-stops=true", status=10, code="settings-refused")["args"]
            check(args["key"] == key and reason in args["reason"], str(args))
            check(args["file"].endswith("/etc/baton.conf") and int(args["line"]) > 5, str(args))


@story
def a_file_for_xorg_is_looked_at_when_it_is_named():
    with Settings(f"[{OTHER}]\nxorg-guest=/etc/not-there\n") as tree:
        place = tree.path / "etc/X11"
        (place / "xorg.conf.d").mkdir(parents=True)
        file, away = place / "guest.conf", tree.path / "away.conf"
        away.write_text("")

        def refused(reason):
            args = tree.configure("xorg-guest=/etc/X11/guest.conf", status=10, code="settings-refused")["args"]
            check(args["key"] == "xorg-guest" and reason in args["reason"] and args["line"] == "6", str(args))

        refused("there is no")
        file.symlink_to(away)
        refused("symbolic link")
        file.unlink()
        os.mkfifo(file)
        refused("not a regular file")
        file.unlink()
        file.write_text("#" * 70000)
        refused("64 KiB")
        file.write_text("# mine")
        file.chmod(0o666)
        refused("others than root")
        file.chmod(0o644)
        place.chmod(0o777)
        refused("others than root may write in")
        place.chmod(0o755)
        tree.configure("xorg-guest=/etc/X11/guest.conf")
        # What was named before is no matter of another change.
        file.unlink()
        tree.configure("return-method=bind")


@story
def an_old_mistake_is_named_and_left_alone():
    for text, line, key in ((MINE + "colour=red\n", "8", "colour"), (f"x\n{MINE}", "1", "x"),
                            (f"[{CARD}]\nidentity=1002:73bf:1da2:e438\n", "2", "identity")):
        with Settings(text) as tree:
            args = tree.configure("return-method=bind", status=12, code="settings-mistake")["args"]
            check((args["line"], args["key"]) == (line, key), str(args))
    # Whose card it is may be said anew.
    with Settings(f"[{CARD}]\nidentity=1002:73bf:1da2:e438\n") as tree:
        tree.configure(f"identity={ID}")


@story
def a_file_that_is_none_is_left_alone():
    for text in (b"\xff\xfe", b"# \0\n", b"#" * 70000):
        with Settings(text) as tree:
            tree.configure("return-method=bind", status=12, code="settings-unusable")
    for make in (lambda file: file.symlink_to("../secret"), lambda file: file.symlink_to("/etc/passwd"), os.mkdir,
                 os.mkfifo, lambda file: os.link(file.parent / "other", file)):
        with Settings() as tree:
            (tree.path / "secret").write_text("secret\n")
            (tree.path / "etc/other").write_text("# other\n")
            make(tree.file)
            result = tree.configure("return-method=bind", status=12, code="settings-unusable")
            check("root:" not in result["text"] and (tree.path / "secret").read_text() == "secret\n", str(result))


@story
def what_would_grow_too_large_is_not_written():
    with Settings("#" * 65500) as tree:
        result = tree.configure("return-method=bind", status=17, code="settings-not-written")
        check("64 KiB" in result["text"], str(result))


@story
def no_handoff_is_seen_where_there_is_none():
    """Neither by who watches, nor by who settles what was cut off."""
    with Settings(MINE) as tree:
        watch = Helper(tree, "watch")
        watch.wait_for(lambda lines: any(line["type"] == "machine" for line in lines))
        tree.configure("return-method=bind")
        left = tree.path / "run/baton/settings" / ("0" * 32)
        left.mkdir(mode=0o700)
        (left / "events").touch()
        run(tree, "recover")
        check((left / "events").read_text() == "", "recovery told of a change of the settings")
        watch.say(b'{"look":true}\n')
        lines = watch.wait_for(lambda lines: len([line for line in lines if line["type"] == "machine"]) > 1)
        check(not [line for line in lines if line["type"] in ("plan", "step")], str(lines))
        check(not [line for line in lines if str(line.get("code")).startswith("settings")], str(lines))
        watch.stop()


@story
def hostile_changes():
    with Settings(MINE) as tree:
        for change in HOSTILE:
            output = expect_refusal(tree, ["configure", CARD, change], 10, "bad-arguments")
            check(len(output.result["text"]) < 400, "the change is repeated at length")
        for changes in (["return-method=bind"] * 2, [f"k{n}=x" for n in range(33)], ["x=y"] * 4096, []):
            expect_refusal(tree, ["configure", CARD, *changes], 10, "bad-arguments")


@story
def addresses_that_are_no_cards():
    with Settings(MINE) as tree:
        tree.add_card("0000:03:00.0")
        (tree.path / "sys/devices/pci0000:00/0000:03:00.0/class").write_text("0x010802\n")
        for address in ("", "01:00.0", f"{CARD}\n", "../../../../etc", f"{CARD}]\n[x", "%n%s", "\u0660000:01:00.0"):
            expect_refusal(tree, ["configure", address, "return-method=bind"], 10, "bad-arguments")
        before = tree.etc()
        for address in ("0000:09:00.0", "0000:03:00.0"):
            status, output = run(tree, "configure", address, "return-method=bind")
            check(status == 10 and address in output.result["text"], str(output.result))
        check(tree.etc() == before, "something was changed")


@story
def nothing_is_written_while_a_handoff_runs():
    with Settings(MINE) as tree:
        (tree.path / "run/baton").mkdir(mode=0o755)
        with open(tree.path / "run/baton/lock", "w", encoding="ascii") as lock:
            lock.write("0123456789abcdef0123456789abcdef\n1 1\n")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = tree.configure("return-method=bind", status=11, code="busy")
            check(result["args"]["who"] == "0123456789abcdef0123456789abcdef", str(result))
        tree.configure("return-method=bind")


@story
def twenty_at_once_lose_nothing():
    """Each is written or told that somebody else was at it; none of them is half there."""
    with Settings(MINE) as tree:
        pids = []
        for n in range(20):
            pid = os.fork()
            if pid == 0:
                status, output = run(tree, "configure", CARD, f"close-politely-ms={n}")
                os._exit(0 if (status, output.result["code"]) in ((0, "settings-changed"), (0, "settings-same"),
                                                                   (11, "busy")) else 1)
            pids.append(pid)
        check(not [pid for pid in pids if os.waitpid(pid, 0)[1] != 0], "one ended otherwise")
        lines = tree.file.read_text().splitlines()
        check(len([line for line in lines if line.startswith("close-politely-ms=")]) == 1, str(lines))
        check(not tree.left() and set(tree.etc()) == {"baton.conf"}, str(tree.etc()))


@story
def a_start_that_fails_leaves_no_request():
    with Settings(MINE) as tree, Systemd(tree, lambda worker: "failed") as systemd:
        result = tree.configure("return-method=bind", status=17, code="settings-not-begun")
        check("failed" in result["text"] and "baton-settings@" in result["remedy"], str(result))
        check(systemd.started[0][0].startswith("baton-settings@"), str(systemd.started))


@story
def who_dies_without_a_word_is_told_of():
    """Neither a result nor a recovery comes: the file is whole all the same."""
    def on_start(worker):
        worker.take_order()
        systemd.main_pid = 0
        return "done"
    with Settings(MINE) as tree:
        systemd = Systemd(tree, on_start)
        with systemd:
            tree.configure("return-method=bind", status=17, code="settings-cut-off")


@story
def what_a_dead_front_left_is_cleared_away():
    with Settings(MINE) as tree:
        place = tree.path / "run/baton/settings"
        tree.configure("return-method=bind")
        left = place / ("0" * 32)
        left.mkdir(mode=0o700)
        (left / "events").touch()
        (left / "request").write_text("{}")
        tree.configure("return-method=rescan")
        wait_until(lambda: not left.exists(), f"{left} is there after {PATIENCE_S} s")


run_stories()
