#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check-baton.py BATON APPLICATION_SOURCE MANUAL

baton(1) has every option that `baton --help` names and every key of the window, and no others.
"""

import pathlib
import re
import subprocess
import sys

n_tests = 0
failed = False


def check(name, expected, found):
    global n_tests, failed
    n_tests += 1
    good = bool(expected) and expected == found
    failed = failed or not good
    print(f"{'ok' if good else 'not ok'} {n_tests} /manual/baton/{name}")
    if not good:
        print(f"# expected {sorted(expected)}, found {sorted(found)}")


def section(page, title):
    return page.split(f".SH {title}\n")[1].split(".SH ")[0]


def name_key(accelerator):
    """<Control>g is Ctrl+G, and F1 is F1."""
    accelerator = accelerator.replace("comma", ",")
    return re.sub(r"^<Control>(.)$", lambda m: "Ctrl+" + m[1].upper(), accelerator)


baton, source, manual = sys.argv[1:]
text = subprocess.run([baton, "--help"], check=True, capture_output=True, text=True).stdout
page = pathlib.Path(manual).read_text("utf-8").replace("\\-", "-")
# What GLib says of its own help is said there.
options = set(re.findall(r"--[a-z-]+", text)) - {"--help-all", "--help-gapplication"}
keys = {name_key(key) for entry in re.findall(r'\{ "\w+\.[a-z-]+",\s*\{ (.*?), NULL \} \}',
                                              pathlib.Path(source).read_text("utf-8"))
        for key in re.findall(r'"([^"]+)"', entry)}
# GTK's own for a window that has a list of its keys
keys.add("Ctrl+?")

check("options", options, set(re.findall(r"--[a-z-]+", section(page, "OPTIONS"))))
check("keys", keys, {word.strip('"') for line in re.findall(r"^\.BR? (.*)$", section(page, "KEYS"),
                                                          re.MULTILINE) for word in line.split()}
      - {"", ","})
print(f"1..{n_tests}")
sys.exit(failed)
