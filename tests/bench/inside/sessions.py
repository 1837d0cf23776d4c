# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the bench: a card that the desktop draws on, to the guest and back, by Baton and by what
people's recipes do, in turns. The recipes' commands are in their order, with their sleeps.

Each side ends when somebody can go on: to the guest when every function of the card is with
vfio-pci, the command has said so, and a desktop is there where another card can show one; to the
host when a desktop draws on the card again. Where another card shows a desktop, a guest can have the
card long before that: when it can is told as well.

Each begins when the machine has come to rest: nobody hands a card over while his desktop still comes,
and its last programs would run on beside whoever looks first.
"""

import json
import os
import statistics
import subprocess
import time

import desktop_starts
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


def run_marked(argv, mark):
    """Runs it to its end; returns when a line of its output had @mark in it."""
    seen = None
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if seen is None and mark(line):
                seen = time.monotonic()
        errors = running.stderr.read()
    if running.returncode != 0 or seen is None:
        raise RuntimeError(f"{argv} exited {running.returncode}: {errors[-2000:]}")
    return seen


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
        return run_marked(["sh", "-ec", f"systemctl stop {MANAGER}\nmodprobe vfio-pci\n"
                           f"{self.nodedev('detach')}echo detached\nsystemctl start {MANAGER}\n"],
                          lambda line: line == "detached\n")

    def recipe_to_host(self):
        run(f"systemctl stop {MANAGER}\n{self.nodedev('reattach')}systemctl start {MANAGER}\n")

    def baton_to_guest(self):
        return run_marked(["batonctl", "--json", "guest", self.functions[0], "--end-session", "--yes"],
                          lambda line: '"id":"verify:' in line and '"state":"ok"' in line)

    def baton_rest(self):
        """Nothing: it is over."""

    def baton_to_host(self):
        run(f"batonctl --json host {self.functions[0]} --yes")


KINDS = {"one-card": OneCard, "two-states": TwoStates}


def wait_for_desktop(address):
    pid = session.wait_for_desktop(180)
    session.wait_for_use(sysfs.node_of(address, "dri/card"), pid, 180)


def come_to_rest():
    """Waits until nothing much has run for half a second."""
    for _ in range(60):
        idle = idle_seconds()
        start = time.monotonic()
        time.sleep(0.5)
        if idle_seconds() - idle >= 0.9 * (time.monotonic() - start):
            return
    raise RuntimeError("the machine does not come to rest")


def idle_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[4]) / os.sysconf("SC_CLK_TCK")


def check_side(card, who, side):
    for address in card.functions:
        if (driver_of(address) == "vfio-pci") != (side == "guest"):
            raise RuntimeError(f"{who}: {address} is on {driver_of(address)}")


def time_to_guest(card, who):
    """Seconds until a guest can have the card, and until everything is done."""
    with desktop_starts.Starts() as starts:
        start = time.monotonic()
        seen = getattr(card, f"{who}_to_guest")()
        end = time.monotonic()
        check_side(card, who, "guest")
        if seen is not None:
            end = max(end, starts.wait("openbox", 180))
    return (seen or end) - start, end - start


def time_to_host(card, who):
    start = time.monotonic()
    getattr(card, f"{who}_to_host")()
    check_side(card, who, "host")
    wait_for_desktop(card.functions[0])
    return time.monotonic() - start


def measure(kind, functions, rounds):
    """Median seconds: [who, what, seconds]; and what a restart of the login screen takes by itself."""
    card = KINDS[kind](functions)
    times = {}
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    run(f"rm -f {XORG_OF_BENCH}\nsystemctl restart {MANAGER}")
    wait_for_desktop(functions[0])
    for number in range(rounds + 1):
        for who in ("recipe", "baton") if number % 2 else ("baton", "recipe"):
            come_to_rest()
            for what, seconds in zip(("card", "guest"), time_to_guest(card, who), strict=True):
                times.setdefault((who, what), []).append(seconds)
            if who == "baton":
                card.baton_rest()
            come_to_rest()
            times.setdefault((who, "host"), []).append(time_to_host(card, who))
        come_to_rest()
        start = time.monotonic()
        run(f"systemctl restart {MANAGER}")
        wait_for_desktop(functions[0])
        times.setdefault(("login", "restart"), []).append(time.monotonic() - start)
    # The first round warms up.
    return [[who, what, statistics.median(seconds[1:])] for (who, what), seconds in times.items()]
