#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what is translated: check-potfiles.py SOURCE-ROOT CODES GENERATE-CODES

POTFILES.in must be sorted, name only files that are there, and name every file that has something
to translate. codes-sentences.c must be what codes.json makes of it now.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

MARKS = {
    ".c": re.compile(r"\b(_|N_|C_|ngettext|gettext) ?\(\""),
    ".ui": re.compile(r'translatable="yes"'),
    ".desktop.in": re.compile(r"^Name=", re.MULTILINE),
    ".metainfo.xml.in": re.compile(r"<name>"),
    ".policy.in.in": re.compile(r"<message>"),
}


def has_text(path):
    for ending, mark in MARKS.items():
        if path.name.endswith(ending):
            return bool(mark.search(path.read_text(encoding="utf-8")))
    return False


def main():
    root, codes, generate = (pathlib.Path(argument) for argument in sys.argv[1:])
    wrong = []
    listed = [line for line in (root / "po/POTFILES.in").read_text().splitlines()
              if line and not line.startswith("#")]
    if listed != sorted(listed):
        wrong.append("POTFILES.in is not sorted")
    for name in listed:
        if not (root / name).exists():
            wrong.append(f"POTFILES.in names {name}, which is not there")
    for directory in ("src", "data", "polkit", "po"):
        for path in sorted((root / directory).rglob("*")):
            name = str(path.relative_to(root))
            if path.is_file() and name not in listed and has_text(path):
                wrong.append(f"POTFILES.in lacks {name}")

    with tempfile.NamedTemporaryFile() as made:
        subprocess.run([sys.executable, generate, codes, "sentences", made.name], check=True)
        if pathlib.Path(made.name).read_bytes() != (root / "po/codes-sentences.c").read_bytes():
            wrong.append("po/codes-sentences.c is out of date: run data/schema/generate-codes.py "
                         "data/schema/codes.json sentences po/codes-sentences.c")

    for sentence in wrong:
        print(f"check-potfiles: {sentence}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main()
