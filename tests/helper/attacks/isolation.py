#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping the desktop off a card: files of Baton's own, of nobody else's, and gone to the byte."""

import hashlib
import json
import os

from harness import Tree, check, expect_refusal, run, run_stories, story
from systemd import Systemd

DESKTOP, CARD, OTHER = "0000:00:02.0", "0000:01:00.0", "0000:02:00.0"
RULES = "etc/udev/rules.d/72-baton-kept-off.rules"
ENVIRONMENT, PROFILE = "etc/environment.d/72-baton-kept-off.conf", "etc/profile.d/72-baton-kept-off.sh"
STATE = "var/lib/baton/kept-off.json"
IDS = {CARD: (226, 1), OTHER: (226, 2)}


class Machine(Tree):
    """A computer with a desktop on one card, and two more."""

    def __init__(self):
        super().__init__()
        (self.path / "etc/udev/rules.d").mkdir(parents=True)
        (self.path / "run/udev/data").mkdir(parents=True)
        (self.path / "sys/class/drm").mkdir()
        for number, address in enumerate((DESKTOP, CARD, OTHER)):
            self.add_card(address)
            self.give_driver(address, number)
        (self.path / "sys/devices/pci0000:00" / DESKTOP / "boot_vga").write_text("1\n")

    def set_driver(self, address, name):
        link = self.path / "sys/devices/pci0000:00" / address / "driver"
        (self.path / "sys/bus/pci/drivers" / name).mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../../bus/pci/drivers/{name}")

    def give_driver(self, address, number):
        device = self.path / "sys/devices/pci0000:00" / address
        self.set_driver(address, "amdgpu")
        card = device / f"drm/card{number}"
        for directory, content in ((card, f"MAJOR=226\nMINOR={number}\nDEVNAME=dri/card{number}\n"),
                                   (card / f"card{number}-DP-1", "")):
            directory.mkdir(parents=True)
            (directory / "uevent").write_text(content)
        (card / "dev").write_text(f"226:{number}\n")
        (card / f"card{number}-DP-1/status").write_text("connected\n")
        (self.path / f"sys/class/drm/card{number}").symlink_to(f"../../devices/pci0000:00/{address}/drm/card{number}")
        (self.path / f"dev/dri/card{number}").touch()
        render = device / f"drm/renderD{128 + number}"
        render.mkdir()
        (render / "uevent").write_text(f"MAJOR=226\nMINOR={128 + number}\nDEVNAME=dri/renderD{128 + number}\n")
        (render / "dev").write_text(f"226:{128 + number}\n")
        (self.path / f"sys/class/drm/renderD{128 + number}").symlink_to(
            f"../../devices/pci0000:00/{address}/drm/renderD{128 + number}")
        (self.path / f"dev/dri/renderD{128 + number}").touch()

    def udev_says(self, address, seat):
        """What udev's database has, of the card and of its connector."""
        number = IDS[address][1]
        for name in (f"c226:{number}", f"+drm:card{number}-DP-1"):
            (self.path / "run/udev/data" / name).write_text(f"I:1\nE:ID_SEAT={seat}\nG:seat\n" if seat else "I:1\n")

    def udev_closes(self, address, gid):
        """As where both nodes are the group's, and at no seat that somebody sits at."""
        number = IDS[address][1]
        self.udev_says(address, "seat-baton")
        (self.path / f"run/udev/data/c226:{128 + number}").write_text("I:1\nE:ID_SEAT=seat-baton\n")
        for name in (f"card{number}", f"renderD{128 + number}"):
            os.chown(self.path / "dev/dri" / name, -1, gid)

    def uevent(self, address, kind="card"):
        number = IDS[address][1] + (128 if kind == "renderD" else 0)
        return (self.path / f"sys/class/drm/{kind}{number}/uevent").read_text()

    def files(self):
        """What there is in /etc and in /var, and what each file holds."""
        return {str(path.relative_to(self.path)): path.read_bytes() for part in ("etc", "var")
                for path in (self.path / part).rglob("*") if path.is_file()}

    def isolate(self, card, *options, status=0, code="kept-off"):
        before = self.files()
        got, output = run(self, "isolate", card, *options)
        check(got == status and output.result["code"] == code, f"{card} {options}: {got} {output.result}")
        check(output.lines[0]["verb"] == "isolate", str(output.lines))
        check(status == 0 or self.files() == before, f"{card}: something was changed")
        check(set(self.files()) - set(before) <= {RULES, ENVIRONMENT, PROFILE, STATE}, str(self.files()))
        return output.result

    def keep_off(self, card):
        """As where udev has done what the rules say."""
        self.udev_says(card, "seat-baton")
        self.isolate(card)

    def give_back(self, card):
        self.udev_says(card, None)
        self.isolate(card, "--undo", code="given-back")

    def kept_off(self):
        return [line.split()[2] for line in (self.path / RULES).read_text().splitlines() if line.startswith("# card ")]


@story
def one_card_there_and_back():
    with Machine() as tree:
        before = tree.files()
        tree.keep_off(CARD)
        check(tree.kept_off() == [CARD], str(tree.files()))
        check((tree.path / RULES).stat().st_mode & 0o7777 == 0o644, "udev cannot read it")
        state = json.loads((tree.path / STATE).read_text())
        digest = hashlib.sha256((tree.path / RULES).read_bytes()).hexdigest()
        check(state == {"files": {RULES.removeprefix("etc/"): [digest]}}, str(state))
        tree.give_back(CARD)
        check(tree.files() == before, str(tree.files()))


@story
def the_kernel_is_asked_to_tell_again():
    """Each device that udev has elsewhere, and none that is where it should be."""
    with Machine() as tree:
        tree.udev_says(CARD, "seat-baton")
        (tree.path / "run/udev/data/c226:1").write_text("E:ID_SEAT=seat7\n")
        before = tree.uevent(OTHER)
        result = tree.isolate(CARD, code="kept-off-at-boot")
        check("8 seconds" in result["text"], str(result))
        check(tree.uevent(CARD).startswith("change"), tree.uevent(CARD))
        check(tree.uevent(OTHER) == before, tree.uevent(OTHER))
        connector = tree.path / "sys/class/drm/card1/card1-DP-1/uevent"
        check(connector.read_text() == "", connector.read_text())


@story
def programs_are_kept_off_too():
    """By a group that nobody is a member of, and only where there is one."""
    # Whom a file can be given to without being root.
    groups = [gid for gid in (7, *os.getgroups()) if 0 < gid < 1000 and (os.geteuid() == 0 or gid in os.getgroups())]
    with Machine() as tree:
        before = tree.files()
        tree.udev_says(CARD, "seat-baton")
        tree.isolate(CARD, "--programs", status=12, code="keep-off-no-group")
        (tree.path / "etc/group").write_text(f"root:x:0:\nbaton-cards:x:{groups[0]}:\n")
        tree.isolate(CARD)
        alone = tree.files()
        # Its node for the screen is at the seat already, and is not the group's.
        tree.isolate(CARD, "--programs", code="kept-off-at-boot")
        check(tree.uevent(CARD).startswith("change"), tree.uevent(CARD))
        check(tree.uevent(CARD, "renderD").startswith("change"), tree.uevent(CARD, "renderD"))
        tree.udev_closes(CARD, groups[0])
        result = tree.isolate(CARD, "--programs", code="programs-kept-off")
        check("SupplementaryGroups=baton-cards" in result["remedy"], str(result))
        check(tree.kept_off() == [CARD] and tree.files() != alone, str(tree.files()))
        # Both kinds of nodes, and a card of which nobody can say yet whether it is this one.
        check((tree.path / RULES).read_text().count('GROUP="baton-cards", MODE="0660"') == 3, str(tree.files()))
        # Udev has taken nothing back, and that is seen.
        tree.isolate(CARD, code="kept-off-at-boot")
        check(tree.files() == alone, str(tree.files()))
        tree.isolate(CARD, "--undo", code="given-back-at-boot")
        (tree.path / "etc/group").unlink()
        check(tree.files() == before, str(tree.files()))


@story
def two_cards_and_one_given_back():
    with Machine() as tree:
        before = tree.files()
        tree.keep_off(OTHER)
        alone = tree.files()
        tree.keep_off(CARD)
        check(tree.kept_off() == [CARD, OTHER], str(tree.kept_off()))
        tree.keep_off(CARD)
        check(tree.kept_off() == [CARD, OTHER], str(tree.kept_off()))
        tree.give_back(CARD)
        check(tree.files() == alone, str(tree.files()))
        tree.isolate(CARD, "--undo", code="not-kept-off")
        check(tree.files() == alone, str(tree.files()))
        tree.give_back(OTHER)
        check(tree.files() == before, str(tree.files()))


@story
def what_nvidias_libraries_need_besides():
    """Only while its last card is kept off; and each file is its owner's once it was changed."""
    with Machine() as tree:
        for directory in ("environment.d", "profile.d"):
            (tree.path / "etc" / directory).mkdir()
        before = tree.files()
        tree.set_driver(CARD, "nvidia")
        tree.set_driver(OTHER, "nvidia")
        tree.keep_off(CARD)
        check(ENVIRONMENT not in tree.files(), "the other one needs its libraries")
        tree.keep_off(OTHER)
        check("__GLX_VENDOR_LIBRARY_NAME=mesa\n" in (tree.path / ENVIRONMENT).read_text(), str(tree.files()))
        check("export VK_LOADER_DRIVERS_DISABLE='*nvidia*'\n" in (tree.path / PROFILE).read_text(), str(tree.files()))
        both = tree.files()
        with open(tree.path / PROFILE, "a", encoding="utf-8") as file:
            file.write("# mine\n")
        result = tree.isolate(OTHER, "--undo", status=12, code="keep-off-foreign-file")
        check(result["args"]["file"] == f"/{PROFILE}" and "changed since" in result["text"], str(result))
        (tree.path / PROFILE).write_bytes(both[PROFILE])
        tree.give_back(OTHER)
        check(ENVIRONMENT not in tree.files() and PROFILE not in tree.files(), str(tree.files()))
        tree.give_back(CARD)
        check(tree.files() == before, str(tree.files()))


@story
def a_desktop_needs_a_card():
    with Machine() as tree:
        tree.isolate(DESKTOP, status=12, code="keep-off-boot-display")
        # The one that it begins on is with a guest, and one more is left.
        os.remove(tree.path / "sys/devices/pci0000:00" / DESKTOP / "driver")
        tree.keep_off(CARD)
        tree.isolate(OTHER, status=12, code="keep-off-only-display")
        check(tree.kept_off() == [CARD], str(tree.kept_off()))


@story
def files_that_others_wrote_are_left_alone():
    for make in (lambda file: file.write_text("# mine\n"), lambda file: file.write_bytes(b""), os.mkdir, os.mkfifo,
                 lambda file: file.symlink_to("/etc/passwd"), lambda file: file.symlink_to("../../secret"),
                 lambda file: os.link(file.parents[3] / "other", file), lambda file: file.write_bytes(b"#" * 70000),
                 lambda file: file.write_bytes(b"# Written by Baton\0")):
        with Machine() as tree:
            (tree.path / "etc/secret").write_text("secret\n")
            (tree.path / "other").write_text("# other\n")
            make(tree.path / RULES)
            for options in ((), ("--undo",)):
                result = tree.isolate(CARD, *options, status=12, code="keep-off-foreign-file")
                check(result["args"]["file"] == f"/{RULES}" and "root:" not in result["text"], str(result))
            check((tree.path / "etc/secret").read_text() == "secret\n", "it was written through the link")


@story
def a_directory_that_is_a_link_is_not_followed():
    with Machine() as tree:
        os.rmdir(tree.path / "etc/udev/rules.d")
        (tree.path / "etc/udev/rules.d").symlink_to("../")
        tree.isolate(CARD, status=17, code="keep-off-not-written")


@story
def what_somebody_has_changed_is_told_and_stays():
    with Machine() as tree:
        tree.keep_off(CARD)
        text = (tree.path / RULES).read_text()
        for changed in (text + "# mine\n", text.replace("seat-baton", "seat-other"), text[:-1],
                        text.replace("0x1111", "0x2222")):
            (tree.path / RULES).write_text(changed)
            for options in ((), ("--undo",)):
                result = tree.isolate(CARD, *options, status=12, code="keep-off-foreign-file")
                check("changed since Baton wrote it" in result["text"], str(result))
        (tree.path / RULES).write_text(text)
        # Though nothing be remembered of it, to the byte it is Baton's.
        os.remove(tree.path / STATE)
        tree.give_back(CARD)
        check(not (tree.path / RULES).exists(), "it is there")


@story
def a_state_that_is_none_is_no_hindrance():
    for text in (b"", b"[]", b"{\"files\":[]}", b"{\"files\":{\"udev/rules.d/72-baton-kept-off.rules\":7}}", b"\xff"):
        with Machine() as tree:
            (tree.path / "var/lib/baton").mkdir(parents=True)
            (tree.path / STATE).write_bytes(text)
            tree.keep_off(CARD)
            tree.give_back(CARD)
            check(not (tree.path / RULES).exists() and not (tree.path / STATE).exists(), str(tree.files()))


@story
def a_card_that_has_left_is_taken_out():
    with Machine() as tree:
        tree.keep_off(CARD)
        os.remove(tree.path / "sys/bus/pci/devices" / CARD)
        tree.isolate(CARD, "--undo", code="given-back")
        check(not (tree.path / RULES).exists(), "it is there")
        tree.isolate(CARD, "--undo", status=10, code="bad-arguments")


@story
def requests_that_are_none():
    with Machine() as tree:
        for arguments in ((), ("",), ("01:00.0",), (f"{CARD}\n",), ("../../../../etc",), ("%n%s",), (CARD, "--und"),
                          (CARD, ""), (CARD, "--undo", "--undo"), ("--undo", CARD), (CARD, OTHER), (CARD, "--program"),
                          (CARD, "--programs", "--undo"), (CARD, "--programs", "--programs"), ("--programs", CARD)):
            expect_refusal(tree, ["isolate", *arguments], 10, "bad-arguments")
        tree.isolate("0000:99:00.0", status=10, code="bad-arguments")


@story
def a_request_of_another_verb_is_refused_by_the_unit():
    """Neither unit does what the other is for."""
    orders = ({"verb": "isolate", "uid": 0, "request": None},
              {"verb": "isolate", "uid": 0, "card": {"address": CARD}},
              {"verb": "isolate", "uid": 0, "card": {"address": CARD, "undo": False}},
              {"verb": "isolate", "uid": 0, "card": {"address": CARD, "undo": True, "programs": True}},
              {"verb": "isolate", "uid": 0, "card": {"address": "../x", "undo": False, "programs": False}},
              {"verb": "hand", "uid": 0, "card": {"address": CARD, "undo": False, "programs": False}},
              {"verb": "claim", "uid": 0, "card": {"address": CARD, "undo": False, "programs": False}},
              {"verb": "configure", "uid": 0, "changes": [CARD, "return-method=bind"]})
    with Machine() as tree:
        before = tree.files()
        for order in orders:
            place = tree.path / "run/baton/settings" / ("0" * 32)
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
            (place / "events").write_text("")
            (place / "request").write_text(json.dumps(order))
            status, _ = run(tree, "isolation", "0" * 32)
            result = json.loads((place / "events").read_text().splitlines()[-1])
            check(status == 10 and result["code"] == "bad-arguments", f"{order}: {status} {result}")
        check(tree.files() == before, str(tree.files()))


@story
def a_start_that_fails_leaves_no_request():
    with Machine() as tree, Systemd(tree, lambda worker: "failed") as systemd:
        result = tree.isolate(CARD, status=17, code="keep-off-not-begun")
        check("baton-isolate@" in result["remedy"], str(result))
        check(systemd.started[0][0].startswith("baton-isolate@"), str(systemd.started))


run_stories()
