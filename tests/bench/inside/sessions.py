# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the bench: a card that the desktop draws on, to the guest and back, by Baton and by what
people's recipes do, in turns. The recipes' commands are in their order, with their sleeps.

Each side ends when somebody can go on: to the guest when every function of the card is with
vfio-pci, the command has said so, and a desktop is there where another card can show one; to the
host when a desktop draws on the card again.
"""

import json
import os
import statistics
import subprocess
import time

import session
import sysfs

DEVICES = "/sys/bus/pci/devices"
MANAGER = "lightdm.service"
XORG_OF_BENCH = "/etc/X11/xorg.conf.d/10-bench.conf"


def run(script):
    done = subprocess.run(["sh", "-c", "set -e\n" + script], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{script} exited {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def driver_of(address):
    link = f"{DEVICES}/{address}/driver"
    return os.path.basename(os.readlink(link)) if os.path.islink(link) else None


def consoles(bound):
    return "".join(f"echo {bound} > /sys/class/vtconsole/{name}/bind\n"
                   for name in sorted(os.listdir("/sys/class/vtconsole")))


class OneCard:
    """The only card of a computer: nothing is shown until it is back."""

    def __init__(self, functions):
        self.functions = functions
        self.driver = driver_of(functions[0])
        self.waiting = None

    def recipe_to_guest(self):
        run(f"systemctl stop {MANAGER}\nmodprobe vfio\nmodprobe vfio-pci\n" + consoles(0) +
            "".join(f"echo vfio-pci > {DEVICES}/{address}/driver_override\n"
                    f"echo {address} > {DEVICES}/{address}/driver/unbind\n"
                    f"echo {address} > /sys/bus/pci/drivers_probe\n" for address in self.functions) +
            f"modprobe -r {self.driver.removesuffix('-drm')}\nsleep 1\n")

    def recipe_to_host(self):
        run(f"modprobe -a {self.driver.removesuffix('-drm')}\n" +
            "".join(f"echo 1 > {DEVICES}/{address}/remove\n" for address in self.functions) +
            "echo 1 > /sys/bus/pci/rescan\nsleep 1\n" + consoles(1) +
            f"systemctl start {MANAGER}\n")

    def baton_to_guest(self):
        """It goes on to wait for the guest."""
        self.waiting = subprocess.Popen(["batonctl", "--json", "guest", self.functions[0], "--end-session",
                                         "--until-free", "--yes"], stdout=subprocess.PIPE, text=True)
        self.read_until("verify:", "ok")

    def read_until(self, step, state):
        for line in self.waiting.stdout:
            event = json.loads(line)
            if event["type"] == "step" and event["id"].startswith(step) and event["state"] == state:
                return
        raise RuntimeError(f"batonctl exited {self.waiting.wait()}")

    def baton_rest(self):
        """What is left to do when the card is with the guest: nobody waits for it."""
        self.read_until("wait-guest:", "start")

    def baton_to_host(self):
        run(f"batonctl --json host {self.functions[0]} --yes")
        self.waiting.communicate()


class TwoStates:
    """One card of two: another desktop comes where the other card is."""

    def __init__(self, functions):
        self.functions = functions
        self.driver = driver_of(functions[0])

    def nodedev(self, verb):
        return "".join(f"virsh -q nodedev-{verb} pci_{address.replace(':', '_').replace('.', '_')}\n"
                       for address in self.functions)

    def recipe_to_guest(self):
        run(f"systemctl stop {MANAGER}\nmodprobe vfio-pci\n{self.nodedev('detach')}systemctl start {MANAGER}\n")

    def recipe_to_host(self):
        run(f"systemctl stop {MANAGER}\n{self.nodedev('reattach')}systemctl start {MANAGER}\n")

    def baton_to_guest(self):
        run(f"batonctl --json guest {self.functions[0]} --end-session --yes")

    def baton_rest(self):
        """Nothing: it is over."""

    def baton_to_host(self):
        run(f"batonctl --json host {self.functions[0]} --yes")


KINDS = {"one-card": OneCard, "two-states": TwoStates}


def wait_for_desktop(address):
    pid = session.wait_for_desktop(180)
    session.wait_for_use(sysfs.node_of(address, "dri/card"), pid, 180)


def measure(kind, functions, rounds):
    """Median seconds: [who, side, seconds]; and what a restart of the login screen takes by itself."""
    card = KINDS[kind](functions)
    times = {}
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    run(f"rm -f {XORG_OF_BENCH}\nsystemctl restart {MANAGER}")
    wait_for_desktop(functions[0])
    for number in range(rounds + 1):
        for who in ("recipe", "baton") if number % 2 else ("baton", "recipe"):
            for side in ("guest", "host"):
                start = time.perf_counter()
                getattr(card, f"{who}_to_{side}")()
                for address in functions:
                    if (driver_of(address) == "vfio-pci") != (side == "guest"):
                        raise RuntimeError(f"{who}: {address} is on {driver_of(address)}")
                if side == "host":
                    wait_for_desktop(functions[0])
                elif kind == "two-states":
                    session.wait_for_desktop(180)
                times.setdefault((who, side), []).append(time.perf_counter() - start)
                if who == "baton" and side == "guest":
                    card.baton_rest()
        start = time.perf_counter()
        run(f"systemctl restart {MANAGER}")
        wait_for_desktop(functions[0])
        times.setdefault(("login", "restart"), []).append(time.perf_counter() - start)
    # The first round warms up.
    return [[who, side, statistics.median(seconds[1:])] for (who, side), seconds in times.items()]
