# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the bench: a card that the desktop draws on, to the guest and back, by Baton and by what
people's recipes do, in turns. The recipes' commands are in their order, with their sleeps.

Each side ends when somebody can go on: to the guest when every function of the card is with
vfio-pci, the command has said so, and a desktop is there where another card can show one; to the
host when a desktop draws on the card again. Where another card shows a desktop, a guest can have the
card before that. Two moments of it are told: when the card has arrived, which the recipe is made to say in
the midst of its script; and when somebody knows, by what Baton says then, and by the end of the recipe's
script, which says nothing.

Each begins when the machine has come to rest: nobody hands a card over while his desktop still comes,
and its last programs would run on beside whoever looks first. The codecs of its sound have gone to sleep
by then, seconds later than the rest: a driver is unbound from one that is awake in more than half a
second, whoever does it (seen of snd_hda_intel, Linux 6.1).

A recipe begins when somebody starts it. Baton begins with the consent to what it has shown: how long it
takes until it asks for that is told beside it.
"""

import os
import pty
import statistics
import subprocess
import time

import desktop_starts
import rivals
import session
import sysfs

DEVICES = "/sys/bus/pci/devices"
MANAGER = "lightdm.service"
QUESTION = b"[y/N]"
# What Baton says when the step is done after which a guest can have the card, and nothing of its plan.
HANDED = "Check that all of", "done"
CODECS = "/sys/bus/hdaudio/devices"
XORG_OF_BENCH = "/etc/X11/xorg.conf.d/10-bench.conf"


def run(script):
    done = subprocess.run(["sh", "-c", "set -e\n" + script], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{script} exited {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def driver_of(address):
    link = f"{DEVICES}/{address}/driver"
    return os.path.basename(os.readlink(link)) if os.path.islink(link) else None


def run_marked(argv, words):
    """Runs it to its end; returns when it began, when a line of its output had all these words in it, and when
    it ended."""
    start = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        seen = wait_for_line(running, words)
        end_well(running)
    return start, seen, time.monotonic()


def wait_for_line(running, words):
    """When a line of its output had all these words in it."""
    for line in running.stdout:
        if all(word in line for word in words):
            return time.monotonic()
    raise RuntimeError(f"{running.args} did not say {words}")


def end_well(running):
    """The rest of what it says, and its end."""
    said, errors = running.communicate()
    if running.returncode != 0:
        raise RuntimeError(f"{running.args} exited {running.returncode}: {(errors or said)[-2000:]}")


def start_with_consent(argv):
    """Starts what asks in its terminal; returns it, when it was answered, and how long it took to ask."""
    start = time.monotonic()
    person, terminal = pty.openpty()
    running = subprocess.Popen(argv, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, text=True)
    os.close(terminal)
    shown = b""
    while QUESTION not in shown:
        shown += os.read(person, 4096)
    looked = time.monotonic() - start
    come_to_rest()
    start = time.monotonic()
    os.write(person, b"y\n")
    return running, start, looked


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
        start = time.monotonic()
        run(f"systemctl stop {MANAGER}\nmodprobe vfio\nmodprobe vfio-pci\n" + consoles(0) +
            "".join(f"echo vfio-pci > {DEVICES}/{address}/driver_override\n"
                    f"echo {address} > {DEVICES}/{address}/driver/unbind\n"
                    f"echo {address} > /sys/bus/pci/drivers_probe\n" for address in self.functions) +
            f"modprobe -r {self.driver.removesuffix('-drm')}\nsleep 1\n")
        return {"start": start}

    def recipe_to_host(self):
        run(f"modprobe -a {self.driver.removesuffix('-drm')}\n" +
            "".join(f"echo 1 > {DEVICES}/{address}/remove\n" for address in self.functions) +
            "echo 1 > /sys/bus/pci/rescan\nsleep 1\n" + consoles(1) +
            f"systemctl start {MANAGER}\n")

    def baton_to_guest(self):
        """It goes on to wait for the guest."""
        self.waiting, start, looked = start_with_consent(
            ["batonctl", "guest", self.functions[0], "--end-session", "--until-free"])
        wait_for_line(self.waiting, HANDED)
        return {"start": start, "look": looked}

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
        start, moved, end = run_marked(
            ["sh", "-ec", f"systemctl stop {MANAGER}\nmodprobe vfio-pci\n{self.nodedev('detach')}echo detached\n"
             f"systemctl start {MANAGER}\n"], ["detached"])
        return {"start": start, "moved": moved, "card": end}

    def recipe_to_host(self):
        run(f"systemctl stop {MANAGER}\n{self.nodedev('reattach')}systemctl start {MANAGER}\n")

    def baton_to_guest(self):
        running, start, looked = start_with_consent(
            ["batonctl", "guest", self.functions[0], "--end-session"])
        seen = wait_for_line(running, HANDED)
        end_well(running)
        return {"start": start, "moved": seen, "card": seen, "look": looked}

    def baton_to_host(self):
        run(f"batonctl --json host {self.functions[0]} --yes")


KINDS = {"one-card": OneCard, "two-states": TwoStates}


def wait_for_desktop(address):
    pid = session.wait_for_desktop(180)
    session.wait_for_use(sysfs.node_of(address, "dri/card"), pid, 180)


def come_to_rest():
    """Waits until nothing much has run for half a second, and no codec is awake."""
    for _ in range(60):
        idle = idle_seconds()
        start = time.monotonic()
        time.sleep(0.5)
        if idle_seconds() - idle >= 0.9 * (time.monotonic() - start) and not awake_codecs():
            return
    raise RuntimeError(f"the machine does not come to rest: {awake_codecs()}")


def awake_codecs():
    found = []
    for name in os.listdir(CODECS) if os.path.isdir(CODECS) else []:
        try:
            with open(f"{CODECS}/{name}/power/runtime_status", encoding="ascii") as file:
                if file.read().strip() not in ("suspended", "unsupported"):
                    found.append(name)
        except OSError:
            pass  # it has gone with its card
    return found


def idle_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[4]) / os.sysconf("SC_CLK_TCK")


def check_side(card, who, side):
    for address in card.functions:
        if (driver_of(address) == "vfio-pci") != (side == "guest"):
            raise RuntimeError(f"{who}: {address} is on {driver_of(address)}")


def time_to_guest(card, who):
    """Seconds until the card has arrived, until somebody knows, until everything is done, and how long a look
    took before."""
    with desktop_starts.Starts() as starts:
        at = getattr(card, f"{who}_to_guest")()
        end = time.monotonic()
        check_side(card, who, "guest")
        if "card" in at:
            end = max(end, starts.wait("openbox", 180))
    start = at.pop("start")
    looked = {"look": at.pop("look")} if "look" in at else {}
    moments = {"moved": end, "card": end, "guest": end} | at
    return {what: moment - start for what, moment in moments.items()} | looked


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
    rivals.leave_alone()
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    run(f"rm -f {XORG_OF_BENCH}\nsystemctl restart {MANAGER}")
    wait_for_desktop(functions[0])
    for number in range(rounds + 1):
        for who in ("recipe", "baton") if number % 2 else ("baton", "recipe"):
            come_to_rest()
            for what, seconds in time_to_guest(card, who).items():
                times.setdefault((who, what), []).append(seconds)
            # What Baton has left to do when the card is with the guest, nobody waits for.
            come_to_rest()
            times.setdefault((who, "host"), []).append(time_to_host(card, who))
        come_to_rest()
        start = time.monotonic()
        run(f"systemctl restart {MANAGER}")
        wait_for_desktop(functions[0])
        times.setdefault(("login", "restart"), []).append(time.monotonic() - start)
    # The first round warms up.
    return [[who, what, statistics.median(seconds[1:])] for (who, what), seconds in times.items()]
