#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds baton.conf(5) against the table of keys that the program reads.

check-keys.py PROFILE_SOURCE MANUAL
"""

import re
import sys


def main():
    source, manual = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    keys = dict(re.findall(r'\{ "([a-z-]+)", (\w+) \}', source))
    described, refused = manual.split(".SH KEYS THAT THIS VERSION REFUSES")
    failed = 0

    print(f"1..{len(keys)}")
    for number, (key, reader) in enumerate(sorted(keys.items()), 1):
        name = key.replace("-", "\\-")
        if reader == "refuse_for_now":
            found = re.search(rf"(^|[ \"]){re.escape(name)}([ \"]|$)", refused, re.MULTILINE)
        else:
            found = re.search(rf"^\.BI?R? {re.escape(name)}=", described, re.MULTILINE)
        print(f"{'ok' if found else 'not ok'} {number} {key}")
        failed += not found

    sys.exit(1 if failed or not keys else 0)


main()
