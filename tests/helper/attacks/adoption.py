#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adopting what was set up by hand: moved aside to the byte and done in Baton's way, or nothing at all."""

import json
import os
import shutil

from boots import CARD, CLAIMS, DESKTOP, OTHER, RELEASE, SOUND, Machine
from harness import check, expect_refusal, run, run_stories, story
from systemd import Systemd

HOOKS, SCRIPT = "etc/libvirt/hooks", "etc/libvirt/hooks/qemu.d/50-baton"
CONF, START = f"{HOOKS}/kvm.conf", f"{HOOKS}/qemu.d/win10/prepare/begin/start.sh"
VFIO, GRUB = "etc/modprobe.d/vfio.conf", "etc/default/grub"
DRIVERCTL = f"etc/driverctl.d/{SOUND}"
STATE, KEPT = "var/lib/baton/adoptions.json", "etc/baton/adopted"
NONE = "0" * 64

# As the guides say, and with bytes that are no text.
BYTES = {
    CONF: b"## Virsh devices\nVIRSH_GPU_VIDEO=pci_0000_01_00_0\nVIRSH_GPU_AUDIO=pci_0000_01_00_1\n\xff\x00\r\n",
    START: b"#!/bin/bash\nset -x\nsource \"/etc/libvirt/hooks/kvm.conf\"\nvirsh nodedev-detach $VIRSH_GPU_VIDEO\n",
    f"{HOOKS}/qemu": b"#!/bin/bash\nexec /etc/libvirt/hooks/qemu.d/\"$1\"/\"$2\"/\"$3\"/*\n",
    VFIO: b"# isolates the sound\noptions vfio-pci ids=8086:2668 disable_vga=1\nsoftdep snd_hda_intel pre: vfio-pci",
}


class Computer(Machine):
    """One that was set up by hand, from a guide."""

    def __init__(self, **options):
        super().__init__(**options)
        for name in ("etc/udev/rules.d", "etc/profile.d", "etc/environment.d"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for name, text in BYTES.items():
            self.put(name, text)
        (self.path / START).chmod(0o750)
        (self.path / VFIO).chmod(0o600)
        # The same numbers twice would be twins.
        for name, text in (("device", "0x2222"), ("subsystem_device", "0x2222")):
            (self.device(CARD) / name).write_text(text + "\n")

    def put(self, name, text):
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_bytes(text)

    def state(self):
        """Every file and directory of /etc, and which file it is: one that is put back is the same one."""
        return {str(path.relative_to(self.path)): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_ino,
                                                   path.read_bytes() if path.is_file() else None)
                for path in (self.path / "etc").rglob("*") if path.is_file() or path.is_symlink()}

    def digest(self, card=CARD):
        _, output = run(self, "plan", "guest", card)
        machine = output.of_type("machine")
        self.lines = [line for event in machine for line in event["handmade"] if line["card"] == card]
        return [one for event in machine for one in event["cards"] if one["address"] == card][0]["adopt_digest"]

    def adopt(self, card=CARD, digest=None, status=0, code="adopted"):
        before = self.state()
        got, output = run(self, "adopt", card, "--expect", digest or self.digest(card) or NONE)
        check(got == status and output.result["code"] == code, f"{card}: {got} {output.result}")
        check(output.lines[0]["verb"] == "adopt", str(output.lines))
        check(status == 0 or self.state() == before, f"{card}: something was changed: {output.result}")
        check(status == 0 or not (self.path / STATE).exists(), "it is remembered all the same")
        return output

    def undo(self, card=CARD, status=0, code="adopt-undone"):
        got, output = run(self, "adopt", card, "--undo")
        check(got == status and output.result["code"] == code, f"{card}: {got} {output.result}")
        return output


def said(output, level="info"):
    return " ".join(line["text"] for line in output.of_type("log") if line["level"] == level)


@story
def a_setup_there_and_back():
    with Computer() as tree:
        before = tree.state()
        image = (tree.path / f"boot/initrd.img-{RELEASE}").read_bytes()
        output = tree.adopt()
        shown = {(line["file"], line["line"]): (line["kind"], line["instead"], line["by_hand"]) for line in tree.lines}
        check(shown == {(f"/{CONF}", 2): ("hook", "adopt-by-hook", False), (f"/{CONF}", 3): ("hook", "adopt-by-hook", False),
                        (f"/{START}", 3): ("hook", "adopt-by-hook", False),
                        (f"/{VFIO}", 2): ("module-option", "adopt-by-claim", False),
                        (f"/{VFIO}", 3): ("early-module", "adopt-not-needed", False)}, str(shown))
        check(output.result["args"]["files"] == f"/{CONF}, /{START}, /{VFIO}", str(output.result))
        for name in (CONF, START):
            check(not (tree.path / name).exists(), f"{name} is there still")
        # What dispatches hooks finds no directory with nothing in it, and the others' are theirs.
        check(os.listdir(tree.path / HOOKS / "qemu.d") == ["50-baton"], "an empty directory is left")
        check((tree.path / VFIO).read_bytes() == b"# isolates the sound\noptions vfio-pci disable_vga=1\n",
              str((tree.path / VFIO).read_bytes()))
        check((tree.path / VFIO).stat().st_mode & 0o777 == 0o600, "its permissions are others")
        for name in (CONF, START, VFIO):
            kept = tree.path / KEPT / CARD / name[len("etc/"):]
            check(kept.read_bytes() == BYTES[name] and kept.stat().st_ino == before[name][2], name)
        check((tree.path / KEPT).stat().st_mode & 0o777 == 0o700, "anybody may look into it")
        check((tree.path / SCRIPT).exists() and tree.claimed()[0][0] == SOUND, str(tree.state().keys()))
        check((tree.path / f"boot/initrd.img-{RELEASE}").read_bytes() != image, "the image is the old one")
        check("libvirtd" in said(output), said(output))
        # It is shown as adopted, and not adopted twice.
        _, looked = run(tree, "plan", "guest", CARD)
        check([card["adopted"] for card in looked.of_type("machine")[0]["cards"]] == [False, True, False], "not shown")
        got, again = run(tree, "adopt", CARD, "--expect", NONE)
        check((got, again.result["code"]) == (12, "adopt-already"), str(again.result))
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))
        check(not (tree.path / KEPT).exists() and not (tree.path / STATE).exists(), "something is left")
        check(b"claim-at-boot" not in (tree.path / f"boot/initrd.img-{RELEASE}").read_bytes(), "it would still claim")
        tree.undo(code="not-adopted")


@story
def driverctl_s_override_becomes_a_claim():
    with Computer() as tree:
        for name in BYTES:
            (tree.path / name).unlink()
        tree.put(DRIVERCTL, b"vfio-pci\n")
        before = tree.state()
        tree.adopt()
        check(not (tree.path / DRIVERCTL).exists() and tree.claimed()[0][0] == SOUND, str(tree.claimed()))
        check(not (tree.path / SCRIPT).exists(), "a hook was installed though none was there")
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))


@story
def what_was_baton_s_before_stays():
    """A claim, and a hook, that were there before are no part of it."""
    with Computer() as tree:
        for arguments in (("claim", SOUND), ("install-hook",)):
            status, output = run(tree, *arguments)
            check(status == 0, str(output.result))
        before = tree.state()
        tree.adopt()
        tree.undo()
        now = tree.state()
        check({name: now[name] for name in now if "baton" not in name} ==
              {name: before[name] for name in before if "baton" not in name}, str(set(now) ^ set(before)))
        check((tree.path / SCRIPT).exists() and tree.claimed()[0][0] == SOUND, "Baton's own was taken along")


@story
def only_what_was_shown():
    with Computer() as tree:
        old = tree.digest()
        with open(tree.path / CONF, "ab") as file:
            file.write(b"echo 0000:01:00.0\n")
        output = tree.adopt(digest=old, status=12, code="adopt-changed")
        fresh = [card["adopt_digest"] for event in output.of_type("machine") for card in event["cards"]
                 if card["address"] == CARD]
        check(fresh == [tree.digest()] and fresh != [old], f"{fresh} {old}")
        tree.adopt(digest=fresh[0])
        tree.undo()


@story
def a_failure_at_any_file_puts_everything_back():
    """Of each file in turn: a link, of somebody with two names, a directory, in a directory that is a link."""
    def link(file):
        shutil.move(file, f"{file}.elsewhere")
        file.symlink_to(f"{file.name}.elsewhere")

    def double(file):
        os.link(file, f"{file}.elsewhere")

    def through_link(file):
        shutil.move(file.parent, f"{file.parent}.elsewhere")
        file.parent.symlink_to(f"{file.parent.name}.elsewhere")

    for name in (CONF, START, VFIO):
        for spoil in (link, double, through_link):
            with Computer() as tree:
                spoil(tree.path / name)
                output = tree.adopt(status=12, code="adopt-file-in-the-way")
                check(output.result["args"]["reason"], str(output.result))
    # What is in the way where it is to be kept.
    with Computer() as tree:
        tree.put(f"{KEPT}/{CARD}/modprobe.d/vfio.conf", b"an old one\n")
        output = tree.adopt(status=12, code="adopt-file-in-the-way")
        check(KEPT in output.result["args"]["file"], str(output.result))
        check((tree.path / KEPT / CARD / "modprobe.d/vfio.conf").read_bytes() == b"an old one\n", "it was overwritten")
    if os.getuid() == 0:
        with Computer() as tree:
            os.chown(tree.path / START, 12345, 12345)
            check("root" in tree.adopt(status=12, code="adopt-file-in-the-way").result["text"], "not said")


@story
def what_claims_refuses_for_all():
    for how in ("fails", "no-claims"):
        with Computer() as tree:
            (tree.path / f"break-{RELEASE}").write_text(how)
            output = tree.adopt(status=17, code="claim-image-failed")
            check("back in its place" in said(output), said(output))
            check(not (tree.path / SCRIPT).exists(), "the hook is there all the same")
    with Computer() as tree:
        tree.put(f"{HOOKS}/qemu.d/50-baton", b"# mine\n")
        tree.adopt(status=12, code="hook-foreign-file")
    with Computer() as tree:
        tree.put(VFIO, b"options vfio-pci ids=1234:1111\n")
        tree.adopt(DESKTOP, status=12, code="claim-boot-display")


@story
def a_program_that_is_killed_half_way():
    """The image is being made, which takes longest: everything is moved aside, and the program is gone."""
    with Computer() as tree:
        before = tree.state()
        digest = tree.digest()
        tool = tree.path / "usr/sbin/mkinitramfs"
        good = tool.read_text()
        tool.write_text("#!/bin/sh\nkill -9 $PPID\nkill -9 $$\n")
        got, output = run(tree, "adopt", CARD, "--expect", digest)
        check((got, output.result["code"]) == (17, "adopt-cut-off"), f"{got} {output.result}")
        check("--undo" in output.result["remedy"], str(output.result))
        check(not (tree.path / CONF).exists() and (tree.path / CLAIMS).exists(), "nothing was done yet")
        tool.write_text(good)
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))
        # Or it is done anew, from what was there.
        tool.write_text("#!/bin/sh\nkill -9 $PPID\nkill -9 $$\n")
        run(tree, "adopt", CARD, "--expect", digest)
        tool.write_text(good)
        got, output = run(tree, "adopt", CARD, "--expect", digest)
        check((got, output.result["code"]) == (0, "adopted"), f"{got} {output.result}")
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))


@story
def cut_off_between_any_two_files():
    """As a power cut leaves it: some are moved, one is there twice, and what is written down says that it was begun."""
    with Computer() as tree:
        before = tree.state()
        tree.adopt()
        noted = json.loads((tree.path / STATE).read_text())
        noted["adoptions"][0]["whole"] = False
        places = [file["path"] for file in noted["adoptions"][0]["files"]]
        for n in range(len(places) + 1):
            (tree.path / STATE).write_text(json.dumps(noted))
            for path in places[:n]:
                kept, place = tree.path / KEPT / CARD / path, tree.path / "etc" / path
                if kept.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(kept, place)
            tree.undo()
            check(tree.state() == before, f"{n}: {set(tree.state()) ^ set(before)}")
            tree.adopt()
        # The old one has its second name, and the new one is not in place yet.
        (tree.path / STATE).write_text(json.dumps(noted))
        kept = tree.path / KEPT / CARD / "modprobe.d/vfio.conf"
        os.unlink(tree.path / VFIO)
        os.link(kept, tree.path / VFIO)
        (tree.path / "etc/modprobe.d/.vfio.conf.new").write_bytes(b"half")
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))


@story
def a_directory_that_is_not_like_others_stays():
    with Computer() as tree:
        (tree.path / START).parent.chmod(0o700)
        before = tree.state()
        tree.adopt()
        check((tree.path / START).parent.stat().st_mode & 0o777 == 0o700, "it was removed")
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))


@story
def what_was_changed_since_is_named_and_nothing_is_put_back():
    changes = (
        (CONF, lambda tree: tree.put(CONF, b"new\n"), f"/{CONF}"),
        (VFIO, lambda tree: tree.put(VFIO, b"options vfio-pci disable_vga=1\n# mine\n"), f"/{VFIO}"),
        (VFIO, lambda tree: (tree.path / VFIO).unlink(), f"/{VFIO}"),
        (VFIO, lambda tree: (tree.path / KEPT / CARD / "modprobe.d/vfio.conf").unlink(),
         f"/{KEPT}/{CARD}/modprobe.d/vfio.conf"),
        (START, lambda tree: tree.put(f"{KEPT}/{CARD}/{START[4:]}", b"other\n"), f"/{KEPT}/{CARD}/{START[4:]}"),
    )
    for name, change, file in changes:
        with Computer() as tree:
            tree.adopt()
            change(tree)
            before = tree.state()
            for _ in range(2):
                output = tree.undo(status=12, code="adopt-file-in-the-way")
                check(output.result["args"]["file"] == file, f"{name}: {output.result}")
                check(tree.state() == before, f"{name}: something was put back")
                check(os.listdir(tree.path / HOOKS / "qemu.d") == ["50-baton"], "an empty directory is left")
            check((tree.path / STATE).exists(), "it is forgotten")
    # An image that cannot be made leaves it adopted, whole.
    with Computer() as tree:
        tree.adopt()
        before = {name: what[3] for name, what in tree.state().items()}
        (tree.path / f"break-{RELEASE}").write_text("fails")
        tree.undo(status=17, code="claim-image-failed")
        check({name: what[3] for name, what in tree.state().items()} == before, "half of it was put back")
        (tree.path / f"break-{RELEASE}").unlink()
        tree.undo()


@story
def what_is_only_by_hand():
    with Computer() as tree:
        for name in BYTES:
            (tree.path / name).unlink()
        tree.adopt(code="nothing-to-adopt")
        (tree.path / "proc/cmdline").write_text("quiet vfio-pci.ids=8086:2668\n")
        tree.put(GRUB, b"GRUB_CMDLINE_LINUX=\"quiet vfio-pci.ids=8086:2668\"\n")
        output = tree.adopt(code="claim-made")
        check(f"/{GRUB}, line 1" in said(output, "warning"), said(output, "warning"))
        check((tree.path / GRUB).read_bytes().count(b"vfio-pci.ids") == 1, "it was changed")
        tree.undo(code="claim-undone")
        (tree.path / "proc/cmdline").write_text("quiet\n")
        (tree.path / GRUB).unlink()
        tree.put("etc/initramfs-tools/scripts/init-top/vfio", f"#!/bin/sh\necho {CARD}\n".encode())
        tree.adopt(status=12, code="adopt-only-by-hand")


@story
def two_cards_in_one_file():
    """The one that was adopted last is put back first."""
    with Computer() as tree:
        for name in BYTES:
            (tree.path / name).unlink()
        tree.put(VFIO, b"options vfio-pci ids=8086:2668,1234:1111\n")
        (tree.device(DESKTOP) / "device").write_text("0x3333\n")
        before = tree.state()
        tree.adopt()
        check((tree.path / VFIO).read_bytes() == b"options vfio-pci ids=1234:1111\n", "the other card's is gone")
        tree.adopt(OTHER)
        check(not (tree.path / VFIO).exists(), "it is there still")
        tree.undo(status=12, code="adopt-file-in-the-way")
        tree.undo(OTHER)
        tree.undo()
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))
        tree.adopt()
        tree.adopt(OTHER)
        status, output = run(tree, "undo-all")
        check((status, output.result["code"]) == (0, "all-undone"), str(output.result))
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))


@story
def undo_all_puts_it_back():
    with Computer() as tree:
        before = tree.state()
        tree.adopt()
        status, output = run(tree, "undo-all")
        check((status, output.result["code"]) == (0, "all-undone"), f"{status} {output.result}")
        check(tree.state() == before and not (tree.path / "etc/baton").exists(), str(set(tree.state()) ^ set(before)))
        check(b"claim-at-boot" not in (tree.path / f"boot/initrd.img-{RELEASE}").read_bytes(), "it would still claim")
        # Where the claims are gone already the image has still a copy of what was left of the file.
        tree.adopt()
        run(tree, "claim", SOUND, "--undo")
        made = len(tree.made())
        status, output = run(tree, "undo-all")
        check(status == 0 and len(tree.made()) == made + 1, f"{output.result} {tree.made()}")
        check(tree.state() == before, str(set(tree.state()) ^ set(before)))
        tree.adopt()
        tree.put(CONF, b"mine\n")
        status, output = run(tree, "undo-all")
        check((status, output.result["code"]) == (15, "undone-in-part"), f"{status} {output.result}")
        check(f"/{CONF}" in output.result["args"]["left"] and not (tree.path / SCRIPT).exists(), str(output.result))
        check((tree.path / KEPT / CARD / "libvirt/hooks/kvm.conf").read_bytes() == BYTES[CONF], "what was kept is gone")


@story
def a_note_that_is_none_moves_nothing():
    """Whoever writes it: nothing is moved but what Baton moves."""
    with Computer() as tree:
        tree.adopt()
        good = json.loads((tree.path / STATE).read_text())
        before = tree.state()
        for path in ("../root/x", "/etc/passwd", "passwd", "modprobe.d/../passwd", "libvirt/hooks/", "libvirt/hooks//x", 7):
            bad = json.loads(json.dumps(good))
            bad["adoptions"][0]["files"][0]["path"] = path
            (tree.path / STATE).write_text(json.dumps(bad))
            tree.undo(status=17, code="adopt-not-written")
        for text in ("", "[]", "{", '{"adoptions":[{"card":"x"}]}', '{"adoptions":[7]}'):
            (tree.path / STATE).write_text(text)
            tree.undo(status=17, code="adopt-not-written")
        check(tree.state() == before, "something was moved")


@story
def requests_that_are_none():
    with Computer() as tree:
        for arguments in ((), ("",), ("01:00.0", "--undo"), (CARD,), (CARD, "--expect"), (CARD, "--expect", "x"),
                          (CARD, "--expect", NONE.upper()[:-1] + "G"), (CARD, "--expect", NONE, "--undo"),
                          (CARD, "--undo", "--undo"), (CARD, "--undo", NONE), ("--undo", CARD), (CARD, NONE),
                          ("../../../../etc", "--undo"), (f"{CARD}\n", "--undo")):
            expect_refusal(tree, ["adopt", *arguments], 10, "bad-arguments")
        for address in ("0000:99:00.0", SOUND):
            tree.adopt(address, digest=NONE, status=10, code="bad-arguments")
            tree.undo(address, status=10, code="bad-arguments")


@story
def a_request_of_another_verb_is_refused_by_the_unit():
    about = {"address": CARD, "undo": True, "expect": None}
    orders = ({"verb": "adopt", "uid": 0, "request": None}, {"verb": "claim", "uid": 0, "adoption": about},
              {"verb": "adopt", "uid": 0, "adoption": {**about, "undo": False}},
              {"verb": "adopt", "uid": 0, "adoption": {**about, "expect": NONE}},
              {"verb": "adopt", "uid": 0, "adoption": {**about, "address": "../x"}},
              {"verb": "adopt", "uid": 0, "card": {"address": CARD, "undo": True, "programs": False}})
    with Computer() as tree:
        before = tree.state()
        for order in orders:
            place = tree.path / "run/baton/settings" / ("0" * 32)
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
            (place / "events").write_text("")
            (place / "request").write_text(json.dumps(order))
            status, _ = run(tree, "adopting", "0" * 32)
            result = json.loads((place / "events").read_text().splitlines()[-1])
            check(status == 10 and result["code"] == "bad-arguments", f"{order}: {status} {result}")
        check(tree.state() == before, str(tree.state()))


@story
def a_start_that_fails_leaves_no_request():
    with Computer() as tree:
        digest = tree.digest()
        with Systemd(tree, lambda worker: "failed") as systemd:
            output = tree.adopt(digest=digest, status=17, code="adopt-not-begun")
            check("baton-adopt@" in output.result["remedy"], str(output.result))
            check(systemd.started[0][0].startswith("baton-adopt@"), str(systemd.started))


run_stories()
