#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds baton-run(1) against the variables that the program sets and takes away.

check-baton-run.py OFFLOAD_SOURCE MANUAL
"""

import re
import sys


def main():
    source, manual = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    variables = sorted(set(re.findall(r'"((?:__)?[A-Z][A-Za-z_]+[A-Za-z])"', source)))
    failed = 0

    print(f"1..{len(variables)}")
    for number, variable in enumerate(variables, 1):
        found = re.search(rf"(?<![\w]){variable}(?![\w])", manual)
        print(f"{'ok' if found else 'not ok'} {number} {variable}")
        failed += not found

    sys.exit(1 if failed or len(variables) < 10 else 0)


main()
