# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the bench: hands one card to the guest and back, in several ways that take turns.

`baton`, from its first step to its last; a shell that makes the same writes, with one sync of a
file for each record of the journal and a bare look at all processes before and after; the same
writes and nothing else, timed piece by piece; `virsh nodedev-detach`; and `driverctl`. Or `baton`,
and what people's recipes do.
"""

import functools
import json
import os
import statistics
import subprocess
import time

import recipes
import rivals

DEVICES = "/sys/bus/pci/devices"
DRIVERS = "/sys/bus/pci/drivers"
JOURNAL = "/var/lib/baton-bench-journal"
BARE_LOOP = "/bench/bare-loop"
THREADS = "2"
POWER_SAVE = "/sys/module/snd_hda_intel/parameters/power_save"


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited {done.returncode}: "
                           f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def timed(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def driver_of(address):
    try:
        return os.path.basename(os.readlink(f"{DEVICES}/{address}/driver"))
    except FileNotFoundError:
        return None


def medians(rows):
    """Of rows with the same keys."""
    return {key: statistics.median(row.get(key, 0) for row in rows) for key in rows[-1]}


def has_nodes(address):
    """The device files of a card that is with the host: its display's, its sound's."""
    with open(f"{DEVICES}/{address}/class", encoding="ascii") as file:
        wanted = "controlC" if file.read().startswith("0x0403") else "card"
    return any(name.startswith(wanted)
               for _top, below, _files in os.walk(f"{DEVICES}/{address}/") for name in below)


class Handoffs:
    def __init__(self, functions):
        self.functions = functions
        self.drivers = {address: driver_of(address) for address in functions}
        self.steps = {}
        self.kinds = {}
        self.shares = {}
        self.whole = {}

    def settle(self, side):
        """Until the card can be used again. Sound cards are made after the driver's bind has
        returned, and Baton's return is not over before they are there."""
        start = time.perf_counter()
        while side == "host" and not all(map(has_nodes, self.functions)):
            time.sleep(0.002)
        return time.perf_counter() - start

    def expect(self, side):
        for address in self.functions:
            wanted = "vfio-pci" if side == "guest" else self.drivers[address]
            if driver_of(address) != wanted:
                raise RuntimeError(f"{address} is on {driver_of(address)}, not on {wanted}")

    # Baton

    def baton(self, side):
        """From the first step's start to the last one's end; remembers what it did, and how long
        the whole command took."""
        start = time.perf_counter()
        lines = run("batonctl", "--json", side, self.functions[0], "--yes").splitlines()
        self.whole.setdefault(side, []).append(time.perf_counter() - start)
        events = [json.loads(line) for line in lines]
        steps = [event for event in events if event["type"] == "step"]
        planned = {step["id"]: step for event in events if event["type"] == "plan"
                   for step in event["steps"]}
        self.steps[side] = [planned[event["id"]] for event in steps if event["state"] == "ok"]
        self.kinds.setdefault(side, []).append(self.milliseconds_by_kind(steps, planned))
        return (steps[-1]["t_ms"] - steps[0]["t_ms"]) / 1000

    @staticmethod
    def milliseconds_by_kind(steps, planned):
        """How long the steps of each kind took, from the line that begins one to its last."""
        started, spent = {}, {}
        for event in steps:
            started.setdefault(event["id"], event["t_ms"])
            if event["state"] in ("ok", "skip", "fail"):
                kind = planned[event["id"]]["kind"]
                spent[kind] = spent.get(kind, 0) + event["t_ms"] - started[event["id"]]
        return spent

    # the same writes

    def writes(self, side):
        """What the steps that Baton did have written: path and text; None where it is no write."""
        found = []
        for step in self.steps[side]:
            kind, target, detail = step["kind"], step["target"], step["detail"]
            if kind == "bind" and detail == "auto":
                detail = self.drivers[target]
            path = {
                "hold-power": f"{DEVICES}/{target}/power/control",
                "set-override": f"{DEVICES}/{target}/driver_override",
                "unbind": f"{DEVICES}/{target}/driver/unbind",
                "bind": f"{DRIVERS}/{detail}/bind",
            }.get(kind)
            text = {"hold-power": "on", "set-override": detail or ""}.get(kind, target)
            found.append((path, text))
        return found

    def shell(self, side):
        record = f"echo record >> {JOURNAL}; sync {JOURNAL}\n"
        script = f"set -e\n{BARE_LOOP} {THREADS}\n"
        for path, text in self.writes(side):
            script += record
            if path is not None:
                script += f"echo '{text}' > {path}\n"
            script += record
        script += f"{BARE_LOOP} {THREADS}\n"
        return timed(run, "sh", "-c", script) + self.settle(side)

    def pieces(self, side):
        """Seconds in the driver's writes, in syncs, and in two looks at all processes."""
        shares = {"driver": 0.0, "sync": 0.0, "scan": 2 * timed(run, BARE_LOOP, THREADS)}
        fd = os.open(JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for path, text in self.writes(side):
            for _ in range(2):
                os.write(fd, b"record\n")
                shares["sync"] += timed(os.fsync, fd)
            if path is not None:
                device = os.open(path, os.O_WRONLY)
                shares["driver"] += timed(os.write, device, (text + "\n").encode())
                os.close(device)
        os.close(fd)
        shares["driver"] += self.settle(side)
        self.shares.setdefault(side, []).append(shares)
        return sum(shares.values())

    # others

    def virsh(self, side):
        verb = "nodedev-detach" if side == "guest" else "nodedev-reattach"
        names = ["pci_" + address.replace(":", "_").replace(".", "_")
                 for address in self.functions]
        return sum(timed(run, "virsh", "-q", verb, name)
                   for name in (names[::-1] if side == "guest" else names)) + self.settle(side)

    def driverctl(self, side):
        if side == "guest":
            return sum(timed(run, "driverctl", "--nosave", "set-override", address, "vfio-pci")
                       for address in self.functions[::-1])
        return sum(timed(run, "driverctl", "--nosave", "unset-override", address)
                   for address in self.functions) + self.settle(side)

    def recipe(self, name, side):
        script = recipes.script(name, side, self.functions)
        return timed(run, "sh", "-c", script) + self.settle(side)

    @staticmethod
    def keep_codecs_awake():
        """QEMU's codecs never say that they sleep, and the driver waits half a second for each to
        say so, a second after it came (snd_hdac_sync_power_state()): who unbinds it just then
        would wait for that as well, and all others would not."""
        with open(POWER_SAVE, "w", encoding="ascii") as file:
            file.write("0")

    def measure(self, ways, rounds):
        self.keep_codecs_awake()
        rivals.leave_alone()
        times = {(name, side): [] for name in ways for side in ("guest", "host")}
        names = list(ways)
        # the first round warms up, and the first way in it says which steps there are
        for number in range(rounds + 1):
            for name in names if number % 2 == 0 else reversed(names):
                for side in ("guest", "host"):
                    seconds = ways[name](side)
                    self.expect(side)
                    subprocess.run(["udevadm", "settle"], check=True)
                    if number > 0:
                        times[name, side].append(seconds)
        return {
            "times": [[name, side, statistics.median(values)]
                      for (name, side), values in times.items()],
            "shares": {side: medians(shares) for side, shares in self.shares.items()},
            "kinds": {side: medians(kinds) for side, kinds in self.kinds.items()},
            "whole": {side: statistics.median(times) for side, times in self.whole.items()},
        }


def measure(functions, rounds):
    handoffs = Handoffs(functions)
    return handoffs.measure({"baton": handoffs.baton, "shell": handoffs.shell,
                             "pieces": handoffs.pieces, "virsh": handoffs.virsh,
                             "driverctl": handoffs.driverctl}, rounds)


def measure_recipes(functions, rounds):
    handoffs = Handoffs(functions)
    others = {name: functools.partial(handoffs.recipe, name) for name in recipes.RECIPES}
    return handoffs.measure({"baton": handoffs.baton, **others}, rounds)


def measure_list(rounds):
    """Medians of `batonctl list` and `lspci -nnk`, on a machine that has cards."""
    commands = {"batonctl": ["batonctl", "list"], "lspci": ["lspci", "-nnk"]}
    times = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name in commands if number % 2 == 0 else reversed(commands):
            seconds = timed(run, *commands[name])
            if number > 0:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}
