#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What anybody can write behind the helper's name."""

import ctypes
import os
import subprocess

from harness import (DIGEST, HELPER, HELPER_ON_TREE, UID, Output, Tree, check, environment, expect_refusal, run,
                     run_stories, story)

CARD = "0000:01:00.0"

ADDRESSES = [
    "", " ", ".", "..", "/", "../../../../etc", f"{CARD}/../..", "/sys/bus/pci/devices/" + CARD, "/etc/passwd",
    f"{CARD}\n", f"\n{CARD}", f"{CARD} ", f" {CARD}", f"{CARD}\t", "0000:01:00.8", "0000:01:20.0", "0000:01:00",
    "01:00.0", "0000:01:00.0.0", "0000:G1:00.0", "0000:0A:00.0", "000000000:01:00.0", "%n%s%n%s", "0000:01:00.%n",
    "$(reboot)", "`reboot`", "-rf", "--", "0000:01:00.0;reboot", "0000\u202e:01:00.0", "\u0660000:01:00.0",
    "0000:0\u0661:00.0", "0000:01:00\u2024" + "0", "\x1b[2J", "0000:01:00.0\x7f", "*", "????:??:??.?",
]

VERBS = ["", " ", "HAND", "Hand", "hand ", " hand", "hand\n", "h", "handx", "-h", "--help", "--version", "--verb=hand",
         "work", "settle", "configure", "../hand", "/usr/libexec/baton-helper", "watch\u200b", "\x1b]0;x\x07"]

OPTIONS = [
    ["--expect", DIGEST, "--expect", DIGEST], ["--let-open", "--let-open"], ["--end-session", "--end-session"],
    ["--expect"], ["--expect", ""], ["--expect", DIGEST[:-1]], ["--expect", DIGEST + "0"], ["--expect", DIGEST.upper()],
    ["--expect", "../../etc/shadow"], ["--close"], ["--close", ""], ["--close", "1"], ["--close", "0:1"],
    ["--close", "-1:1"], ["--close", "1:"], ["--close", ":1"], ["--close", "1:1:1"], ["--close", "4194305:1"],
    ["--close", "1:-1"], ["--close", "99999999999999999999:1"], ["--close", "1:99999999999999999999999"],
    ["--until-free="], ["--until-free=0"], ["--until-free=01"], ["--until-free=1441"], ["--until-free=-1"],
    ["--until-free=18446744073709551617"], ["--until-free=1\n"], ["--until-free=%n"], ["--until-free", "5"],
    ["--until-free", "--until-free=5"], ["--until-free=5", "--start-guest", "a"],
    ["--close", "0x10:1"], ["--close", "1 :1"], ["--unknown"], ["--"], ["-"], ["--when-free"], ["--expect=" + DIGEST],
]


@story
def no_arguments_at_all():
    """argc 0: a kernel from 5.18 on makes it one empty argument."""
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        variables = [f"{key}={value}".encode() for key, value in environment().items()]
        libc.execve(HELPER.encode(), (ctypes.c_char_p * 1)(None), (ctypes.c_char_p * (len(variables) + 1))(*variables, None))
        os._exit(99)
    os.close(writer)
    with os.fdopen(reader) as stream:
        output = Output(stream.read())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    check(status == 10 and output.result["code"] == "bad-arguments", f"ended with {status}: {output.lines}")


@story
def no_verb_and_unknown_verbs():
    with Tree() as tree:
        expect_refusal(tree, [], 10, "bad-arguments")
        for verb in VERBS:
            # "work" and "settle" alone are for PID 1, and take other arguments.
            expect_refusal(tree, [verb, "guest", CARD], 10, "bad-arguments")


@story
def verbs_of_pid1_are_unknown_through_pkexec():
    for arguments in (["work", "0" * 32], ["settings", "0" * 32], ["isolation", "0" * 32], ["settle"],
                      ["claiming", "0" * 32], ["adopting", "0" * 32], ["undoing", "0" * 32],
                      ["installation", "0" * 32], ["libvirt-hook", "x", "release", "end", "-"]):
        ended = subprocess.run([HELPER, *arguments], env=environment(PKEXEC_UID="1000"), capture_output=True, text=True,
                               check=False)
        check(ended.returncode == 10, f"{arguments} ended with {ended.returncode}")
        check(Output(ended.stdout).result["code"] == "bad-arguments", ended.stdout)


@story
def what_is_said_beside_the_events_is_whole():
    """Whatever language the caller speaks, the journal gets what was written."""
    ended = subprocess.run([HELPER, "guard", "“ü”"], env=environment(), capture_output=True, text=True, check=False,
                           encoding="utf-8")
    check(ended.returncode == 17 and "“ü”" in ended.stderr, f"{ended.returncode} {ended.stderr}")


@story
def a_forged_uid_of_pkexec_is_refused():
    for uid in ("", "x", "-1", "4294967295", "1000\n"):
        ended = subprocess.run([HELPER, "watch"], env=environment(PKEXEC_UID=uid), capture_output=True, text=True,
                               check=False)
        check(ended.returncode == 17 and ended.stdout == "" and "PKEXEC_UID" in ended.stderr,
              f"{uid!r}: {ended.returncode} {ended.stdout} {ended.stderr}")


@story
def hostile_addresses():
    with Tree() as tree:
        tree.add_card()
        for address in ADDRESSES:
            for verb in ("plan", "hand"):
                expect_refusal(tree, [verb, "guest", address, "--expect", DIGEST], 10, "bad-arguments")


@story
def an_address_of_100_kib():
    """The kernel takes no single argument above 128 KiB (MAX_ARG_STRLEN)."""
    with Tree() as tree:
        output = expect_refusal(tree, ["plan", "guest", CARD[:-1] + "0" * 100000], 10, "bad-arguments")
        check(len(output.result["text"]) < 400, "the address is repeated at length")


@story
def a_hundred_thousand_arguments():
    with Tree() as tree:
        for argument in ("x", "-", ""):
            expect_refusal(tree, ["plan", "guest"] + [argument] * 100000, 10, "bad-arguments")
            expect_refusal(tree, ["hand", "guest", CARD] + [argument] * 100000, 10, "bad-arguments")


@story
def options_that_are_doubled_half_or_unknown():
    with Tree() as tree:
        tree.add_card()
        for options in OPTIONS:
            expect_refusal(tree, ["plan", "guest", CARD, *options], 10, "bad-arguments")
        expect_refusal(tree, ["plan", "--let-open"], 10, "bad-arguments")
        expect_refusal(tree, ["hand", "guest", CARD], 10, "bad-arguments")


@story
def sides_that_are_none():
    with Tree() as tree:
        for side in ("", "none", "split", "GUEST", "guest ", "host\n", "both", CARD):
            expect_refusal(tree, ["plan", side, CARD], 10, "bad-arguments")


@story
def more_cards_than_there_may_be():
    with Tree() as tree:
        expect_refusal(tree, ["plan", "guest"] + [f"0000:0{n}:00.0" for n in range(1, 10)], 10, "bad-arguments")
        expect_refusal(tree, ["plan", "guest", CARD, CARD], None, None)


@story
def what_is_not_a_card_is_refused():
    with Tree() as tree:
        for address, kind in (("0000:02:00.0", "0x010802"), ("0000:00:01.0", "0x060400"), ("0000:03:00.0", "0x020000")):
            tree.add_card(address)
            (tree.path / "sys/devices/pci0000:00" / address / "class").write_text(kind + "\n")
            output = expect_refusal(tree, ["plan", "guest", address], 12, "refused")
            found = [finding["code"] for line in output.of_type("plan") for finding in line["findings"]]
            check("not-a-card" in found, f"{kind}: {found}")


@story
def a_driver_name_that_leads_elsewhere_is_shown_and_not_followed():
    with Tree() as tree:
        tree.add_card()
        device = tree.path / "sys/devices/pci0000:00" / CARD
        (tree.path / "etc/secret").write_text("secret\n")
        for target in ("../../../../etc/secret", "../../../bus/pci/drivers/x\ny", "/etc/passwd"):
            (device / "driver").symlink_to(target)
            before = tree.snapshot()
            status, output = run(tree, "plan", "guest", CARD)
            check(status in (0, 12), f"{target}: {status}")
            check(output.result["exit"] == status, "status and result differ")
            check("secret" not in str([line["findings"] for line in output.of_type("plan")]).replace("etc/secret", ""),
                  "a file's content was shown")
            check(tree.snapshot() == before, "something was changed")
            (device / "driver").unlink()


@story
def no_path_of_the_callers_is_opened():
    with Tree() as tree:
        log = tree.path / "strace"
        for address in ("../../../../etc/baton-bait", "/etc/baton-bait", f"{CARD}/../../../../etc/baton-bait"):
            for verb in (["plan", "guest", address], ["hand", "guest", address, "--expect", DIGEST], ["cancel", address]):
                subprocess.run(["strace", "-f", "-o", log, "-e", "trace=%file", HELPER_ON_TREE, tree.path, UID, *verb],
                               env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                calls = [line for line in log.read_text().splitlines() if "execve(" not in line]
                check(calls, "strace saw nothing")
                check(not [line for line in calls if "baton-bait" in line], f"{verb}: {calls}")


run_stories()
