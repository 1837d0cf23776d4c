#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test-schema.py SCHEMA-DIRECTORY PROGRAM...

Holds the golden transcripts to the schema, and every line that the named test programs write. Then
breaks the golden lines, one way after the other: each must be refused, or the check is worth
nothing.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

directory = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(directory))
import check_events  # noqa: E402

n_tests = 0


def ok(name):
    global n_tests
    n_tests += 1
    print(f"ok {n_tests} {name}", flush=True)


def golden_lines(path):
    return path.read_bytes().split(b"\n")[:-1]


def refuses(check, what, value):
    try:
        check(value)
    except ValueError:
        return
    sys.exit(f"not ok: {what} was not refused")


def broken(event):
    """Yields the ways in which one event can be wrong."""
    for key in event:
        if key == "handoff":
            continue
        yield f"{event['type']} without {key}", {k: v for k, v in event.items() if k != key}
        yield f"{event['type']} with another {key}", {**event, key: {"no": ["such", "value"]}}
    yield f"{event['type']} with a key more", {**event, "surplus": 1}


def dump(event):
    return json.dumps(event).encode()


def break_orders(lines):
    yield "no hello", lines[1:]
    yield "no result", lines[:-1]
    yield "a result twice", lines + [lines[-1]]
    yield "a gap", lines[:3] + lines[4:]
    yield "two lines swapped", [lines[0], lines[2], lines[1]] + lines[3:]
    yield "nothing", []
    plan = json.loads(lines[2])
    yield "another digest", lines[:2] + [dump({**plan, "digest": "0" * 64})] + lines[3:]
    yield "half a list", lines[:2] + [dump({**plan, "more": True})] + lines[3:]


for golden in sorted(directory.glob("*.jsonl")):
    check_events.check_output(golden_lines(golden))
    ok(f"/schema/golden/{golden.stem}")

for golden in sorted(directory.glob("*.jsonl")):
    lines = golden_lines(golden)
    for line in lines:
        for what, event in broken(json.loads(line)):
            refuses(check_events.check_line, what, dump(event))
    for what, some in break_orders(lines):
        refuses(check_events.check_output, what, some)
    ok(f"/schema/broken/{golden.stem}")

for what, line in (
        ("raw UTF-8", '{"v":1,"seq":1,"t_ms":1,"type":"log","level":"info","text":"é"}'.encode()),
        ("a control character", b'{"v":1,"seq":1,"t_ms":1,"type":"log","level":"info","text":"\t"}'),
        ("a key twice", b'{"v":1,"seq":1,"seq":1,"t_ms":1,"type":"heartbeat"}'),
        ("a long string",
         b'{"v":1,"seq":1,"t_ms":1,"type":"log","level":"info","text":"' + b"x" * 4097 + b'"}'),
        ("a long line", b'{"v":1,"seq":1,"t_ms":1,"type":"heartbeat"}' + b" " * 16384),
        ("an unknown type", b'{"v":1,"seq":1,"t_ms":1,"type":"weather"}'),
        ("half a line", b'{"v":1')):
    refuses(check_events.check_line, what, line)
ok("/schema/broken/lines")

for program in sys.argv[2:]:
    with tempfile.NamedTemporaryFile(prefix="baton-lines-") as kept:
        subprocess.run([program], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "BATON_TEST_LINES": kept.name})
        lines = golden_lines(pathlib.Path(kept.name))
    if not lines:
        sys.exit(f"not ok: {program} wrote no line")
    for number, line in enumerate(lines, 1):
        try:
            check_events.check_line(line)
        except ValueError as error:
            sys.exit(f"not ok: {program}, line {number}: {error}\n{line[:400].decode()}")
    ok(f"/schema/written/{os.path.basename(program)} ({len(lines)} lines)")

print(f"1..{n_tests}")
