# SPDX-License-Identifier: GPL-3.0-or-later
"""Measuring programs side by side, and saying so in ratios.

A time alone says more about the machine than about the program, so nothing is compared across
runs: the rivals take turns within one run, there and back (A B C, C B A), so that what the machine
does meanwhile falls on all of them alike, and the medians are divided.
"""

import os
import statistics
import subprocess
import time


class Figure:
    """One row: Baton's time against a rival's, and what was promised."""

    def __init__(self, what, ratio, goal, goal_is_least, detail):
        self.what = what
        self.ratio = ratio
        self.goal = goal
        self.goal_is_least = goal_is_least
        self.detail = detail

    def is_met(self):
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.goal_is_least else self.ratio <= self.goal

    def goal_text(self):
        if self.goal is None:
            return "-"
        return f"{'≥' if self.goal_is_least else '≤'} {self.goal:g}"


def time_command(command, environment=None):
    """Seconds that a command takes, its output thrown away."""
    start = time.perf_counter()
    subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    return time.perf_counter() - start


def take_turns(rivals, rounds, measure=time_command):
    """Median of each rival's times. RIVALS: name -> what MEASURE takes."""
    times = {name: [] for name in rivals}
    order = list(rivals)

    for name in order:
        measure(rivals[name])
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            times[name].append(measure(rivals[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def in_milliseconds(times):
    return ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in times.items())


def print_table(figures):
    width = max(len(figure.what) for figure in figures)
    print(f"{'figure':<{width}}  ratio  goal    met  measured")
    for figure in figures:
        print(
            f"{figure.what:<{width}}  {figure.ratio:5.2f}  {figure.goal_text():<6}"
            f"  {'yes' if figure.is_met() else 'NO ':<3}  {figure.detail}"
        )


def describe_machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    model = models[0] if models else "unknown processor"
    return f"{os.cpu_count()} × {model}, Linux {os.uname().release}"
