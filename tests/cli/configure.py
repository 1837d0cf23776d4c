#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A card's settings as a person or a script sees and changes them, with the real helper on a tree."""

from harness import HELPER_ON_TREE, UID, Machine, check, run_stories, story

TWINS = "ryzen-x370-two-identical-rx580"
CARD, OTHER = "0000:27:00.0", "0000:26:00.0"
DEFAULTS = {"identity": None, "return-method": "auto", "reset-before-return": "auto", "close-politely-ms": "5000",
            "return-when-guest-stops": "false", "sleep-while-guest": "block", "open-again": "ask",
            "hook-ends-session": "false"}


class Owned(Machine):
    """A machine whose settings may be there already."""

    def __init__(self, text=None):
        super().__init__(TWINS)
        self.set_helper(f'ASAN_OPTIONS=detect_leaks=0 exec {HELPER_ON_TREE} {self.tree} {UID} "$@"')
        self.file = self.tree / "etc/baton.conf"
        self.file.parent.mkdir(exist_ok=True)
        (self.tree / "run").mkdir(exist_ok=True)
        if text is not None:
            self.file.write_text(text)

    def values(self, card="27:00.0"):
        status, events = self.run_json("configure", card)
        check(status == 0 and [event["type"] for event in events] == ["hello", "settings", "result"], events)
        check(events[0]["by"] == "self" and events[1]["file"].endswith("/etc/baton.conf"), events)
        return {value["key"]: (value["value"], value["line"]) for value in events[1]["values"]}


@story
def what_holds_without_a_file():
    with Owned() as machine:
        values = machine.values()
        check({key: values[key] for key in DEFAULTS} == {key: (value, None) for key, value in DEFAULTS.items()}, values)
        status, text, _ = machine.run("configure", "27:00.0")
        check(status == 0 and "SETTING" in text and "default" in text and "line" not in text, text)
        check(not machine.asked.exists(), "the helper was asked for what anybody may read")


@story
def which_line_says_so():
    with Owned(f"[{OTHER}]\nreturn-method=rescan\n[{CARD}]\n\nreturn-method = bind\n") as machine:
        check(machine.values()["return-method"] == ("bind", 5), machine.values())
        check(machine.values(OTHER)["return-method"] == ("rescan", 2), machine.values(OTHER))
        text = machine.run("configure", CARD)[1]
        check("/etc/baton.conf, line 5" in text, text)


@story
def what_is_changed_is_shown_and_planned_with():
    with Owned("# mine\n") as machine:
        status, text, _ = machine.run("configure", "27:00.0", "close-politely-ms=0", "return-method=bind")
        check(status == 0 and "close-politely-ms=0, return-method=bind" in text, text)
        check(machine.asked_for("configure") == [f"configure {CARD} close-politely-ms=0 return-method=bind"],
              machine.asked_for("configure"))
        check(machine.values()["close-politely-ms"][0] == "0", machine.values())
        identity, line = machine.values()["identity"]
        check(machine.file.read_text().splitlines()[line - 1] == f"identity={identity}", machine.file.read_text())
        status, events = machine.run_json("configure", "27:00.0", "close-politely-ms=0")
        check(status == 0 and events[-1]["code"] == "settings-same", events)
        status, events = machine.run_json("plan", "guest", "27:00.0")
        check(status == 0, f"the settings are in the way: {events}")
        machine.run("configure", "27:00.0", "close-politely-ms=", "return-method=")
        check(machine.file.read_text() == "# mine\n", machine.file.read_text())


@story
def a_mistake_is_named():
    with Owned(f"[{CARD}]\ncolour=red\n") as machine:
        for words in ([], ["return-method=bind"]):
            status, events = machine.run_json("configure", CARD, *words)
            args = events[-1]["args"]
            check(status == 12 and events[-1]["code"] == "settings-mistake", events)
            check((args["line"], args["key"]) == ("2", "colour"), args)
            status, text, _ = machine.run("configure", CARD, *words)
            check(status == 12 and "line 2" in text and "colour" in text and "Correct that line" in text, text)
    with Owned() as machine:
        machine.file.mkdir()
        for words in ([], ["return-method=bind"]):
            status, events = machine.run_json("configure", CARD, *words)
            check(status == 12 and events[-1]["code"] == "settings-unusable", events)


@story
def what_would_be_wrong_is_refused():
    with Owned() as machine:
        status, events = machine.run_json("configure", CARD, "close-politely-ms=61000")
        check(status == 10 and events[-1]["code"] == "settings-refused", events)
        status, text, _ = machine.run("configure", CARD, "close-politely-ms=61000")
        check(status == 10 and "60000" in text and "baton.conf(5)" in text, text)
        check(not machine.file.exists(), "it was written")


@story
def what_is_no_change_is_not_asked_for():
    with Owned() as machine:
        for words in (["return-method"], ["return-method=bind\n[x]"], ["A=b"], ["a=b"] * 2, ["a=b"] * 40):
            status, _, errors = machine.run("configure", CARD, *words)
            check(status == 10 and errors, f"{words}: {status} {errors}")
        for card in ("99:00.0", "0000:99:00.0", "0000:00:00.0"):
            status, _, errors = machine.run("configure", card)
            check(status == 10 and errors, f"{card}: {status} {errors}")
        check(not machine.asked.exists(), "the helper was asked")


run_stories()
