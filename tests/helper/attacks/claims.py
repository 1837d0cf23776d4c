#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claiming a card at boot: files of Baton's own and boot images, changed together or not at all."""

import json
import os

from boots import CARD, CLAIMS, DESKTOP, DROP_IN, OLDER, OTHER, RELEASE, SOUND, STATE, WHO, WHO_SOUND, Machine
from harness import check, expect_refusal, run, run_stories, story
from systemd import Systemd

FAULTS = {"fails": "no such luck", "small": "half as large", "nothing": "no new one", "link": "no new one",
          "killed": "137", "not-listed": "not an archive", "no-claims": "what is claimed",
          "no-program": "the program that claims", "no-module": "vfio-pci"}


@story
def a_card_there_and_back():
    with Machine() as tree:
        tree.add_images(f"initrd.img-{OLDER}")
        before = tree.files()
        result = tree.claim(CARD)
        check(result["args"]["addresses"] == f"{CARD}, {SOUND}", str(result))
        check(tree.claimed() == [(CARD, WHO), (SOUND, WHO_SOUND)], str(tree.claimed()))
        check(sorted(tree.made()) == [f"mkinitramfs -o /boot/.initrd.img-{kernel}.baton {kernel}"
                                      for kernel in (OLDER, RELEASE)], str(tree.made()))
        for kernel in (OLDER, RELEASE):
            mode, text = tree.files()[f"boot/initrd.img-{kernel}"]
            check(mode & 0o7777 == 0o640 and b"etc/baton/claims" in text, kernel)
        check((tree.path / CLAIMS).stat().st_mode & 0o7777 == 0o644, "what makes the image may not be root")
        tree.claim(CARD, "--undo", code="claim-undone")
        now = tree.files()
        check(set(now) == set(before), f"left: {set(now) ^ set(before)}")
        check(all(b"baton" not in text for name, (_, text) in now.items() if name.startswith("boot")), "still claimed")


@story
def only_the_sound_that_nobody_uses():
    with Machine() as tree:
        tree.claim(SOUND)
        check(tree.claimed() == [(SOUND, WHO_SOUND)], str(tree.claimed()))
        tree.claim(CARD)
        tree.claim(SOUND, "--undo", code="claim-undone")
        check(tree.claimed() == [(CARD, WHO)], str(tree.claimed()))
        tree.claim(OTHER, "--undo", code="not-claimed")
        tree.claim(CARD, "--undo", code="claim-undone")
        check(not (tree.path / CLAIMS).exists() and not (tree.path / STATE).exists(), str(list(tree.files())))


@story
def an_image_that_is_none_replaces_nothing():
    """Of two kernels, whichever it is; and the claims are as they were before."""
    for kernel in (RELEASE, OLDER):
        for how, words in FAULTS.items():
            with Machine() as tree:
                tree.add_images(f"initrd.img-{OLDER}")
                (tree.path / f"break-{kernel}").write_text(how)
                result = tree.claim(CARD, status=17, code="claim-image-failed")
                check(words in result["text"] and kernel in result["args"]["image"], f"{how}: {result}")
    with Machine() as tree:
        tree.claim(CARD)
        (tree.path / f"break-{RELEASE}").write_text("stale")
        result = tree.claim(CARD, "--undo", status=17, code="claim-image-failed")
        check("still holds" in result["text"] and tree.claimed(), str(result))


@story
def what_makes_the_image_knows_nothing_of_who_asked():
    with Machine() as tree:
        os.environ["BASH_ENV"] = "/tmp/evil"
        try:
            tree.claim(CARD)
        finally:
            del os.environ["BASH_ENV"]
        names = set((tree.path / "environment").read_text().split())
        check(names <= {"PATH", "LC_ALL", "HOME", "DRACUT_NO_MKNOD", "PWD", "OLDPWD", "SHLVL", "_"}, str(names))


@story
def dracut_and_mkinitcpio():
    with Machine("dracut", "lsinitrd") as tree:
        tree.claim(CARD)
        check(tree.made() == [f"dracut --force /boot/.initrd.img-{RELEASE}.baton {RELEASE}"], str(tree.made()))
    with Machine("dracut", "lsinitrd", images=False) as tree:
        tree.add_images(f"initramfs-{RELEASE}.img")
        tree.claim(CARD)
        check(tree.made() == [f"dracut --force /boot/.initramfs-{RELEASE}.img.baton {RELEASE}"], str(tree.made()))
    with Machine("mkinitcpio", "lsinitcpio") as tree:
        # What is made without looking at the machine has no kernel of its name: it stays a way to start.
        tree.add_images("initramfs-linux-fallback.img")
        before = tree.files()
        tree.claim(CARD)
        check(tree.made() == ["mkinitcpio -k /boot/vmlinuz-linux -g /boot/.initramfs-linux.img.baton"], str(tree.made()))
        check((tree.path / DROP_IN).read_text().splitlines()[-1] == "HOOKS+=(baton-claim)", str(list(tree.files())))
        tree.claim(CARD, "--undo", code="claim-undone")
        check(set(tree.files()) == set(before), str(list(tree.files())))
        (tree.path / DROP_IN).write_text("HOOKS+=(mine)\n")
        result = tree.claim(CARD, status=12, code="claim-foreign-file")
        check(result["args"]["file"] == f"/{DROP_IN}", str(result))


@story
def where_no_image_can_be_made():
    with Machine(images=False) as tree:
        tree.claim(CARD, status=12, code="claim-no-image")
        # Of no kernel that is there, of a name that is none, and no file at all.
        tree.add_images("initrd.img-5.0", "initrd.img-", "initrd.img--o", "initrd.img-6.1;reboot", "vmlinuz-6.1")
        (tree.path / "boot" / f"initrd.img-{RELEASE}").symlink_to("/etc/passwd")
        tree.claim(CARD, status=12, code="claim-no-image")
        check(tree.made() == [], str(tree.made()))
    with Machine(images=False) as tree:
        tree.add_images(f"initrd.img-{OLDER}")
        result = tree.claim(CARD, status=12, code="claim-no-image")
        check(RELEASE in result["text"], str(result))
    with Machine() as tree:
        tree.add_tool("dracut", "lsinitrd")
        result = tree.claim(CARD, status=12, code="claim-no-image")
        check("initramfs-tools and dracut" in result["text"], str(result))
    with Machine() as tree:
        (tree.path / "etc/initramfs/post-update.d").mkdir(parents=True)
        (tree.path / "etc/initramfs/post-update.d/systemd-boot").touch()
        result = tree.claim(CARD, status=12, code="claim-no-image")
        check("systemd-boot" in result["text"], str(result))
    with Machine() as tree:
        room = os.statvfs(tree.path)
        os.truncate(tree.path / f"boot/initrd.img-{RELEASE}", room.f_bavail * room.f_frsize + (1 << 30))
        got, output = run(tree, "claim", CARD)
        result = output.result
        check((got, result["code"]) == (12, "claim-no-room") and tree.made() == [], str(result))
        check(int(result["args"]["needed"]) > int(result["args"]["free"]), str(result))


@story
def cards_that_cannot_be_claimed():
    with Machine() as tree:
        tree.claim(DESKTOP, status=12, code="claim-boot-display")
        tree.add_card("0000:03:00.0")
        (tree.device("0000:03:00.0") / "class").write_text("0x020000\n")
        tree.put_in_group("0000:03:00.0", "1")
        tree.set_driver("0000:03:00.0", "e1000e")
        result = tree.claim(CARD, status=12, code="claim-in-the-way")
        check("0000:03:00.0" in result["text"], str(result))
        # The one that the desktop begins on is with a guest, and of the others one has to stay.
        tree.set_driver(DESKTOP, "vfio-pci")
        os.remove(tree.device(DESKTOP) / "boot_vga")
        tree.claim(OTHER)
        tree.claim(CARD, status=12, code="claim-only-display")


@story
def what_others_do_is_told():
    with Machine() as tree:
        (tree.path / "etc/modprobe.d").mkdir()
        (tree.path / "etc/modprobe.d/vfio.conf").write_text("# mine\noptions vfio-pci ids=1234:1111\n")
        _, output = run(tree, "claim", CARD)
        said = [line["text"] for line in output.lines if line["type"] == "log" and line["level"] == "warning"]
        check(any("/etc/modprobe.d/vfio.conf, line 2" in text for text in said), str(said))


@story
def a_card_that_has_left_or_moved():
    with Machine() as tree:
        tree.claim(CARD)
        for address in (CARD, SOUND):
            os.remove(tree.path / "sys/bus/pci/devices" / address)
        tree.claim(CARD, status=10, code="bad-arguments")
        tree.claim(CARD, "--undo", code="claim-undone")
        check(not (tree.path / CLAIMS).exists(), "it is still claimed")
        tree.claim(CARD, "--undo", status=10, code="bad-arguments")


@story
def files_that_others_wrote_are_left_alone():
    for make in (lambda file: file.write_text("# mine\n"), lambda file: file.write_bytes(b""), os.mkdir, os.mkfifo,
                 lambda file: file.symlink_to("/etc/passwd"), lambda file: file.write_bytes(b"# Written by Baton\0")):
        with Machine() as tree:
            (tree.path / "etc/baton").mkdir()
            make(tree.path / CLAIMS)
            for options in ((), ("--undo",)):
                result = tree.claim(CARD, *options, status=12, code="claim-foreign-file")
                check(result["args"]["file"] == f"/{CLAIMS}" and "root:" not in result["text"], str(result))
            check(tree.made() == [], str(tree.made()))
    with Machine() as tree:
        tree.claim(CARD)
        text = (tree.path / CLAIMS).read_text()
        for changed in (text + "# mine\n", text.replace("1234", "1235", 1) + "\n", text[:-1], text.replace(" ", "  ")):
            (tree.path / CLAIMS).write_text(changed)
            tree.claim(CARD, "--undo", status=12, code="claim-foreign-file")


@story
def requests_that_are_none():
    with Machine() as tree:
        for arguments in ((), ("",), ("01:00.0",), (f"{CARD}\n",), ("../../../../etc",), ("%n%s",), (CARD, "--und"),
                          (CARD, ""), (CARD, "--undo", "--undo"), ("--undo", CARD), (CARD, OTHER)):
            expect_refusal(tree, ["claim", *arguments], 10, "bad-arguments")
        for address in ("0000:99:00.0", "0000:00:00.0"):
            tree.claim(address, status=10, code="bad-arguments")
        check(tree.made() == [], str(tree.made()))


@story
def a_request_of_another_verb_is_refused_by_the_unit():
    orders = ({"verb": "claim", "uid": 0, "request": None},
              {"verb": "claim", "uid": 0, "card": {"address": CARD}},
              {"verb": "claim", "uid": 0, "card": {"address": "../x", "undo": False, "programs": False}},
              {"verb": "isolate", "uid": 0, "card": {"address": CARD, "undo": False, "programs": False}},
              {"verb": "configure", "uid": 0, "changes": [CARD, "return-method=bind"]})
    with Machine() as tree:
        before = tree.files()
        for order in orders:
            place = tree.path / "run/baton/settings" / ("0" * 32)
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
            (place / "events").write_text("")
            (place / "request").write_text(json.dumps(order))
            status, _ = run(tree, "claiming", "0" * 32)
            result = json.loads((place / "events").read_text().splitlines()[-1])
            check(status == 10 and result["code"] == "bad-arguments", f"{order}: {status} {result}")
        check(tree.files() == before, str(tree.files()))


@story
def a_start_that_fails_leaves_no_request():
    with Machine() as tree, Systemd(tree, lambda worker: "failed") as systemd:
        result = tree.claim(CARD, status=17, code="claim-not-begun")
        check("baton-claim@" in result["remedy"], str(result))
        check(systemd.started[0][0].startswith("baton-claim@"), str(systemd.started))


run_stories()
