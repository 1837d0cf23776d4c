# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories in Python, told to meson in its own words (TAP)."""

import sys
import traceback

stories = []


def story(function):
    stories.append(function)
    return function


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def run_stories():
    failed = 0
    print(f"1..{len(stories)}", flush=True)
    for number, function in enumerate(stories, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {function.__name__}", flush=True)
    sys.exit(1 if failed else 0)
