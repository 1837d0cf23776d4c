#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and handoffs as a person or a script meets them, with a helper that is a script."""

import json
import os
import signal
import subprocess

from harness import (PATIENCE_S, UID, Machine, check, check_events, environment, hello, line_of, result,
                     run_stories, say, story)

TWINS = "ryzen-x370-two-identical-rx580"
SHARED = "intel-z370-rtx2080ti-rtx2060-no-acs"
CARD = "0000:27:00.0"
ID = "0123456789abcdef0123456789abcdef"


def step(seq, n, name, state, text=None, code=None, args=None):
    return line_of(seq, "step", handoff=ID, n=n, id=name, state=state, errno=None, code=code, args=args, text=text)


DONE = [
    hello(),
    step(2, 1, f"unbind:{CARD}", "start"),
    step(3, 1, f"unbind:{CARD}", "ok"),
    step(4, 2, "set-override:" + CARD, "skip"),
    line_of(5, "heartbeat", handoff=ID),
    result(6, 0, "done", "handed-over", {"card": "The card"}, "The card is ready for a virtual machine."),
]


@story
def a_plan_is_the_helpers():
    with Machine(TWINS) as machine:
        status, events = machine.run_json("plan", "guest", "27:00.0")
        check(status == 0 and events[0]["by"] == "helper", events[0])
        plan = [event for event in events if event["type"] == "plan"][0]
        status, text, _ = machine.run("plan", "guest", "27:00.0")
        check(status == 0 and f"{len(plan['steps'])} steps:" in text, text)
        check(f"Take {CARD} from its driver" in text, text)
        check(machine.asked_for("plan") == [f"plan guest {CARD}"] * 2, machine.asked_for("plan"))


@story
def a_plan_with_a_blocker_is_refused():
    with Machine(SHARED) as machine:
        status, events = machine.run_json("plan", "guest", "01:00.0")
        check(status == 12 and events[-1]["code"] == "refused", events[-1])
        for words in (["plan", "guest", "01:00.0"], ["guest", "01:00.0", "--yes"]):
            status, text, _ = machine.run(*words)
            check(status == 12 and "In the way:" in text and "shares IOMMU group 1" in text, text)
        status, events = machine.run_json("guest", "01:00.0", "--yes")
        check(status == 12 and events[-1]["code"] == "refused", events[-1])
        check(not machine.asked_for("hand"), "a handoff was begun")


@story
def what_is_no_card_is_the_plans_to_say():
    with Machine(TWINS) as machine:
        status, events = machine.run_json("plan", "guest", "0000:99:00.0")
        codes = [finding["code"] for event in events if event["type"] == "plan"
                 for finding in event["findings"]]
        check(status == 12 and codes == ["no-such-device"], codes)


@story
def consents_reach_the_helper():
    with Machine(TWINS) as machine:
        machine.run("plan", "guest", "27:00.0", "--let-open", "--may-not-return", "--until-free",
                    "--end-session")
        check(machine.asked_for("plan") ==
              [f"plan guest {CARD} --end-session --let-open --may-not-return --until-free"],
              machine.asked_for("plan"))


@story
def a_time_is_said_as_the_window_says_it():
    """What its plan of a computer's only card asks for, tests/ui/test-plan-window.c says in these words."""
    with Machine(TWINS) as machine:
        machine.run("plan", "guest", "27:00.0", "--until-free=20", "--end-session")
        check(machine.asked_for("plan") == [f"plan guest {CARD} --end-session --until-free=20"],
              machine.asked_for("plan"))


@story
def a_time_reaches_the_helper_and_is_in_the_plan():
    with Machine(TWINS) as machine:
        _, text, _ = machine.run("plan", "guest", "27:00.0", "--until-free=15")
        check(f"Wait 15 minutes for a virtual machine to open {CARD}, then until it lets go of it" in text, text)
        _, text, _ = machine.run("plan", "guest", "--until-free=1", "27:00.0")
        check(f"Wait 1 minute for a virtual machine to open {CARD}, then until it lets go of it" in text, text)
        _, text, _ = machine.run("plan", "guest", "--until-free", "27:00.0")
        check(f"Wait until the virtual machine lets go of {CARD}" in text, text)
        check(machine.asked_for("plan") ==
              [f"plan guest {CARD} --until-free=15", f"plan guest {CARD} --until-free=1",
               f"plan guest {CARD} --until-free"], machine.asked_for("plan"))
        _, text, _ = machine.run("plan", "guest", "27:00.0", "--until-free=15", LANGUAGE="de")
        check(f"15 Minuten warten, dass eine virtuelle Maschine {CARD} öffnet" in text, text)


def plan_of(text):
    return next(event for event in map(json.loads, text.splitlines()) if event["type"] == "plan")


def add_limited_session(machine, memlock_bytes):
    """Has the one who asks run a session that may lock this much memory, of much more."""
    process = machine.tree / "proc/1700"
    process.mkdir()
    (process / "limits").write_text(f"Max locked memory         {memlock_bytes}              {memlock_bytes}"
                                    "              bytes     \n")
    if os.getuid() == 0:
        os.chown(process, UID, -1)
    (machine.tree / "proc/meminfo").write_text("MemTotal:       32768000 kB\n")


@story
def sudo_says_who_asks():
    """Root's helper believes it; to nobody else's is it said."""
    is_root = os.getuid() == 0
    with Machine(TWINS) as machine:
        said = machine.path / "said"
        machine.set_helper(f'env >>{said}\nexit 127')
        for uid, passed_on in (("1000", True), ("0", False), ("4294967294", True), ("4294967295", False),
                               ("-1", False), ("", False), ("1000x", False), ("root", False)):
            machine.run("recover", SUDO_UID=uid)
            lines = said.read_text().splitlines()
            said.unlink()
            check((f"SUDO_UID={uid}" in lines) == (passed_on and is_root), f"{uid}: {lines}")
            check(any(line.startswith("SUDO_UID=") for line in lines) == (passed_on and is_root), lines)


@story
def let_open_is_for_who_asks():
    """With one's own eyes as with the helper's: by sudo for the user, by root alone for nobody."""
    with Machine(TWINS) as machine:
        machine.set_helper("exit 127")
        words = ["--json", "plan", "guest", "27:00.0", "--let-open"]
        _, text, _ = machine.run(*words, SUDO_UID=str(UID))
        plan = plan_of(text)
        steps = [step for step in plan["steps"] if step["kind"] == "let-open"]
        check([step["detail"] for step in steps] == [str(UID)], plan)
        check("let-open-nobody" not in [finding["code"] for finding in plan["findings"]], plan)
        if os.getuid() != 0:
            return
        _, text, _ = machine.run(*words)
        plan = plan_of(text)
        check("let-open-nobody" in [finding["code"] for finding in plan["findings"]], plan)
        check("let-open" not in [step["kind"] for step in plan["steps"]], plan)


@story
def a_plan_is_the_same_in_every_locale():
    """German writes 62,6 and no contract may: who looks with his own eyes looks in his own locale."""
    with Machine(TWINS) as machine:
        machine.set_helper("exit 127")
        add_limited_session(machine, 8 << 20)
        (machine.path / "comma").write_text('LC_NUMERIC\ndecimal_point ","\nthousands_sep "."\ngrouping 3;3\n'
                                            'END LC_NUMERIC\n')
        # Says that it is not all of a locale, with 1 as its status.
        subprocess.run(["localedef", "--quiet", "--force", "-i", machine.path / "comma", machine.path / "xx_XX"],
                       stderr=subprocess.DEVNULL, check=False)
        here = {"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LC_NUMERIC": "xx_XX", "LOCPATH": str(machine.path)}
        shown = subprocess.run(["/usr/bin/printf", "%.1f", "1,5"], env=environment(**here), capture_output=True,
                               text=True, check=False).stdout
        check(shown == "1,5", f"there is no such locale: {shown}")
        _, events = machine.run_json("plan", "guest", "27:00.0", SUDO_UID=str(UID), **here)
        plan = next(event for event in events if event["type"] == "plan")
        low = [finding["args"] for finding in plan["findings"] if finding["code"] == "memlock-low"]
        check(low == [{"limit": "8.0\u00a0MiB", "needed": "31.2\u00a0GiB"}], low)


@story
def root_looks_by_himself_before_he_hands():
    """He sees what the helper would, who is asked for the handoff alone; and for a plan that is to be shown."""
    if os.getuid() != 0:
        return
    with Machine(TWINS, say(*DONE)) as machine:
        _, events = machine.run_json("plan", "guest", "27:00.0", BATON_TEST_USUAL_WAY="1")
        check(events[0]["by"] == "helper", events[0])
        digest = next(event for event in events if event["type"] == "plan")["digest"]
        status, text, _ = machine.run("guest", "27:00.0", "--yes", BATON_TEST_USUAL_WAY="1")
        check(status == 0 and f"Take {CARD} from its driver" in text, text)
        status, events = machine.run_json("guest", "27:00.0", "--yes", BATON_TEST_USUAL_WAY="1")
        check(status == 0 and events[-1]["code"] == "handed-over", events)
        check(len(machine.asked_for("plan")) == 1, machine.asked_for("plan"))
        check(machine.asked_for("hand") == [f"hand guest {CARD} --expect {digest}"] * 2, machine.asked_for("hand"))
        status, _, errors = machine.run("guest", "27:00.0", "--yes", "--close", "4000000", BATON_TEST_USUAL_WAY="1")
        check(status == 10 and "no process “4000000” that can be seen is using the card" in errors, errors)
        check(len(machine.asked_for("hand")) == 2, machine.asked_for("hand"))


@story
def without_a_terminal_yes_is_needed():
    with Machine(TWINS, say(*DONE)) as machine:
        status, _, errors = machine.run("guest", "27:00.0")
        check(status == 10 and "--yes" in errors, errors)
        status, events = machine.run_json("guest", "27:00.0")
        check(status == 10 and events[-1]["code"] == "bad-arguments", events)
        check(not machine.asked_for("hand"), "a handoff was begun")


@story
def yes_carries_out_the_plan_that_was_shown():
    with Machine(TWINS, say(*DONE)) as machine:
        _, events = machine.run_json("plan", "guest", "27:00.0")
        digest = [event for event in events if event["type"] == "plan"][0]["digest"]
        status, text, _ = machine.run("guest", "27:00.0", "--yes")
        check(status == 0, text)
        check(machine.asked_for("hand") == [f"hand guest {CARD} --expect {digest}"],
              machine.asked_for("hand"))
        check("is ready for a virtual machine" in text and f"Take {CARD} from its driver: done" in text
              and "not needed" in text, text)


@story
def dry_run_is_the_plan():
    with Machine(TWINS, say(*DONE)) as machine:
        status, text, _ = machine.run("guest", "27:00.0", "--dry-run")
        check(status == 0 and "steps:" in text, text)
        status, events = machine.run_json("guest", "27:00.0", "--dry-run")
        check(status == 0 and events[-1]["code"] == "plan-ready", events[-1])
        check(not machine.asked_for("hand"), "a handoff was begun")


@story
def there_already_is_done():
    with Machine(TWINS, say(*DONE)) as machine:
        status, events = machine.run_json("host", "27:00.0", "--yes")
        check(status == 0 and events[-1]["code"] == "nothing-to-do", events[-1])
        check(not machine.asked_for("hand"), "a handoff was begun")


@story
def json_is_the_helpers_lines_unchanged():
    with Machine(TWINS, say(*DONE)) as machine:
        _, text, _ = machine.run("--json", "guest", "27:00.0", "--yes")
        check([json.loads(line) for line in text.splitlines()] ==
              [json.loads(line) for line in DONE], text)


@story
def a_terminal_is_asked():
    with Machine(TWINS, say(*DONE)) as machine:
        for answer, status in (("n\n", 13), ("\n", 13), ("\x04", 13), ("no\n", 13), ("y\n", 0)):
            got, text = machine.run_on_terminal(answer, "guest", "27:00.0")
            check(got == status, f"{answer!r}: {got} {text}")
        check(len(machine.asked_for("hand")) == 1, machine.asked_for("hand"))


@story
def nobody_agrees_to_a_plan_that_was_not_shown():
    """With --json a terminal shows no plan: what is asked about must have been seen."""
    with Machine(TWINS, say(*DONE)) as machine:
        status, text = machine.run_on_terminal("y\n", "--json", "guest", "27:00.0")
        check(status == 10 and "[y/N]" not in text, text)
        check(json.loads(text.splitlines()[-1])["code"] == "bad-arguments", text)
        check(not machine.asked_for("hand"), "a handoff was begun")


@story
def a_changed_plan_is_shown_again():
    changed = say(hello(), result(2, 12, "refused", "plan-changed"))
    with Machine(TWINS, changed) as machine:
        status, text, _ = machine.run("guest", "27:00.0", "--yes")
        check(status == 12 and "no longer as it was" in text, text)
        check(len(machine.asked_for("hand")) == 1, machine.asked_for("hand"))


def new_blocker():
    """The plan that a helper refuses in the end, because somebody came meanwhile."""
    with Machine(SHARED) as machine:
        _, events = machine.run_json("plan", "guest", "01:00.0")
    plan = next(event for event in events if event["type"] == "plan")
    return {key: plan[key] for key in plan if key not in ("v", "seq", "t_ms", "type")}


@story
def what_came_meanwhile_is_named():
    plan = new_blocker()
    for code in ("refused", "plan-changed"):
        end = say(hello(), line_of(2, "plan", **plan), result(3, 12, "refused", code))
        with Machine(TWINS, end) as machine:
            status, text, _ = machine.run("guest", "27:00.0", "--yes")
            check(status == 12 and "shares IOMMU group 1" in text, text)


@story
def every_end_has_its_status():
    for status, state, code, args in (
            (11, "busy", "busy", {"who": "x"}), (13, "cancelled", "cancelled", {}),
            (14, "rolled-back", "rolled-back", {"cause": "x."}),
            (15, "degraded", "put-back-with-problems", {"cause": "x.", "problems": "y"}),
            (16, "stuck", "stuck", {"cause": "x."}), (17, "error", "internal", {"reason": "x"})):
        with Machine(TWINS, say(hello(), result(2, status, state, code, args))) as machine:
            got, _, _ = machine.run("guest", "27:00.0", "--yes")
            check(got == status, f"{state}: {got}")
            got, events = machine.run_json("guest", "27:00.0", "--yes")
            check(got == status and events[-1]["code"] == code, events)


@story
def silence_is_explained():
    for hand, status, code in (("exit 126", 13, "dismissed"), ("exit 127", 12, "not-authorised"),
                               (say(hello()), 17, "outcome-unknown"),
                               (say(hello()) + "\nkill -9 $$", 17, "outcome-unknown")):
        with Machine(TWINS, hand) as machine:
            got, events = machine.run_json("guest", "27:00.0", "--yes")
            check(got == status and events[-1]["code"] == code, f"{hand}: {events}")
            check(sum(event["type"] == "hello" for event in events) == 1, events)
            got, text, _ = machine.run("guest", "27:00.0", "--yes")
            check(got == status and text.strip(), text)


@story
def only_the_helpers_own_words_are_passed_on():
    """pkexec says "This incident has been reported" to whoever has no agent."""
    for hand, heard in (("echo incident >&2; exit 127", False), ("echo incident >&2; exit 126", False),
                        (f"echo incident >&2\n{say(*DONE)}", True),
                        ("echo incident >&2; exit 3", True)):
        with Machine(TWINS, hand) as machine:
            _, _, errors = machine.run("guest", "27:00.0", "--yes")
            check(("incident" in errors) == heard, f"{hand}: {errors}")


@story
def another_version_is_not_believed():
    with Machine(TWINS, say('{"v":2,"seq":1,"t_ms":1,"type":"hello"}')) as machine:
        status, events = machine.run_json("guest", "27:00.0", "--yes")
        check(status == 18 and events[-1]["code"] == "helper-other-version", events)


@story
def a_refused_look_falls_back_to_ones_own():
    with Machine(TWINS) as machine:
        machine.set_helper("exit 127")
        status, text, errors = machine.run("plan", "guest", "27:00.0")
        check(status == 0 and "your own rights" in errors and "steps:" in text, errors + text)
        status, text, errors = machine.run("watch")
        check(status == 12 and CARD in text, text)
        status, events = machine.run_json("watch")
        check(status == 12 and events[0]["by"] == "self" and events[-1]["code"] == "not-authorised", events)
        check(any(event["type"] == "machine" for event in events), events)
        machine.remove_helper()
        status, text, errors = machine.run("plan", "guest", "27:00.0")
        check(status == 0 and "not installed" in errors and "steps:" in text, errors + text)


@story
def who_is_to_be_closed_must_be_seen():
    with Machine(TWINS, say(*DONE)) as machine:
        status, _, errors = machine.run("guest", "27:00.0", "--yes", "--close", "4000000")
        check(status == 10 and "4000000" in errors, errors)
        check(not machine.asked_for("hand"), "a handoff was begun")


def unseen_holder(machine, then_closed=say(*DONE)):
    """Where polkit lets nobody look, as over ssh, dolphin of another user is the helper's to find."""
    machine.set_helper("exit 127")
    _, events = machine.run_json("plan", "guest", "27:00.0")
    plan = next(event for event in events if event["type"] == "plan")
    plan = {key: plan[key] for key in plan if key not in ("v", "seq", "t_ms", "type")}
    args = {"name": "dolphin", "pid": "4711", "user": "b", "nodes": "/dev/dri/card1"}
    plan["findings"].append({"severity": "blocker", "code": "in-use-app", "args": args, "consent": "close",
                             "subject": "4711:4242", "text": "dolphin is using the card.", "remedy": "Close it."})
    machine.set_helper(f"""
case "$*" in
  plan*) exit 127 ;;
  *"--close 4711:4242"*)
{then_closed}
  ;;
  *)
{say(hello(), line_of(2, "plan", **plan), result(3, 12, "refused", "refused", {"count": "1"}))}
  ;;
esac""")
    machine.asked.unlink()
    plain = f"hand guest {CARD} --expect {plan['digest']}"
    return [plain, f"hand guest {CARD} --close 4711:4242 --expect {plan['digest']}"]


@story
def who_could_not_be_seen_is_closed_once_found():
    for words in (["--close", "4711"], ["--close-all"]):
        with Machine(TWINS) as machine:
            both = unseen_holder(machine)
            status, text, errors = machine.run("guest", "27:00.0", "--yes", *words)
            check(status == 0 and "(process 4711 of b)" in text and "is ready" in text, text + errors)
            check(machine.asked_for("hand") == both, machine.asked_for("hand"))


@story
def who_was_found_is_shown_before_it_is_closed():
    for answers, status, n_asked in ((["y\n", "y\n"], 0, 2), (["y\n", "n\n"], 13, 1), (["n\n"], 13, 0)):
        with Machine(TWINS) as machine:
            both = unseen_holder(machine)
            got, text = machine.run_on_terminal(answers, "guest", "27:00.0", "--close-all")
            check(got == status and machine.asked_for("hand") == both[:n_asked], f"{answers}: {got} {text}")


@story
def nobody_is_closed_who_was_not_named():
    for words in ([], ["--close", "4712"]):
        with Machine(TWINS) as machine:
            both = unseen_holder(machine)
            status, text, errors = machine.run("guest", "27:00.0", "--yes", *words)
            check(status == 12 and "With --close 4711 or --close-all" in text, text)
            check("with sudo" in errors and ("4712" in errors) == bool(words), errors)
            check(machine.asked_for("hand") == both[:1], machine.asked_for("hand"))


@story
def a_helper_that_refuses_again_is_not_asked_for_ever():
    refused = say(hello(), result(2, 12, "refused", "refused", {"count": "1"}))
    with Machine(TWINS) as machine:
        both = unseen_holder(machine, refused)
        status, text, _ = machine.run("guest", "27:00.0", "--yes", "--close-all")
        check(status == 12 and machine.asked_for("hand") == both, text)


@story
def what_cannot_be_seen_takes_sudo_where_nobody_goes_on():
    """One output of the protocol has one result, and a plan carries nothing out."""
    with Machine(TWINS) as machine:
        unseen_holder(machine)
        for words in (["--json", "guest", "27:00.0", "--yes"], ["plan", "guest", "27:00.0"],
                      ["guest", "27:00.0", "--dry-run"]):
            status, text, errors = machine.run(*words, "--close", "4711")
            check(status == 10 and "4711" in text + errors and "with sudo" in text + errors, f"{words}: {text} {errors}")
        status, _, errors = machine.run("guest", "27:00.0", "--yes", "--close", "x")
        check(status == 10, errors)
        check(not machine.asked_for("hand"), machine.asked_for("hand"))


def start(machine, *arguments):
    return subprocess.Popen(machine.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, env=environment(), text=True)


@story
def ctrl_c_cancels():
    hand = (say(*DONE[:2]) + f'\nread line\n[ "$line" = \'{{"cancel":true}}\' ] || exit 1\n' +
            say(step(3, 1, f"unbind:{CARD}", "undone"), result(4, 13, "cancelled", "cancelled")))
    with Machine(TWINS, hand) as machine:
        process = start(machine, "--json", "guest", "27:00.0", "--yes")
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=PATIENCE_S)
        events = check_events.check_output([line.encode() for line in ("".join(lines) + text).splitlines()])
        check(process.returncode == 13 and events[-1]["code"] == "cancelled", events)


@story
def ctrl_c_promises_no_undoing():
    """Asked to stop, a handoff that waits for a virtual machine puts nothing back."""
    hand = (say(hello(), step(2, 1, f"wait-guest:{CARD}", "start")) + "\nread line\n" +
            say(step(3, 1, f"wait-guest:{CARD}", "skip"), result(4, 13, "cancelled", "cancelled")))
    with Machine(TWINS, hand) as machine:
        process = subprocess.Popen(machine.command("--json", "guest", "27:00.0", "--yes"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment(), text=True)
        for _ in range(2):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
        check(process.returncode == 13 and "Asked to stop." in errors, errors)
        check("Ctrl+C again" in errors and "back" not in errors, errors)


@story
def a_second_ctrl_c_leaves_it_to_itself():
    with Machine(TWINS) as machine:
        ended = machine.path / "ended"
        os.mkfifo(ended)
        machine.set_helper(f"""
case $1 in
  plan) {machine.plan} ;;
esac
trap '' INT PIPE
{say(*DONE[:2])}
read line
echo '{step(3, 1, f"unbind:{CARD}", "undo")}'
cat >/dev/null
echo yes >{ended}""")
        process = start(machine, "--json", "guest", "27:00.0", "--yes")
        for _ in range(2):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=PATIENCE_S)
        check(process.returncode == 19, f"{process.returncode}: {text}")
        check(json.loads(text.splitlines()[-1])["code"] == "detached", text)
        check(ended.read_text() == "yes\n", "the helper did not go on")


@story
def a_terminal_that_goes_away_detaches():
    with Machine(TWINS, say(*DONE[:2]) + "\ncat >/dev/null") as machine:
        process = start(machine, "guest", "27:00.0", "--yes", "--json")
        for _ in range(2):
            process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=PATIENCE_S)
        check(process.returncode == 19, process.returncode)


@story
def a_watch_ends_with_its_reader():
    watch = say(hello(verb="watch")) + "\ncat >/dev/null"
    with Machine(TWINS, watch) as machine:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = start(machine, "--json", "watch")
            process.stdout.readline()
            process.send_signal(number)
            text, _ = process.communicate(timeout=PATIENCE_S)
            check(process.returncode == 0 and text == "", f"{number}: {process.returncode}: {text}")


@story
def a_step_that_fails_says_what_to_do():
    text = "dolphin was closed three times and came back each time."
    lines = [hello(), step(2, 1, "close-process:4711:99", "start"),
             step(3, 1, "close-process:4711:99", "fail", text, "respawns", {"name": "dolphin"}),
             result(4, 14, "rolled-back", "rolled-back", {"cause": text}, "The handoff failed.")]
    with Machine(TWINS, say(*lines)) as machine:
        status, shown, _ = machine.run("guest", "27:00.0", "--yes")
        check(status == 14 and f"failed. {text}\n     Stop whatever starts it again" in shown, shown)


@story
def what_is_passed_on_is_clean():
    """The helper cleans what it writes; what passes through here is cleaned once more."""
    lines = [hello(), line_of(2, "log", level="info", text="\033[2J\u202ex"),
             step(3, 1, "\033]0;x\007:y", "fail", "\033[31m"),
             result(4, 14, "rolled-back", "rolled-back", {"cause": "\033[1m"}, "\033[5m")]
    with Machine(TWINS, say(*lines)) as machine:
        _, text, _ = machine.run("guest", "27:00.0", "--yes", "--json")
        shown = [string for line in text.splitlines() for string in check_events.strings_of(json.loads(line))]
        check(any("\\x1b[2J\\u202ex" == string for string in shown), shown)
        check(all(character >= " " and character != "\u202e" for string in shown for character in string), shown)


@story
def cancel_and_recover_are_the_helpers():
    with Machine(TWINS, say(hello(verb="cancel"), result(2, 0, "done", "cancel-asked", {"handoff": ID}))) as machine:
        status, _, _ = machine.run("cancel", ID)
        check(status == 0 and machine.asked_for("cancel") == [f"cancel {ID}"], machine.asked_for("cancel"))
        status, text, _ = machine.run("recover")
        check(status == 0 and machine.asked_for("recover") == ["recover"], text)


@story
def cancel_of_a_wait_needs_no_name():
    """A handoff that waits for a virtual machine has no lock, but a card that is not with the host."""
    answer = say(hello(verb="cancel"), result(2, 0, "done", "cancel-asked", {"handoff": ID}))
    with Machine(TWINS, answer) as machine:
        driver = machine.tree / f"sys/bus/pci/devices/{CARD}/driver"
        driver.unlink()
        driver.symlink_to("../../drivers/vfio-pci")
        status, _, _ = machine.run("cancel")
        check(status == 0 and machine.asked_for("cancel") == ["cancel"], machine.asked_for("cancel"))


@story
def cancel_without_a_handoff_is_done():
    with Machine(TWINS) as machine:
        status, events = machine.run_json("cancel")
        check(status == 0 and events[-1]["code"] == "nothing-to-cancel", events)
        check(not machine.asked_for("cancel"), "the helper was asked")


run_stories()
