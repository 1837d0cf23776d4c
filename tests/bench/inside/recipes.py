# SPDX-License-Identifier: GPL-3.0-or-later
"""What people's recipes for moving a card do at its functions: the same commands in the same order,
with the same sleeps, as shell.

What they do besides is left out, because nothing that Baton does is measured against it: to stop
and start the desktop, to unbind the consoles, and to unload a driver that the boot display of the
bench has as well.
"""

import os

DEVICES = "/sys/bus/pci/devices"
VFIO = "/sys/bus/pci/drivers/vfio-pci"


def read_id(address):
    """Vendor and device as new_id wants them."""
    with (open(f"{DEVICES}/{address}/vendor", encoding="ascii") as vendor,
          open(f"{DEVICES}/{address}/device", encoding="ascii") as device):
        return f"{vendor.read().strip()[2:]} {device.read().strip()[2:]}"


def list_drm_nodes(functions):
    return [f"/dev/dri/{name}" for address in functions
            if os.path.isdir(f"{DEVICES}/{address}/drm")
            for name in sorted(os.listdir(f"{DEVICES}/{address}/drm"))
            if name.startswith(("card", "renderD"))]


def give_by_id(functions):
    return [line for address in functions for line in (
        f"echo {read_id(address)} > {VFIO}/new_id",
        f"echo {address} > {DEVICES}/{address}/driver/unbind",
        f"echo {address} > {VFIO}/bind",
        f"echo {read_id(address)} > {VFIO}/remove_id")]


def take_by_rescan(functions):
    return [f"echo 1 > {DEVICES}/{address}/remove" for address in functions] + [
        "echo 1 > /sys/bus/pci/rescan"]


def give_and_sleep(functions):
    """vfio-pci-bind goes by overrides and takes the whole group."""
    return ["modprobe vfio", "modprobe vfio-pci"] + [line for address in functions for line in (
        f"echo vfio-pci > {DEVICES}/{address}/driver_override",
        f"echo {address} > {DEVICES}/{address}/driver/unbind",
        f"echo {address} > /sys/bus/pci/drivers_probe")] + ["sleep 1"]


def take_and_sleep(functions):
    return [*take_by_rescan(functions), "sleep 1"]


def nodedev(verb, functions):
    return [f"virsh -q nodedev-{verb} pci_{address.replace(':', '_').replace('.', '_')}"
            for address in functions]


def detach(functions):
    return nodedev("detach", functions)


def reattach(functions):
    return nodedev("reattach", functions)


def ask_and_detach(functions):
    """A hook goes through the nodes, and libvirt detaches for the guest what is managed."""
    return [f"test -z \"$(lsof -Fc {node} 2> /dev/null)\""
            for node in list_drm_nodes(functions)] + detach(functions)


# name: to the guest, to the host
RECIPES = {
    "ids": (give_by_id, take_by_rescan),
    "sleeps": (give_and_sleep, take_and_sleep),
    "hook": (ask_and_detach, reattach),
    "nodedev": (detach, reattach),
}


def script(name, side, functions):
    """The recipe NAME to SIDE; it ends at the first command that fails."""
    to_guest, to_host = RECIPES[name]
    lines = (to_guest if side == "guest" else to_host)(functions)
    return "\n".join(["set -e", *lines])
