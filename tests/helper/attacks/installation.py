#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt calls: a file of Baton's own in libvirt's directory, of nobody else's, and gone to the byte."""

import hashlib
import json
import os
import subprocess

from harness import HELPER_ON_TREE, UID, Tree, check, environment, expect_refusal, run, run_stories, story
from systemd import Systemd

CARD = "0000:01:00.0"
HOOKS = "etc/libvirt/hooks"
SCRIPT, STATE = f"{HOOKS}/qemu.d/50-baton", "var/lib/baton/libvirt-hook.json"


class Machine(Tree):
    """A computer with a card, and libvirt as Debian installs it."""

    def __init__(self):
        super().__init__()
        self.add_card(CARD)
        (self.path / HOOKS).mkdir(parents=True)

    def entries(self):
        """What there is in /etc and in /var, and what each file holds."""
        return {str(path.relative_to(self.path)): path.read_bytes() if path.is_file() else None
                for part in ("etc", "var/lib/baton") for path in (self.path / part).rglob("*")}

    def install(self, *options, status=0, code="hook-installed-later"):
        before = self.entries()
        got, output = run(self, "install-hook", *options)
        check(got == status and output.result["code"] == code, f"{options}: {got} {output.result}")
        check(output.lines[0]["verb"] == "install-hook", str(output.lines))
        check(status == 0 or self.entries() == before, f"{options}: something was changed")
        return output

    def undo(self, **options):
        return self.install("--undo", **{"code": "hook-removed", **options})


@story
def there_and_gone():
    for directory in ("qemu.d", None):
        with Machine() as tree:
            if directory is not None:
                (tree.path / HOOKS / directory).mkdir()
            before = tree.entries()
            tree.install()
            script = tree.path / SCRIPT
            check(script.stat().st_mode & 0o7777 == 0o755, "libvirt cannot run it")
            check(script.parent.stat().st_mode & 0o7777 == 0o755, "its directory cannot be entered")
            state = json.loads((tree.path / STATE).read_text())
            check(state["digests"] == [hashlib.sha256(script.read_bytes()).hexdigest()], str(state))
            check(state["directories"] == ([] if directory else ["libvirt/hooks/qemu.d"]), str(state))
            # Once more changes nothing.
            installed = tree.entries()
            tree.install()
            check(tree.entries() == installed, str(tree.entries()))
            tree.undo()
            check(tree.entries() == before, str(tree.entries()))
            tree.undo(code="hook-not-installed")


@story
def both_directories_are_made_and_taken_away():
    with Machine() as tree:
        os.rmdir(tree.path / HOOKS)
        before = tree.entries()
        tree.install()
        tree.undo()
        check(tree.entries() == before, str(tree.entries()))


@story
def what_others_put_beside_it_stays():
    with Machine() as tree:
        tree.install()
        (tree.path / HOOKS / "qemu.d/60-mine").write_text("#!/bin/sh\n")
        tree.undo()
        check(f"{HOOKS}/qemu.d/60-mine" in tree.entries(), "it is gone")
        check(SCRIPT not in tree.entries() and STATE not in tree.entries(), str(tree.entries()))


@story
def without_libvirt():
    with Machine() as tree:
        os.rmdir(tree.path / HOOKS)
        os.rmdir(tree.path / "etc/libvirt")
        tree.install(status=12, code="hook-no-libvirt")
        tree.undo(code="hook-not-installed")


@story
def files_that_others_wrote_are_left_alone():
    for make in (lambda file: file.write_text("# mine\n"), lambda file: file.write_bytes(b""), os.mkdir, os.mkfifo,
                 lambda file: file.symlink_to("/etc/passwd"), lambda file: file.symlink_to("../../secret"),
                 lambda file: os.link(file.parents[4] / "other", file), lambda file: file.write_bytes(b"#" * 70000),
                 lambda file: file.write_bytes(b"#!/bin/sh\n# Written by Baton\0")):
        with Machine() as tree:
            (tree.path / HOOKS / "qemu.d").mkdir()
            (tree.path / "etc/secret").write_text("secret\n")
            (tree.path / "other").write_text("# other\n")
            make(tree.path / SCRIPT)
            for options in ((), ("--undo",)):
                result = tree.install(*options, status=12, code="hook-foreign-file").result
                check(result["args"]["file"] == f"/{SCRIPT}" and "root:" not in result["text"], str(result))
            check((tree.path / "etc/secret").read_text() == "secret\n", "it was written through the link")


@story
def what_somebody_has_changed_is_told_and_stays():
    with Machine() as tree:
        tree.install()
        text = (tree.path / SCRIPT).read_text()
        (tree.path / SCRIPT).write_text(text + "# mine\n")
        for options in ((), ("--undo",)):
            result = tree.install(*options, status=12, code="hook-foreign-file").result
            check("changed since Baton wrote it" in result["text"], str(result))
        (tree.path / SCRIPT).write_text(text)
        # Though nothing be remembered of it, to the byte it is Baton's.
        os.remove(tree.path / STATE)
        tree.undo()
        check(SCRIPT not in tree.entries(), "it is there")


@story
def what_an_earlier_version_wrote_is_replaced():
    with Machine() as tree:
        tree.install()
        new = (tree.path / SCRIPT).read_bytes()
        old = b"#!/bin/sh\n# Written by Baton: of old\n"
        (tree.path / SCRIPT).write_bytes(old)
        state = json.loads((tree.path / STATE).read_text())
        state["digests"] = [hashlib.sha256(old).hexdigest()]
        (tree.path / STATE).write_text(json.dumps(state))
        tree.install()
        check((tree.path / SCRIPT).read_bytes() == new, "it is the old one")


@story
def a_state_that_is_none_is_no_hindrance():
    for text in (b"", b"[]", b'{"digests":7,"directories":{}}', b'{"digests":[7],"directories":["../..","libvirt",7]}', b"\xff"):
        with Machine() as tree:
            (tree.path / "var/lib/baton").mkdir(parents=True)
            (tree.path / STATE).write_bytes(text)
            tree.install()
            tree.undo()
            check((tree.path / "etc/libvirt").is_dir() and STATE not in tree.entries(), str(tree.entries()))


@story
def a_directory_that_is_a_link_is_not_followed():
    with Machine() as tree:
        (tree.path / HOOKS / "qemu.d").symlink_to("../")
        tree.install(status=17, code="hook-not-written")


@story
def who_else_names_the_card_is_told():
    with Machine() as tree:
        (tree.path / HOOKS / "qemu").write_text(f"#!/bin/sh\n# {CARD}\nvirsh nodedev-detach pci_0000_01_00_0\n")
        said = [line["text"] for line in tree.install().lines if line["type"] == "log"]
        check(len(said) == 1 and said[0].startswith("/etc/libvirt/hooks/qemu names") and "line 3" in said[0], str(said))


@story
def requests_that_are_none():
    with Machine() as tree:
        for arguments in (("",), ("--und",), ("--undo", "--undo"), ("--undo", ""), ("/etc/libvirt",), ("%n%s",)):
            expect_refusal(tree, ["install-hook", *arguments], 10, "bad-arguments")


@story
def a_request_of_another_verb_is_refused_by_the_unit():
    orders = ({"verb": "install-hook", "uid": 0, "request": None},
              {"verb": "install-hook", "uid": 0, "installation": {}},
              {"verb": "install-hook", "uid": 0, "installation": {"undo": "no"}},
              {"verb": "isolate", "uid": 0, "installation": {"undo": False}},
              {"verb": "isolate", "uid": 0, "isolation": {"card": CARD, "undo": False}},
              {"verb": "configure", "uid": 0, "changes": [CARD, "return-method=bind"]}, {}, [], 7, None)
    with Machine() as tree:
        before = tree.entries()
        for order in orders:
            place = tree.path / "run/baton/settings" / ("0" * 32)
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
            (place / "events").write_text("")
            (place / "request").write_text(json.dumps(order))
            status, _ = run(tree, "installation", "0" * 32)
            result = json.loads((place / "events").read_text().splitlines()[-1])
            check(status == 10 and result["code"] == "bad-arguments", f"{order}: {status} {result}")
        check(tree.entries() == before, str(tree.entries()))


@story
def a_start_that_fails_leaves_no_request():
    with Machine() as tree, Systemd(tree, lambda worker: "failed") as systemd:
        result = tree.install(status=17, code="hook-not-begun").result
        check("baton-install-hook@" in result["remedy"], str(result))
        check(systemd.started[0][0].startswith("baton-install-hook@"), str(systemd.started))


@story
def the_script_calls_for_two_operations_alone():
    """And for none where Baton is there no more."""
    with Machine() as tree:
        tree.install()
        text = (tree.path / SCRIPT).read_text()
        helper = text.split('exec /usr/bin/env "')[1].split('"')[0]
        calls = tree.path / "calls"
        other = tree.path / "helper"
        # What libvirt may call, before this program is there and after.
        script = tree.path / "script"
        script.write_text(text.replace(helper, str(other)))
        script.chmod(0o755)
        every = [(operation, stage) for operation in ("prepare", "start", "started", "stopped", "release", "migrate",
                                                      "restore", "reconnect", "attach", "unheard of", "")
                 for stage in ("begin", "end", "-", "")]
        for is_there in (False, True):
            if is_there:
                other.write_text(f'#!/bin/sh\necho heard\nprintf "%s|" "$@" >> {calls}\n')
                other.chmod(0o755)
            for operation, stage in every:
                done = subprocess.run([script, "a b;$(x)", operation, stage, "-"], input=b"", capture_output=True, check=False)
                check((done.returncode, done.stdout, done.stderr) == (0, b"", b""), f"{operation} {stage}: {done}")
            check(calls.exists() == is_there, "it was called")
        check(calls.read_text() == "libvirt-hook|a b;$(x)|prepare|begin|-|libvirt-hook|a b;$(x)|release|end|-|", calls.read_text())


@story
def nothing_is_done_while_the_system_stops():
    """The card would go, or stay; systemd is told nothing that would keep it waiting."""
    xml = ("<domain><devices><hostdev mode='subsystem' type='pci'><source><address bus='1' slot='0' function='0'/>"
           "</source></hostdev></devices></domain>").encode()
    for state in ("stopping", "running"):
        with Machine() as tree, Systemd(tree, lambda worker: "failed", state=state) as systemd:
            done = subprocess.run([HELPER_ON_TREE, str(tree.path), UID, "libvirt-hook", "bench", "prepare", "begin", "-"],
                                  input=xml, capture_output=True, check=False, env=environment())
            check(done.stdout == b"", str(done))
            check(done.returncode == (0 if state == "stopping" else 1), f"{state}: {done}")
            check(len(systemd.started) == (0 if state == "stopping" else 1), f"{state}: {systemd.started}")


run_stories()
