#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set up by hand is shown, agreed to, and adopted as it was shown; a helper of ours is asked for that."""

from harness import Machine, check, hello, line_of, result, run_stories, say, story

TWINS = "ryzen-x370-two-identical-rx580"
CARD = "0000:27:00.0"
CONF = "etc/libvirt/hooks/kvm.conf"
GRUB = "etc/default/grub"
DONE = say(hello(verb="adopt"), line_of(2, "log", level="info", text="libvirt calls Baton."),
           result(3, 0, "done", "adopted", {"card": "The card", "files": f"/{CONF}"}))


class ByHand(Machine):
    """One with what guides have their readers write, and bytes that are no text."""

    def __init__(self, hand=DONE):
        super().__init__(TWINS, hand)
        self.put(CONF, b"VIRSH_GPU_VIDEO=pci_0000_27_00_0 \x1b[31m\xff\nVIRSH_GPU_AUDIO=pci_0000_27_00_1\n")

    def put(self, name, text):
        (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / name).write_bytes(text)

    def digest(self):
        _, events = self.run_json("adopt", "27:00.0", "--dry-run")
        return [card["adopt_digest"] for event in events if event["type"] == "machine"
                for card in event["cards"] if card["address"] == CARD][0]


@story
def each_line_is_shown_and_nothing_is_done():
    with ByHand() as machine:
        machine.put(GRUB, b'GRUB_CMDLINE_LINUX="vfio-pci.ids=1002:67df"\n')
        status, text, _ = machine.run("adopt", "27:00.0", "--dry-run")
        lines = text.splitlines()
        check(status == 0 and lines[0] == f"/{CONF}, line 1:", text)
        check(lines[1].startswith("    VIRSH_GPU_VIDEO=pci_0000_27_00_0") and "\x1b" not in text, text)
        check(text.count("Instead:") == 1 and "Baton hands the card over" in text, text)
        check(f"/{GRUB}, line 1:" in text and "By hand:" in text and "update-grub" in text, text)
        status, events = machine.run_json("adopt", "27:00.0", "--dry-run")
        found = [line for event in events if event["type"] == "machine" for line in event["handmade"] if line["card"] == CARD]
        check([line["by_hand"] for line in found] == [False, False, True], str(found))
        check(events[-1]["code"] == "looked" and not machine.asked_for("adopt"), events[-1])


@story
def what_was_shown_is_what_is_asked_for():
    with ByHand() as machine:
        digest = machine.digest()
        status, text, _ = machine.run("adopt", "27:00.0", "--yes")
        check(status == 0 and "libvirt calls Baton." in text and f"/{CONF}" in text, text)
        check(machine.asked_for("adopt") == [f"adopt {CARD} --expect {digest}"], machine.asked.read_text())
        status, text = machine.run_on_terminal("y\n", "adopt", "27:00.0")
        check(status == 0 and "Move this aside" in text, text)
        check(machine.asked_for("adopt") == [f"adopt {CARD} --expect {digest}"] * 2, machine.asked.read_text())


@story
def without_an_answer_nothing_is_done():
    with ByHand() as machine:
        for answer in ("n\n", "\n"):
            status, text = machine.run_on_terminal(answer, "adopt", "27:00.0")
            check(status == 13 and "Nothing was done." in text, f"{status} {text}")
        status, _, errors = machine.run("adopt", "27:00.0")
        check(status == 10 and "--yes" in errors, errors)
        check(not machine.asked_for("adopt"), machine.asked.read_text())


@story
def what_has_changed_is_shown_anew():
    """The helper says what it sees by now, which is what is asked for then."""
    with ByHand() as machine:
        script = f"""
if [ -e {machine.path}/again ]; then
{DONE}
else
touch {machine.path}/again
echo 'echo 0000:27:00.0' >> {machine.tree}/{CONF}
{say(hello(verb="adopt"))}
{machine.plan.replace("exec ", "").replace('"$@"', "plan guest " + CARD)} | grep '"type":"machine"' | sed 's/"seq":[0-9]*/"seq":2/'
{say(result(3, 12, "refused", "adopt-changed", {"card": "The card"}))}
exit 12
fi"""
        machine.set_helper(f"case $1 in\n  plan) {machine.plan} ;;\n  *)\n{script}\n  ;;\nesac")
        status, text = machine.run_on_terminal(["y\n", "y\n"], "adopt", "27:00.0")
        asked = machine.asked_for("adopt")
        check(status == 0 and text.count("Move this aside") == 2 and "line 3:" in text, f"{status} {text}")
        check(len(asked) == 2 and asked[0] != asked[1] and asked[1].endswith(machine.digest()), str(asked))


@story
def nothing_to_adopt():
    with ByHand() as machine:
        status, events = machine.run_json("adopt", "26:00.0")
        check((status, events[-1]["code"]) == (0, "nothing-to-adopt"), events[-1])
        machine.put("var/lib/baton/adoptions.json", f'{{"adoptions":[{{"card":"{CARD}"}}]}}'.encode())
        status, text, _ = machine.run("adopt", "27:00.0", "--yes")
        check(status == 12 and "--undo" in text, text)
        check(not machine.asked_for("adopt"), machine.asked.read_text())


@story
def undo_asks_at_once():
    undone = say(hello(verb="adopt"), result(2, 0, "done", "adopt-undone", {"card": "The card", "files": f"/{CONF}"}))
    with ByHand(undone) as machine:
        status, text, _ = machine.run("adopt", "27:00.0", "--undo")
        check(status == 0 and "as it was" in text, text)
        check(machine.asked_for("adopt") == [f"adopt {CARD} --undo"], machine.asked.read_text())
        for arguments in (["--undo", "--dry-run"], ["--settings"], ["26:00.0"]):
            status, _, errors = machine.run("adopt", "27:00.0", *arguments)
            check(status == 10 and errors, f"{arguments}: {status} {errors}")
        check(len(machine.asked_for("adopt")) == 1, machine.asked.read_text())


run_stories()
