#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check-batonctl.py BATONCTL MANUAL COMPLETION

Every verb and every option that `batonctl --help` names is in the manual and in the completion, and
the manual names every exit status.
"""

import pathlib
import re
import subprocess
import sys

EXITS = (0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
n_tests = 0
failed = False


def check(name, missing):
    global n_tests, failed
    n_tests += 1
    failed = failed or bool(missing)
    print(f"{'not ok' if missing else 'ok'} {n_tests} /manual/batonctl/{name}")
    for word in missing:
        print(f"# missing: {word}")


batonctl, manual, completion = sys.argv[1:]
text = subprocess.run([batonctl, "--help"], check=True, capture_output=True, text=True,
                      env={"LC_ALL": "C.UTF-8"}).stdout
options = set(re.findall(r"--[a-z-]+", text.split("Verbs:")[0]))
verbs = re.findall(r"^  ([a-z]+) ", text.split("Verbs:")[1], re.MULTILINE)
page = pathlib.Path(manual).read_text("utf-8").replace("\\-", "-").replace("\\~", " ")
words = pathlib.Path(completion).read_text("utf-8")

check("found-something", [] if len(options) > 8 and len(verbs) > 8 else ["options or verbs"])
check("options", [o for o in options if not re.search(rf"^\.B.*{o}\b", page, re.MULTILINE)])
check("verbs", [v for v in verbs if not re.search(rf"^\.B[IR]? {v}\b", page, re.MULTILINE)])
check("exit-statuses", [str(e) for e in EXITS if not re.search(rf"^{e}\|", page, re.MULTILINE)])
check("completion", [w for w in [*options, *verbs] if not re.search(rf"(?<![\w-]){w}(?![\w-])", words)])
print(f"1..{n_tests}")
sys.exit(failed)
