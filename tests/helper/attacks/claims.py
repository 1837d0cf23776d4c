#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claiming a card at boot: files of Baton's own and boot images, changed together or not at all."""

import json
import os

from harness import Tree, check, expect_refusal, run, run_stories, story
from systemd import Systemd

DESKTOP, CARD, SOUND, OTHER = "0000:00:02.0", "0000:01:00.0", "0000:01:00.1", "0000:02:00.0"
CLAIMS, STATE = "etc/baton/claims", "var/lib/baton/claims.json"
DROP_IN = "etc/mkinitcpio.conf.d/baton-claim.conf"
WHO, WHO_SOUND = "1234:1111:1af4:1100", "8086:2668:1af4:1100"
RELEASE, OLDER = "6.1.0-40-amd64", "6.1.0-39-amd64"

# What stands for a tool: it packs a list of names, as told by what is in the tree and by the files
# “break-KERNEL” beside it, and the lister shows that list. Both run with nothing of ours about them.
MAKE = """#!/bin/sh
tree=$(cd "$(dirname "$0")/../.." && pwd)
echo "$(basename "$0") $*" | sed "s,$tree,,g" >> "$tree/made"
env | cut -d = -f 1 | sort | tr '\\n' ' ' > "$tree/environment"
while [ $# -gt 0 ]; do
  case $1 in
    -o | -g | --force) out=$2; shift ;;
    -k) kernel=${2##*/vmlinuz-}; shift ;;
    *) kernel=$1 ;;
  esac
  shift
done
how=
[ ! -e "$tree/break-$kernel" ] || how=$(cat "$tree/break-$kernel")
{
  echo init
  head -c 3000 /dev/zero | tr '\\0' x | fold -w 60
  echo
  if [ -e "$tree/etc/baton/claims" ] || [ "$how" = stale ]; then
    [ "$how" = no-claims ] || echo etc/baton/claims
    [ "$how" = no-program ] || echo usr/lib/baton/claim-at-boot
    [ "$how" = no-module ] || echo "usr/lib/modules/$kernel/kernel/drivers/vfio/pci/vfio-pci.ko.xz"
    echo "usr/lib/modules/$kernel/kernel/drivers/vfio/pci/not-vfio-pci.ko"
  fi
} > "$out"
case $how in
  fails) echo 'no such luck' >&2; exit 3 ;;
  small) echo init > "$out" ;;
  nothing) rm "$out" ;;
  link) ln -sf /etc/passwd "$out" ;;
  killed) kill -9 $$ ;;
  not-listed) echo unreadable > "$out" && head -c 4000 /dev/zero >> "$out" ;;
esac
"""
LIST = """#!/bin/sh
if grep -q unreadable "$1"; then
  echo 'not an archive' >&2
  exit 1
fi
cat "$1"
"""
FAULTS = {"fails": "no such luck", "small": "half as large", "nothing": "no new one", "link": "no new one",
          "killed": "137", "not-listed": "not an archive", "no-claims": "what is claimed",
          "no-program": "the program that claims", "no-module": "vfio-pci"}


class Machine(Tree):
    """A computer with a desktop on one card, a card with sound, and one more; it boots from images."""

    def __init__(self, tool="mkinitramfs", lister="lsinitramfs", images=True):
        super().__init__()
        for name in ("boot", "usr/sbin", "usr/bin", "proc/sys/kernel", "etc/mkinitcpio.conf.d",
                     f"lib/modules/{RELEASE}", f"lib/modules/{OLDER}", "sys/class/iommu/dmar0"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        (self.path / "proc/sys/kernel/osrelease").write_text(RELEASE + "\n")
        (self.path / f"lib/modules/{RELEASE}/modules.dep").write_text("kernel/drivers/vfio/pci/vfio-pci.ko:\n")
        for number, address in enumerate((DESKTOP, CARD, OTHER)):
            self.add_card(address)
            self.give_driver(address, number)
        self.add_sound()
        (self.device(DESKTOP) / "boot_vga").write_text("1\n")
        self.add_tool(tool, lister)
        if images:
            self.add_images("initramfs-linux.img" if tool == "mkinitcpio" else f"initrd.img-{RELEASE}")
            if tool == "mkinitcpio":
                (self.path / "boot/vmlinuz-linux").touch()

    def device(self, address):
        return self.path / "sys/devices/pci0000:00" / address

    def add_tool(self, tool, lister):
        place = self.path / ("usr/sbin" if tool == "mkinitramfs" else "usr/bin")
        for file, text in ((place / tool, MAKE), (self.path / "usr/bin" / lister, LIST)):
            file.write_text(text)
            file.chmod(0o755)

    def add_images(self, *names):
        for name in names:
            (self.path / "boot" / name).write_text("init\n" + "old\n" * 500)
            (self.path / "boot" / name).chmod(0o640)

    def put_in_group(self, address, group):
        place = self.path / "sys/kernel/iommu_groups" / group / "devices"
        place.mkdir(parents=True, exist_ok=True)
        (place / address).symlink_to(f"../../../../bus/pci/devices/{address}")
        (self.device(address) / "iommu_group").symlink_to(f"../../../kernel/iommu_groups/{group}")

    def set_driver(self, address, name):
        (self.path / "sys/bus/pci/drivers" / name).mkdir(parents=True, exist_ok=True)
        link = self.device(address) / "driver"
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../../bus/pci/drivers/{name}")

    def give_driver(self, address, number):
        self.set_driver(address, "amdgpu")
        self.put_in_group(address, str(number))
        connector = self.device(address) / f"drm/card{number}/card{number}-DP-1"
        connector.mkdir(parents=True)
        (connector / "status").write_text("connected\n")
        (connector.parent / "dev").write_text(f"226:{number}\n")

    def add_sound(self):
        self.add_card(SOUND)
        for name, text in {"vendor": "0x8086", "device": "0x2668", "class": "0x040300"}.items():
            (self.device(SOUND) / name).write_text(text + "\n")
        (self.device(SOUND) / "boot_vga").unlink()
        self.put_in_group(SOUND, "1")
        self.set_driver(SOUND, "snd_hda_intel")

    def files(self):
        """What there is in /etc, /var and /boot: modes and contents."""
        return {str(path.relative_to(self.path)): (path.stat().st_mode, path.read_bytes())
                for part in ("etc", "var", "boot") for path in (self.path / part).rglob("*") if path.is_file()}

    def claim(self, address, *options, status=0, code="claim-made"):
        before = self.files()
        got, output = run(self, "claim", address, *options)
        check(got == status and output.result["code"] == code, f"{address} {options}: {got} {output.result}")
        check(output.lines[0]["verb"] == "claim", str(output.lines))
        check(status == 0 or self.files() == before, f"{address}: something was changed: {output.result}")
        check({name for name in self.files() if name.startswith("boot")} ==
              {name for name in before if name.startswith("boot")}, str(list(self.files())))
        return output.result

    def claimed(self):
        return [tuple(line.split()) for line in (self.path / CLAIMS).read_text().splitlines() if line[0] != "#"]

    def made(self):
        file = self.path / "made"
        return file.read_text().splitlines() if file.exists() else []


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
