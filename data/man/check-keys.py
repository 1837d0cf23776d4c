#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds baton.conf(5) against the table of keys that the program reads.

check-keys.py PROFILE_SOURCE MANUAL
"""

import re
import sys


def main():
    source, manual = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    keys = re.findall(r'\{ "([a-z-]+)", read_\w+ \}', source)
    failed = 0

    print(f"1..{len(keys)}")
    for number, key in enumerate(sorted(keys), 1):
        name = key.replace("-", "\\-")
        found = re.search(rf"^\.BI?R? {re.escape(name)}=", manual, re.MULTILINE)
        print(f"{'ok' if found else 'not ok'} {number} {key}")
        failed += not found

    sys.exit(1 if failed or not keys else 0)


main()
