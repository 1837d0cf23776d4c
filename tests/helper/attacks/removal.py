#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking everything permanent back: what is Baton's goes, to the byte, and nothing of anybody else's."""

import json
import os
import shutil

from boots import CARD, CLAIMS, DESKTOP, OTHER, RELEASE, SOUND, Machine
from harness import check, expect_refusal, run, run_stories, story
from systemd import Systemd

RULES = "etc/udev/rules.d/72-baton-kept-off.rules"
PROFILE = "etc/profile.d/72-baton-kept-off.sh"
HOOKS, SCRIPT = "etc/libvirt/hooks", "etc/libvirt/hooks/qemu.d/50-baton"
SETTINGS = "etc/baton.conf"


class Computer(Machine):
    """One with everything that Baton changes for good."""

    def __init__(self, **options):
        super().__init__(**options)
        for name in ("etc/udev/rules.d", "etc/profile.d", "etc/environment.d", HOOKS):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        (self.path / "etc/udev/rules.d/50-mine.rules").write_text("# mine\n")

    def entries(self):
        """Directories too: what was made for a file goes with it."""
        return {str(path.relative_to(self.path)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
                for path in (self.path / "etc").rglob("*")}

    def change_everything(self):
        for arguments in (("isolate", OTHER), ("install-hook",), ("claim", CARD)):
            status, output = run(self, *arguments)
            check(status == 0, f"{arguments}: {output.result}")

    def undo_all(self, *options, status=0, code="all-undone"):
        before = self.files()
        got, output = run(self, "undo-all", *options)
        check(got == status and output.result["code"] == code, f"{options}: {got} {output.result}")
        check(output.lines[0]["verb"] == "undo-all", str(output.lines))
        check(status in (0, 15) or self.files() == before, f"{options}: something was changed: {output.result}")
        return output


def said(output):
    return " ".join(line["text"] for line in output.of_type("log"))


@story
def everything_there_and_gone():
    with Computer() as tree:
        before = tree.entries()
        tree.change_everything()
        output = tree.undo_all()
        gone = output.result["args"]["files"].split(", ")
        check(sorted(gone) == sorted(f"/{name}" for name in (RULES, SCRIPT, CLAIMS)), str(gone))
        check(tree.entries() == before, str(set(tree.entries()) ^ set(before)))
        image = (tree.path / f"boot/initrd.img-{RELEASE}").read_bytes()
        check(b"claim-at-boot" not in image, "the next start would still claim")
        check("its own drivers again" in said(output) and "libvirt calls Baton no longer" in said(output), said(output))
        made = tree.made()
        # Once more finds nothing, and packs nothing.
        output = tree.undo_all(code="nothing-to-undo")
        check(tree.entries() == before and tree.made() == made, str(tree.entries()))


@story
def each_part_alone():
    for arguments, name in ((("isolate", OTHER), RULES), (("install-hook",), SCRIPT), (("claim", SOUND), CLAIMS)):
        with Computer() as tree:
            before = tree.entries()
            status, output = run(tree, *arguments)
            check(status == 0, f"{arguments}: {output.result}")
            result = tree.undo_all().result
            check(result["args"]["files"] == f"/{name}", str(result))
            check(tree.entries() == before, f"{arguments}: {set(tree.entries()) ^ set(before)}")


@story
def settings_are_their_owner_s():
    with Computer() as tree:
        (tree.path / SETTINGS).write_text("# by hand\n[0000:01:00.0]\n")
        before = tree.entries()
        output = tree.undo_all(code="nothing-to-undo")
        check("/etc/baton.conf stay" in said(output) and tree.entries() == before, said(output))
        result = tree.undo_all("--settings").result
        check(result["args"]["files"] == "/etc/baton.conf" and SETTINGS not in tree.entries(), str(result))
        tree.undo_all("--settings", code="nothing-to-undo")


@story
def what_was_changed_since_is_left_and_named():
    for name, comment in ((RULES, "#"), (SCRIPT, "#"), (CLAIMS, "#")):
        with Computer() as tree:
            tree.change_everything()
            changed = (tree.path / name).read_text() + f"{comment} mine\n"
            (tree.path / name).write_text(changed)
            for _ in range(2):
                result = tree.undo_all(status=15, code="undone-in-part").result
                check(result["args"]["left"] == f"/{name} (it was changed since Baton wrote it)", str(result))
                check((tree.path / name).read_text() == changed, "somebody else's was written to")
            rest = {RULES, SCRIPT, CLAIMS} - {name}
            check(not rest & set(tree.entries()), f"{name}: left: {rest & set(tree.entries())}")


@story
def one_of_several_that_was_changed():
    """NVIDIA's card has three files, and the two that are Baton's still go."""
    with Computer() as tree:
        tree.set_driver(OTHER, "nvidia")
        status, output = run(tree, "isolate", OTHER)
        check(status == 0 and PROFILE in tree.entries(), str(output.result))
        (tree.path / PROFILE).write_text("export MINE=1\n")
        result = tree.undo_all(status=15, code="undone-in-part").result
        check(result["args"]["left"] == f"/{PROFILE} (it was changed since Baton wrote it)", str(result))
        check((tree.path / PROFILE).read_text() == "export MINE=1\n", "somebody else's was written to")
        check(RULES not in tree.entries(), "the desktop is still kept off")
        (tree.path / PROFILE).unlink()
        tree.undo_all(code="nothing-to-undo")


@story
def files_that_are_none_of_batons():
    for make in (lambda file: file.write_text("# mine\n"), os.mkdir, os.mkfifo, lambda file: file.symlink_to("/etc/passwd"),
                 lambda file: os.link(file.parents[3] / "other" if "udev" in str(file) else file.parents[4] / "other", file)):
        with Computer() as tree:
            (tree.path / "other").write_text("# other\n")
            (tree.path / SCRIPT).parent.mkdir()
            for name in (RULES, SCRIPT):
                make(tree.path / name)
            before = tree.entries()
            result = tree.undo_all(status=15, code="undone-in-part").result
            check(tree.entries() == before, f"{set(tree.entries()) ^ set(before)}")
            check(all(f"/{name} (" in result["args"]["left"] for name in (RULES, SCRIPT)), str(result))
            check("root:" not in result["text"], str(result))


@story
def what_a_power_cut_left_goes_too():
    with Computer() as tree:
        before = tree.entries()
        (tree.path / "etc/baton").mkdir()
        (tree.path / SCRIPT).parent.mkdir()
        for name in ("etc/udev/rules.d/.72-baton-kept-off.rules.new", "etc/baton/.claims.new", "etc/.baton.conf.new"):
            (tree.path / name).write_text("half")
        os.rmdir((tree.path / SCRIPT).parent)
        result = tree.undo_all().result
        check(tree.entries() == before, f"{set(tree.entries()) ^ set(before)}")
        check("/etc/.baton.conf.new" in result["args"]["files"].split(", "), str(result))


@story
def an_image_that_cannot_be_made_keeps_nothing_else():
    with Computer() as tree:
        tree.change_everything()
        claimed = (tree.path / CLAIMS).read_bytes()
        image = (tree.path / f"boot/initrd.img-{RELEASE}").read_bytes()
        (tree.path / f"break-{RELEASE}").write_text("fails")
        result = tree.undo_all(status=15, code="undone-in-part").result
        check(f"/{CLAIMS} (" in result["args"]["left"] and "no such luck" in result["args"]["left"], str(result))
        check((tree.path / CLAIMS).read_bytes() == claimed, "the file and the image disagree")
        check((tree.path / f"boot/initrd.img-{RELEASE}").read_bytes() == image, "the image was changed")
        check(RULES not in tree.entries() and SCRIPT not in tree.entries(), str(list(tree.entries())))
        (tree.path / f"break-{RELEASE}").unlink()
        result = tree.undo_all().result
        check(result["args"]["files"] == f"/{CLAIMS}", str(result))


@story
def a_card_that_is_away():
    with Computer() as tree:
        tree.change_everything()
        cards = tree.path / "run/baton/cards"
        cards.mkdir(parents=True, exist_ok=True)
        (cards / f"{CARD}.json").write_text("{}")
        tree.set_driver(CARD, "vfio-pci")
        tree.set_driver(SOUND, "vfio-pci")
        result = tree.undo_all(status=12, code="undo-all-with-guest").result
        check(result["args"]["address"] == CARD and f"batonctl host {CARD}" in result["remedy"], str(result))
        # Claimed at boot and with nobody: there is nobody who would have to bring it back.
        (cards / f"{CARD}.json").unlink()
        tree.undo_all()


@story
def a_handoff_that_is_not_settled():
    with Computer() as tree:
        tree.change_everything()
        (tree.path / "var/lib/baton/journal").write_text("half a record")
        tree.undo_all(status=12, code="undo-all-unsettled")


@story
def cards_that_have_left():
    with Computer() as tree:
        before = tree.entries()
        tree.change_everything()
        for address in (CARD, SOUND, OTHER):
            os.remove(tree.path / "sys/bus/pci/devices" / address)
        tree.undo_all()
        check(tree.entries() == before, f"{set(tree.entries()) ^ set(before)}")


@story
def arguments_that_are_none():
    with Computer() as tree:
        for arguments in (["--undo"], ["--settings", "--settings"], [CARD], ["--settings=yes"], ["--Settings"], [""],
                          ["--settings", CARD], ["/etc/passwd"]):
            expect_refusal(tree, ["undo-all", *arguments], 10, "bad-arguments")


@story
def requests_that_are_none():
    """What another verb's unit is asked is not done here, and half an order is none."""
    orders = ({"verb": "undo-all", "uid": 0, "request": None},
              {"verb": "undo-all", "uid": 0, "removal": {}},
              {"verb": "undo-all", "uid": 0, "removal": {"settings": "yes"}},
              {"verb": "claim", "uid": 0, "removal": {"settings": True}},
              {"verb": "undo-all", "uid": 0, "installation": {"undo": True}},
              {"verb": "undo-all", "uid": 0, "card": {"address": CARD, "undo": True, "programs": False}}, {}, [], 7)
    with Computer() as tree:
        tree.change_everything()
        before = tree.files()
        for order in orders:
            place = tree.path / "run/baton/settings" / ("0" * 32)
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            (place / "events").write_text("")
            (place / "request").write_text(json.dumps(order))
            status, _ = run(tree, "undoing", "0" * 32)
            result = json.loads((place / "events").read_text().splitlines()[-1])
            check(status == 10 and result["code"] == "bad-arguments", f"{order}: {status} {result}")
        check(tree.files() == before, str(tree.files()))


@story
def a_start_that_fails_leaves_no_request():
    with Computer() as tree, Systemd(tree, lambda worker: "failed") as systemd:
        result = tree.undo_all(status=17, code="undo-all-not-begun").result
        check("baton-undo-all@" in result["remedy"], str(result))
        check(systemd.started[0][0].startswith("baton-undo-all@"), str(systemd.started))


@story
def the_desktop_begins_where_it_did():
    """Nothing is asked of the card that the desktop is on."""
    with Computer() as tree:
        before = (tree.device(DESKTOP) / "driver_override").read_text()
        tree.change_everything()
        tree.undo_all()
        check((tree.device(DESKTOP) / "driver_override").read_text() == before, "it was written to")


run_stories()
