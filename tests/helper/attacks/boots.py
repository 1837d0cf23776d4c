# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer that starts from boot images, with what makes them, for what changes them."""

import os

from harness import Tree, check, run

DESKTOP, CARD, SOUND, OTHER = "0000:00:02.0", "0000:01:00.0", "0000:01:00.1", "0000:02:00.0"
CLAIMS, STATE = "etc/baton/claims", "var/lib/baton/claims.json"
DROP_IN = "etc/mkinitcpio.conf.d/baton-claim.conf"
WHO, WHO_SOUND = "1234:1111:1af4:1100@00/00.0", "8086:2668:1af4:1100@00/00.1"
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
