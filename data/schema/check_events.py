#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds lines of the protocol to the contract.

check_events.py [--lines] [--no-result] FILE...

Every line is held to the schema strictly: a key that the schema does not name is wrong, other than
for a reader. Besides, what no schema can say: ASCII, at most 16 KiB a line and 4,096 bytes a string,
the arguments that codes.json lists, a plan's digest. Each file is one output, whose order counts
too: `hello` (or `worker`) first, `seq` without gaps, lists that end, `result` last and only once.
With --lines the files hold single lines of many outputs, and only each line counts. With
--no-result an output may end without one, as a watch does.

Other tests import check_line() and check_output().
"""

import copy
import hashlib
import json
import pathlib
import sys

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
MAX_LINE = 16384
MAX_STRING = 4096
LISTS = {
    "machine": ("cards", "groups"),
    "holders": ("holders", "modules"),
    "plan": ("findings", "steps"),
    "report": ("steps",),
}


def make_strict(schema):
    """The schema of a writer: of each object only the keys that are named, and their _b64 and _cut."""
    schema = copy.deepcopy(schema)
    for definition in schema["$defs"].values():
        close(definition)
    return schema


def close(node):
    if isinstance(node, list):
        for item in node:
            close(item)
    if not isinstance(node, dict):
        return
    for value in node.values():
        close(value)
    if isinstance(node.get("properties"), dict) and "required" in node:
        node["additionalProperties"] = False
        node["patternProperties"] = {
            "_b64$": {"type": "string", "contentEncoding": "base64"},
            "_cut$": {"const": True},
        }


def load():
    schema = make_strict(json.loads((HERE / "baton-event.schema.json").read_text("utf-8")))
    definitions = schema["$defs"]
    validators = {}
    for definition in definitions.values():
        kind = definition.get("properties", {}).get("type", {}).get("const")
        if kind is not None:
            validators[kind] = jsonschema.Draft202012Validator(
                {**definition, "$defs": definitions})
    codes = json.loads((HERE / "codes.json").read_text("utf-8"))["codes"]
    return validators, {code["code"]: code for code in codes}


VALIDATORS, CODES = load()


def refuse_doubles(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key is there twice among {keys}")
    return dict(pairs)


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


def check_args(thing):
    code = thing.get("code")
    if code is None:
        return
    if code not in CODES:
        raise ValueError(f"codes.json has no code {code!r}")
    if "args" in thing:
        keys = {key for key in thing["args"] if not key.endswith(("_b64", "_cut"))}
        if keys != set(CODES[code]["args"]):
            raise ValueError(f"{code} has the arguments {sorted(keys)}")
    if "severity" in thing and thing["severity"] != CODES[code]["severity"]:
        raise ValueError(f"{code} is no {thing['severity']}")


def has_own_consent(step):
    """Who is closed or lets go is none of the digest's; a service that is closed names its process."""
    return (step["kind"] in ("close-process", "release-card", "reserve-sound") or
            step["kind"] == "stop-unit" and step["detail"] is not None)


def compute_digest(plan):
    ids = [step["id"] for step in plan["steps"] if not has_own_consent(step)]
    text = "".join(line + "\n" for line in plan["cards"] + [plan["to"]] + ids)
    return hashlib.sha256(text.encode()).hexdigest()


def check_line(line):
    """Raises ValueError if the line, bytes without their newline, breaks the contract."""
    if len(line) >= MAX_LINE:
        raise ValueError(f"the line has {len(line)} bytes")
    if any(byte < 0x20 or byte > 0x7e for byte in line):
        raise ValueError("the line is not printable ASCII")

    event = json.loads(line, object_pairs_hook=refuse_doubles)
    if not isinstance(event, dict):
        raise ValueError("the line is no object")
    validator = VALIDATORS.get(str(event.get("type")))
    if validator is None:
        raise ValueError(f"the schema has no type {event.get('type')!r}")
    for error in validator.iter_errors(event):
        where = ".".join(str(part) for part in error.absolute_path)
        raise ValueError(f"{event['type']}.{where}: {error.message}")

    for text in strings_of(event):
        if len(text.encode("utf-8", "surrogatepass")) > MAX_STRING:
            raise ValueError("a string is too long")
    for thing in [event] + event.get("findings", []):
        check_args(thing)
    return event


def end_list(event, lists):
    """Collects lists that go on. Returns the whole event, or None."""
    names = LISTS.get(event["type"])
    if names is None:
        return event
    key = (event["type"], event.get("card"), event.get("handoff"))
    whole = lists.get(key)
    if whole is None:
        whole = event
    elif whole["snap"] != event["snap"]:
        raise ValueError("a list did not end")
    else:
        for name in names:
            whole[name] = whole[name] + event[name]
    if event["more"]:
        lists[key] = whole
        return None
    lists.pop(key, None)
    return whole


def check_output(lines, needs_result=True):
    """Raises ValueError if the lines of one output, taken together, break the contract."""
    events = []
    lists = {}
    for number, line in enumerate(lines, 1):
        try:
            event = check_line(line)
            if event["seq"] != number:
                raise ValueError(f"seq is {event['seq']}")
            whole = end_list(event, lists)
            if whole is not None and whole["type"] == "plan" and not any(
                    key.endswith("_cut") for key in whole):
                if whole["digest"] != compute_digest(whole):
                    raise ValueError("the digest is not that of the steps")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        events.append(event)

    if not events or events[0]["type"] not in ("hello", "worker"):
        raise ValueError("the first line is neither hello nor worker")
    if sum(event["type"] == "hello" for event in events) > 1:
        raise ValueError("hello is there twice")
    if lists:
        raise ValueError("a list did not end")
    results = [event for event in events if event["type"] == "result"]
    if len(results) > 1 or (results and events[-1] is not results[0]):
        raise ValueError("result is not the last line, or there are several")
    if needs_result and not results:
        raise ValueError("there is no result")
    return events


def main(arguments):
    single = "--lines" in arguments
    needs_result = "--no-result" not in arguments
    n_lines = 0
    for name in arguments:
        if name.startswith("--"):
            continue
        lines = pathlib.Path(name).read_bytes().split(b"\n")
        if lines.pop() != b"":
            sys.exit(f"{name}: the last line has no end")
        n_lines += len(lines)
        try:
            if single:
                for line in lines:
                    check_line(line)
            else:
                check_output(lines, needs_result)
        except ValueError as error:
            sys.exit(f"{name}: {error}")
    if n_lines == 0:
        sys.exit("there was nothing to check")
    print(f"{n_lines} lines keep the contract")


if __name__ == "__main__":
    main(sys.argv[1:])
