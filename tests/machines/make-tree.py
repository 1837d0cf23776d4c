#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a posted listing of a machine into a tree that Baton can look at.

    make-tree.py LISTING DIRECTORY

A listing says which functions there are, what they are, and (mostly) in which
IOMMU group. What it does not say is filled in as every such machine has it and
no further: the driver that Linux binds to such a device by default, because a
device in use is what a group must be refused for; a reset of the bus; no tree of
buses, unless the listing shows one; no firmware tables where there are no groups, because the
listing does not say why there are none.

Besides lspci's own forms, a listing may have lines of ours, each made from the
text that came with it:

    behind ADDRESS BRIDGE            ADDRESS hangs below BRIDGE
    driver ADDRESS NAME              NAME is bound to it, "-" for none
    nvidia-minor ADDRESS NUMBER      /dev/nvidiaNUMBER is this card's
    removable ADDRESS                the kernel calls it removable
    process PID NAME                 what lsof cut short
"""

import os
import re
import sys

ADDRESS = r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"

# "01:00.0 VGA compatible controller [0300]: NVIDIA ... [10de:1b80] (rev a1)"; the ids may
# be cut off by the one who posted it.
FUNCTION = re.compile(
    rf"^(?P<address>{ADDRESS}) (?P<class_name>[^\[]*)\[(?P<class>[0-9a-f]{{4}})\]: "
    r"(?P<name>.*?)\s*\[(?P<vendor>[0-9a-f]{4}):(?P<device>[0-9a-f]{4}|[0-9a-f.]*)(?P<end>\]?)"
    r"(?:\s*\(rev (?P<revision>[0-9a-f]{2})\))?[^\[\]]*$")
# "02:00.0 0300: 10de:1f08 (rev a1)", lspci -n
NUMERIC = re.compile(
    rf"^(?P<address>{ADDRESS}) (?P<class>[0-9a-f]{{4}}): "
    r"(?P<vendor>[0-9a-f]{4}):(?P<device>[0-9a-f]{4})")
GROUP = re.compile(r"^IOMMU group (?P<group>[0-9]+|\*)\s*:?\s*(?P<rest>.*)$", re.IGNORECASE)
RANGE = re.compile(
    rf"^(?P<address>{ADDRESS}) Bus: primary=\w+, secondary=(?P<secondary>[0-9a-f]{{2}})")
COMMAND_LINE = re.compile(r'^GRUB_CMDLINE_LINUX(?:_DEFAULT)?="(?P<words>[^"]*)"')
# lsof: "gnome-she 15558 user mem REG 195,0 762 /dev/nvidia1"
LSOF = re.compile(
    r"^(?P<name>\S+)\s+(?P<pid>[0-9]+)\s+\S+\s+(?P<how>mem|[0-9]+[a-z]*)\s+\w+\s+"
    r"(?P<numbers>[0-9]+,[0-9]+)\s+(?P<inode>[0-9]+)\s+(?P<path>/dev/\S+)$")

CPUS = {0x8086: ("GenuineIntel", "DMAR", "dmar0"), 0x1022: ("AuthenticAMD", "IVRS", "ivhd0"),
        0x1002: ("AuthenticAMD", "IVRS", "ivhd0")}

# What Linux binds by itself: by class and vendor, then by class.
DRIVERS = {
    (0x03, 0x8086): "i915", (0x03, 0x1002): "amdgpu", (0x03, 0x10de): "nouveau",
    (0x02, 0x8086): "e1000e", (0x02, 0x10ec): "r8169", (0x02, 0x1969): "alx",
    (0x0280, 0x8086): "iwlwifi", (0xff00, 0x10ec): "rtsx_pci",
    (0x0c05, 0x8086): "i801_smbus", (0x0c05, 0x1022): "piix4_smbus",
    (0x0c80, 0x10de): None, (0x1080, 0x1022): "ccp",
    0x0604: "pcieport", 0x0403: "snd_hda_intel", 0x0401: "snd_hda_intel", 0x0106: "ahci",
    0x0108: "nvme", 0x0c03: "xhci_hcd", 0x0c04: "ohci_hcd",
}

VENDORS = {
    "1002": "Advanced Micro Devices, Inc. [AMD/ATI]", "1022": "Advanced Micro Devices, Inc. [AMD]",
    "1033": "NEC Corporation", "10de": "NVIDIA Corporation",
    "10ec": "Realtek Semiconductor Co., Ltd.", "144d": "Samsung Electronics Co Ltd",
    "1969": "Qualcomm Atheros", "1b21": "ASMedia Technology Inc.", "1c5c": "SK hynix",
    "8086": "Intel Corporation",
}


class Function:
    def __init__(self, address):
        self.address = address
        self.class_code = None
        self.class_name = None
        self.vendor = None
        self.device = None
        self.subsystem = None
        self.name = None
        self.group = None
        self.driver = None
        self.driver_is_known = False
        self.parent = None
        self.secondary = None
        self.removable = False
        self.nvidia_minor = None

    def choose_driver(self):
        if self.driver_is_known:
            return self.driver
        vendor = int(self.vendor, 16)
        for key in ((self.class_code, vendor), (self.class_code >> 8, vendor), self.class_code):
            if key in DRIVERS:
                return DRIVERS[key]
        return None


class Machine:
    def __init__(self):
        self.functions = {}
        self.command_line = ""
        self.holders = []

    def get(self, address):
        if address.count(":") == 1:
            address = "0000:" + address
        return self.functions.setdefault(address, Function(address))


def take_function(machine, match, group):
    function = machine.get(match["address"])
    function.class_code = int(match["class"], 16)
    function.vendor = match["vendor"]
    # A device whose id was cut off is a device all the same.
    if re.fullmatch("[0-9a-f]{4}", match["device"]):
        function.device = match["device"]
    named = match.groupdict()
    if named.get("name"):
        function.name = named["name"]
        function.class_name = named["class_name"].strip()
    if group not in (None, "*"):
        function.group = group
    return function


def take_fact(machine, line):
    words = line.split()
    if words[0] == "process":
        for holder in machine.holders:
            if holder["pid"] == words[1]:
                holder["name"] = words[2]
        return
    if len(words) < 2 or not re.fullmatch(ADDRESS, words[1]):
        return
    if words[0] == "behind":
        machine.get(words[1]).parent = machine.get(words[2]).address
    elif words[0] == "driver":
        function = machine.get(words[1])
        function.driver = None if words[2] == "-" else words[2]
        function.driver_is_known = True
    elif words[0] == "nvidia-minor":
        machine.get(words[1]).nvidia_minor = int(words[2])
    elif words[0] == "removable":
        machine.get(words[1]).removable = True


def take_detail(function, line):
    if line.startswith("Kernel driver in use:"):
        function.driver = line.partition(":")[2].strip()
        function.driver_is_known = True
    elif line.startswith("Subsystem:"):
        ids = re.search(r"([0-9a-f]{4}):([0-9a-f]{4})", line)
        if ids:
            function.subsystem = (ids[1], ids[2])


def read_listing(path):
    machine = Machine()
    group = None
    current = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            indented = line[:1] in " \t"
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            header = GROUP.match(line)
            if header:
                group, line = header["group"], header["rest"]
                if not line:
                    continue
            elif not indented:
                group = None
            if match := RANGE.match(line):
                machine.get(match["address"]).secondary = int(match["secondary"], 16)
            elif match := FUNCTION.match(line) or NUMERIC.match(line):
                current = take_function(machine, match, group)
            elif match := COMMAND_LINE.match(line):
                machine.command_line = match["words"]
            elif match := LSOF.match(line):
                machine.holders.append(match.groupdict())
            elif indented and current is not None:
                take_detail(current, line)
            else:
                take_fact(machine, line)
    machine.functions = {a: f for a, f in machine.functions.items() if f.class_code is not None}
    return machine


def place_by_bus_ranges(machine):
    by_bus = {}
    for function in machine.functions.values():
        if function.secondary is not None:
            by_bus[(function.address.split(":")[0], function.secondary)] = function.address
    for function in machine.functions.values():
        domain, bus, _ = function.address.split(":")
        above = by_bus.get((domain, int(bus, 16)))
        if function.parent is None and above != function.address:
            function.parent = above


def split(address):
    domain, bus, slot = address.split(":")
    return domain, int(bus, 16), slot


def place_behind_own_switches(machine):
    """AMD's and Intel's cards carry a switch, and a listing without bus ranges shows it all
    the same: buses are numbered depth first, so the upstream port's bus is followed by that
    of the downstream ports, and that by theirs, one after the other."""
    bridges = sorted((f for f in machine.functions.values() if f.class_code == 0x0604),
                     key=lambda f: split(f.address))
    for upstream in bridges:
        domain, bus, slot = split(upstream.address)
        below = sorted((f for f in machine.functions.values()
                        if split(f.address)[:2] == (domain, bus + 1)), key=lambda f: f.address)
        if upstream.vendor not in ("1002", "8086") or bus == 0 or slot != "00.0" or not below:
            continue
        if any(f.class_code != 0x0604 or f.vendor != upstream.vendor for f in below):
            continue
        behind = {port.address: [f for f in machine.functions.values()
                                 if split(f.address)[:2] == (domain, bus + 2 + n)]
                  for n, port in enumerate(below)}
        if not any(f.class_code >> 8 == 3 and f.vendor == upstream.vendor
                   for functions in behind.values() for f in functions):
            continue
        for port in below:
            port.parent = upstream.address
            for function in behind[port.address]:
                function.parent = port.address
        above = [b for b in bridges if split(b.address)[0] == domain and split(b.address)[1] < bus]
        if upstream.parent is None and above:
            # Which one it is nobody asks; that there is one makes the other a switch.
            upstream.parent = above[-1].address


class Tree:
    def __init__(self, top):
        self.top = top

    def write(self, path, text):
        full = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def link(self, path, target):
        full = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        os.symlink(os.path.relpath(target, os.path.dirname(path)), full)


def device_path(machine, function):
    if function.parent in machine.functions:
        above = device_path(machine, machine.functions[function.parent])
    else:
        above = "sys/devices/pci" + function.address.rsplit(":", 1)[0]
    return f"{above}/{function.address}"


def modalias(function):
    vendor, device = int(function.vendor, 16), int(function.device or "0", 16)
    sub = [int(part, 16) for part in function.subsystem or ("0", "0")]
    code = function.class_code
    return (f"pci:v{vendor:08X}d{device:08X}sv{sub[0]:08X}sd{sub[1]:08X}"
            f"bc{code >> 8:02X}sc{code & 0xff:02X}i00")


def write_function(tree, machine, function):
    path = device_path(machine, function)
    driver = function.choose_driver()
    tree.link(f"sys/bus/pci/devices/{function.address}", path)
    tree.write(f"{path}/class", f"0x{function.class_code:04x}00\n")
    tree.write(f"{path}/vendor", f"0x{function.vendor}\n")
    if function.device:
        tree.write(f"{path}/device", f"0x{function.device}\n")
        tree.write(f"{path}/modalias", modalias(function) + "\n")
    if function.subsystem:
        tree.write(f"{path}/subsystem_vendor", f"0x{function.subsystem[0]}\n")
        tree.write(f"{path}/subsystem_device", f"0x{function.subsystem[1]}\n")
    if function.class_code >> 8 != 6:
        tree.write(f"{path}/reset_method", "bus\n")
    if function.class_code == 0x0604:
        tree.write(f"{path}/secondary_bus_number", f"{function.secondary or 0}\n")
    if function.removable:
        tree.write(f"{path}/removable", "removable\n")
    if function.group is not None:
        tree.link(f"{path}/iommu_group", f"sys/kernel/iommu_groups/{function.group}")
        tree.link(f"sys/kernel/iommu_groups/{function.group}/devices/{function.address}", path)
    if driver is not None:
        tree.link(f"{path}/driver", f"sys/bus/pci/drivers/{driver}")
    if function.nvidia_minor is not None:
        tree.write(f"proc/driver/nvidia/gpus/{function.address}/information",
                   f"Device Minor: \t {function.nvidia_minor}\n")
    return driver


def write_drivers(tree, machine, drivers):
    aliases = []
    for name in sorted(set(filter(None, drivers.values()))):
        module = name.replace("-", "_")
        tree.write(f"sys/bus/pci/drivers/{name}/bind", "")
        tree.write(f"sys/module/{module}/refcnt", "0\n")
        tree.link(f"sys/bus/pci/drivers/{name}/module", f"sys/module/{module}")
    for address, name in drivers.items():
        function = machine.functions[address]
        if name and function.device:
            aliases.append(f"alias {modalias(function)} {name.replace('-', '_')}\n")
    tree.write("usr/lib/modprobe.d/aliases.conf", "".join(aliases))


def write_names(tree, machine):
    vendors, classes = {}, {}
    for function in machine.functions.values():
        if not function.name:
            continue
        vendor = VENDORS.get(function.vendor)
        name = function.name
        if vendor is None or not name.startswith(vendor):
            vendor = name.split(" ")[0]
        devices = vendors.setdefault(function.vendor, (vendor, {}))[1]
        rest = name[len(vendor):].strip()
        if function.device and not rest.startswith("Device"):
            devices[function.device] = rest
        classes[function.class_code] = function.class_name
    text = []
    for vendor, (name, devices) in sorted(vendors.items()):
        text.append(f"{vendor}  {name}\n")
        text += [f"\t{device}  {rest}\n" for device, rest in sorted(devices.items())]
    for base in sorted({code >> 8 for code in classes}):
        text.append(f"C {base:02x}  Class {base:02x}\n")
        text += [f"\t{code & 0xff:02x}  {name}\n" for code, name in sorted(classes.items())
                 if code >> 8 == base]
    tree.write("usr/share/misc/pci.ids", "".join(text))


def find_cpu(machine):
    for function in machine.functions.values():
        if function.class_code == 0x0600 and int(function.vendor, 16) in CPUS:
            return CPUS[int(function.vendor, 16)]
    if "intel_iommu=" in machine.command_line:
        return CPUS[0x8086]
    if "amd_iommu=" in machine.command_line:
        return CPUS[0x1022]
    return None


def write_system(tree, machine):
    cpu = find_cpu(machine)
    has_groups = any(f.group is not None for f in machine.functions.values())
    release = "6.1.0-listing"
    tree.write("proc/cmdline", machine.command_line + "\n")
    tree.write("proc/sys/kernel/osrelease", release + "\n")
    tree.write("proc/1/comm", "systemd\n")
    tree.write(f"lib/modules/{release}/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko:\n")
    if cpu:
        tree.write("proc/cpuinfo", f"processor\t: 0\nvendor_id\t: {cpu[0]}\n")
    if has_groups:
        name = cpu[2] if cpu else "iommu0"
        tree.write(f"sys/devices/virtual/iommu/{name}/uevent", "")
        tree.link(f"sys/class/iommu/{name}", f"sys/devices/virtual/iommu/{name}")
        if cpu:
            tree.write(f"sys/firmware/acpi/tables/{cpu[1]}", "")


def write_holders(tree, machine):
    for holder in machine.holders:
        base = f"proc/{holder['pid']}"
        tree.write(f"{base}/comm", holder["name"] + "\n")
        tree.write(f"{base}/cmdline", holder["name"] + "\0")
        tree.write(f"{base}/stat", f"{holder['pid']} ({holder['name']}) S" + " 1" * 18 + " 4242" +
                   " 0" * 30 + "\n")
        tree.write(f"{base}/status", f"Name:\t{holder['name']}\nUid:\t1000\t1000\t1000\t1000\n")
        tree.write(f"{base}/cgroup", "0::/user.slice/user-1000.slice/session-2.scope\n")
        # A process that lsof lists has its usual descriptors as well.
        os.makedirs(os.path.join(tree.top, base, "fd"), exist_ok=True)
        os.symlink("/dev/null", os.path.join(tree.top, base, "fd", "0"))
        if holder["how"] == "mem":
            tree.write(f"{base}/maps", "7f0000000000-7f0000001000 rw-s 00000000 00:06 "
                       f"{holder['inode']}                     {holder['path']}\n")
        else:
            number = re.match("[0-9]+", holder["how"])[0]
            tree.write(f"{base}/maps", "")
            os.symlink(holder["path"], os.path.join(tree.top, base, "fd", number))


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make-tree.py LISTING DIRECTORY")
    machine = read_listing(sys.argv[1])
    if not machine.functions:
        sys.exit(f"make-tree.py: no PCI function found in '{sys.argv[1]}'")
    place_by_bus_ranges(machine)
    place_behind_own_switches(machine)
    tree = Tree(sys.argv[2])
    drivers = {}
    for address, function in machine.functions.items():
        drivers[address] = write_function(tree, machine, function)
    write_drivers(tree, machine, drivers)
    write_names(tree, machine)
    write_system(tree, machine)
    write_holders(tree, machine)


if __name__ == "__main__":
    main()
