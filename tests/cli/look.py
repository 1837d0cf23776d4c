#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What batonctl shows without the helper, and what it refuses."""

import os
import shutil
import subprocess

from harness import Machine, check, environment, run_stories, story

TWINS = "ryzen-x370-two-identical-rx580"
SHARED = "intel-z370-rtx2080ti-rtx2060-no-acs"
NO_GROUPS = "laptop-arc-a370m-vmd-domain-no-groups"


@story
def list_names_every_card_once():
    with Machine(TWINS) as machine:
        status, text, _ = machine.run("list")
        check(status == 0, text)
        for address, group in (("0000:26:00.0", "16"), ("0000:27:00.0", "17")):
            lines = [line for line in text.splitlines() if address in line]
            check(len(lines) == 1 and lines[0].split()[-1] == group, text)
            check("used by this computer" in lines[0] and "amdgpu" in lines[0], text)
        check("\033" not in text, "there are colours in a pipe")


@story
def list_json_keeps_the_contract():
    with Machine(TWINS) as machine:
        status, events = machine.run_json("list")
        check(status == 0, events)
        check([event["type"] for event in events] == ["hello", "machine", "result"], events)
        check(events[0]["by"] == "self" and events[0]["verb"] == "list", events[0])
        check([card["address"] for card in events[1]["cards"]] == ["0000:26:00.0", "0000:27:00.0"],
              events[1])


@story
def looking_never_asks_the_helper():
    with Machine(TWINS) as machine:
        for words in (["list"], ["show", "27:00.0"], ["groups"], ["holders"], ["report"], ["doctor"]):
            machine.run(*words)
            machine.run("--json", *words)
        check(not machine.asked.exists(), "the helper was asked")


@story
def show_tells_what_travels():
    with Machine(TWINS) as machine:
        status, text, _ = machine.run("show", "27:00.0")
        check(status == 0, text)
        for word in ("0000:27:00.0", "0000:27:00.1", "amdgpu", "IOMMU group: 17", "1002:67df"):
            check(word in text, f"{word} is missing:\n{text}")


@story
def groups_name_every_member():
    with Machine(SHARED) as machine:
        status, text, _ = machine.run("groups")
        check(status == 0, text)
        members = [line for line in text.splitlines() if line.startswith("1 ")]
        check(len(members) >= 8, text)
        check(any("0000:01:00.1" in line and line.endswith("0000:01:00.0") for line in members), text)


@story
def a_machine_without_an_iommu_says_so():
    with Machine(NO_GROUPS) as machine:
        status, text, _ = machine.run("list")
        check(status == 0 and "The IOMMU is off" in text, text)
        status, text, _ = machine.run("doctor")
        check(status == 12 and "IOMMU" in text and "Next:" in text, text)


@story
def a_machine_without_a_card_or_an_iommu_is_told_why():
    with Machine(NO_GROUPS) as machine:
        for link in (machine.tree / "sys/bus/pci/devices").iterdir():
            link.unlink()
        _, text, _ = machine.run("list")
        check("no graphics card" in text and "doctor" in text, text)
        status, text, _ = machine.run("doctor")
        check(status == 12 and "no graphics card" in text, text)
        check("[wrong] The IOMMU is off" in text and "Next:" in text, text)
        status, events = machine.run_json("doctor")
        check(status == 12 and events[-1]["code"] == "refused", events[-1])


@story
def doctor_keeps_the_contract():
    for listing in (TWINS, SHARED, NO_GROUPS):
        with Machine(listing) as machine:
            status, events = machine.run_json("doctor")
            check(status == (0 if listing == TWINS else 12), events[-1])
            check(any(event["type"] == "plan" for event in events), "there is no plan")


@story
def doctor_names_no_remedy_that_nothing_needs():
    """The desktop draws with the first card, and the second is free."""
    with Machine(TWINS) as machine:
        for n, address in enumerate(("0000:26:00.0", "0000:27:00.0")):
            node = machine.tree / f"sys/bus/pci/devices/{address}/drm/card{n}"
            node.mkdir(parents=True)
            (node / "dev").write_text(f"226:{n}\n")
            (node / "uevent").write_text(f"MAJOR=226\nMINOR={n}\nDEVNAME=dri/card{n}\n")
        add_process(machine, 1815, "gnome-shell", "gnome-shell\0", "/dev/dri/card0")
        status, text, _ = machine.run("doctor")
        check(status == 0 and "[wrong] The desktop itself" in text, text)
        check("This computer is ready. Next: " in text and "Log out" not in text, text)
        add_process(machine, 1816, "gnome-shell", "gnome-shell\0", "/dev/dri/card1")
        status, text, _ = machine.run("doctor")
        check(status == 12 and "Next: Log out first" in text, text)
        # Without Baton, no card can be handed over.
        machine.policy.unlink()
        status, text, _ = machine.run("doctor")
        check("Next: Install Baton again" in text, text)


@story
def doctor_finds_no_computer_ready_where_baton_is_not_installed():
    """Its cards could be handed over, and yet nothing can be."""
    for name, code in (("policy", "policy-missing"), ("helper", "helper-missing")):
        with Machine(TWINS) as machine:
            status, text, _ = machine.run("doctor")
            check(status == 0 and "This computer is ready" in text, text)
            getattr(machine, name).unlink()
            status, text, _ = machine.run("doctor")
            check(status == 12 and "Next: Install Baton again" in text, f"{name}: {status} {text}")
            check("can be handed to a virtual machine" in text, text)
            status, events = machine.run_json("doctor")
            check(status == 12 and events[-1]["code"] == code, events[-1])


@story
def a_card_in_parts_comes_back_whole():
    with Machine(TWINS) as machine:
        driver = machine.tree / "sys/bus/pci/devices/0000:27:00.1/driver"
        status, text, _ = machine.run("plan", "host", "27:00.0")
        check(status == 0 and "bind" not in text.lower(), text)
        driver.unlink()
        status, events = machine.run_json("plan", "host", "27:00.0")
        plan = [event for event in events if event["type"] == "plan"][0]
        check(status == 0 and events[-1]["code"] != "nothing-to-do", events[-1])
        check([finding["code"] for finding in plan["findings"]] == ["companion-lost-driver"], plan)
        check("bind:0000:27:00.1" in [step["id"] for step in plan["steps"]], plan)
        _, text, _ = machine.run("doctor")
        check(any("[wrong]" in line and "0000:27:00.1" in line for line in text.splitlines()), text)
        machine.run("host", "27:00.0", "--yes")
        check(machine.asked_for("hand"), "batonctl took it for done")


@story
def the_only_display_is_told_what_would_help():
    """A monitor decides nothing: a driver of this computer does."""
    with Machine(TWINS) as machine:
        driver = machine.tree / "sys/bus/pci/devices/0000:26:00.0/driver"
        amdgpu = driver.readlink()
        driver.unlink()
        status, text, _ = machine.run("plan", "guest", "27:00.0")
        check(status == 12 and "the only card that can show the desktop" in text, text)
        check("a driver of this computer and a connector for a monitor" in text, text)
        driver.symlink_to(amdgpu)
        status, text, _ = machine.run("plan", "guest", "27:00.0")
        check(status == 0 and "the only card" not in text, text)


def add_process(machine, pid, name, command_line, node):
    """Has a program run that has a device file open."""
    process = machine.tree / f"proc/{pid}"
    (process / "fd").mkdir(parents=True)
    (process / "fd/9").symlink_to(node)
    (process / "cmdline").write_text(command_line)
    (process / "stat").write_text(f"{pid} ({name}) S" + " 1" * 18 + " 4242" + " 0" * 30 + "\n")
    (process / "status").write_text(f"Name:\t{name}\nUid:" + "\t1000" * 4 + "\n")
    (process / "cgroup").write_text("0::/user.slice/user-1000.slice/session-2.scope\n")
    (process / "maps").write_text("")


def give_to_guest(machine, name):
    """Has a virtual machine use the second card, the group of which is 17."""
    devices = machine.tree / "sys/bus/pci/devices"
    for function in ("0000:27:00.0", "0000:27:00.1"):
        (devices / function / "driver").unlink()
        (devices / function / "driver").symlink_to("../../drivers/vfio-pci")
    vfio = machine.tree / "sys/class/vfio/17"
    vfio.mkdir(parents=True)
    (vfio / "dev").write_text("240:0\n")
    add_process(machine, 4711, "qemu-system-x86", f"qemu-system-x86_64\0-name\0guest={name}\0", "/dev/vfio/17")


@story
def a_guest_that_has_the_card_can_be_waited_for_here():
    """Who reads this has no window, and the screen may be black."""
    with Machine(TWINS) as machine:
        give_to_guest(machine, "windows")
        status, text, _ = machine.run("plan", "host", "27:00.0")
        check(status == 12 and "(batonctl: --when-free)" in text, text)


@story
def holders_say_how_they_go():
    """A service goes with its unit; what runs in a container does not, and is named with it."""
    with Machine(TWINS) as machine:
        node = machine.tree / "sys/bus/pci/devices/0000:27:00.0/drm/renderD129"
        node.mkdir(parents=True)
        (node / "dev").write_text("226:129\n")
        (node / "uevent").write_text("MAJOR=226\nMINOR=129\nDEVNAME=dri/renderD129\n")
        for pid, name in ((1701, "ollama"), (1702, "ffmpeg"), (1703, "jellyfin"), (1704, "mpv")):
            add_process(machine, pid, name, f"{name}\0", "/dev/dri/renderD129")
        for pid, parent in ((1701, 1), (1702, 1701)):
            (machine.tree / f"proc/{pid}/cgroup").write_text("0::/system.slice/ollama.service\n")
            with open(machine.tree / f"proc/{pid}/status", "a") as status:
                status.write(f"PPid:\t{parent}\n")
        (machine.tree / "proc/1703/cgroup").write_text(f"0::/system.slice/docker-{'0a' * 32}.scope\n")
        units = machine.tree / "etc/systemd/system"
        units.mkdir(parents=True, exist_ok=True)
        (units / "ollama.service").write_text("")
        _, text, _ = machine.run("holders", "27:00.0")
        said = {line.split()[1]: line for line in text.splitlines() if "27:00.0" in line}
        check("yes, with ollama.service" in said["1701"], text)
        check("yes" in said["1702"] and "ollama.service" not in said["1702"], text)
        check("no, in container 0a0a0a0a0a0a of Docker" in said["1703"], text)
        check("yes" in said["1704"], text)
        status, text, _ = machine.run("plan", "guest", "27:00.0", "--close-all")
        check(status == 12 and "docker stop 0a0a0a0a0a0a" in text, text)
        check("ffmpeg (process 1702), which runs below the service ollama.service" in text, text)
        check("systemctl stop ollama.service" in text, text)


@story
def report_names_nobody():
    with Machine(TWINS) as machine:
        (machine.tree / "proc/cmdline").write_text(
            "root=UUID=1111-secret systemd.hostname=secret iommu=pt\n")
        give_to_guest(machine, "secret")
        _, text, _ = machine.run("list")
        check("parked" in text and "secret" not in text, text)
        _, text, _ = machine.run("show", "27:00.0")
        check("with secret" in text, f"nothing names the virtual machine:\n{text}")
        status, text, _ = machine.run("report")
        check("0000:27:00.0: vm ?" in text, text)
        check(status == 0 and "iommu=pt" in text and "secret" not in text, text)
        _, events = machine.run_json("report")
        check(all(event["type"] != "holders" for event in events), events)


@story
def report_tells_of_the_last_handoff():
    with Machine(TWINS) as machine:
        kept = machine.tree / "var/lib/baton"
        kept.mkdir(parents=True)
        for broken in ("", "{", "[]", "{\"steps\": 7}", "x" * 100000):
            (kept / "report.json").write_text(broken)
            status, text, errors = machine.run("report")
            check(status == 0, f"{broken[:20]!r}: {text} {errors}")
        (kept / "report.json").write_text(
            '{"exit":14,"state":"rolled-back","code":"rolled-back","args":{"cause":"it was so."},'
            '"text":"The handoff failed.","remedy":null,"elapsed_ms":7,"at_step":null,"troubles":[],'
            '"handoff":"0123456789abcdef0123456789abcdef",'
            '"cards":["0000:27:00.0"],"to":"guest","durations":[],"uid":1000,"boot_id":"b","at":1,'
            '"steps":[{"n":1,"id":"unbind:0000:27:00.0","kind":"unbind","target":"0000:27:00.0",'
            '"detail":null,"card":null,"persistent":false,"state":"fail","errno":null,"code":null,"args":null,"text":"no\\u001b[2J"}]}')
        status, text, _ = machine.run("report")
        check("0000:27:00.0 -> guest: rolled-back" in text and "unbind:0000:27:00.0: fail" in text, text)
        check("\033" not in text, "what the report holds reaches the terminal as it is")
        _, events = machine.run_json("report")
        check(any(event["type"] == "report" for event in events), events)


@story
def endings_must_fit_one_card():
    with Machine(TWINS) as machine:
        for words, part in ((["show", "00.0"], "more than one"), (["show", "99:00.0"], "batonctl list"),
                            (["show", ""], ""), (["show", "0000:00:00.0"], "no graphics card"),
                            (["show", "\033[2J"], ""), (["holders", "0000:00:00.0"], "no graphics card"),
                            (["holders", "99:00.0"], "batonctl list")):
            status, text, errors = machine.run(*words)
            check(status == 10 and part in errors and "\033" not in errors, f"{words}: {errors}")
            status, events = machine.run_json(*words)
            check(status == 10 and events[-1]["code"] == "bad-arguments", f"{words}: {events}")


@story
def a_record_reads_as_the_machine():
    with Machine(TWINS) as machine:
        record = machine.path / "record"
        status, _, errors = machine.run("record", str(record))
        check(status == 0, errors)
        _, before, _ = machine.run("list")
        machine.tree = record
        _, after, _ = machine.run("list")
        check(before == after, after)
        status, _, errors = machine.run("record", str(record))
        check(status == 10 and str(record) in errors, errors)


BAD = (
    [], [""], ["LIST"], ["lists"], ["list", "x"], ["show"], ["show", "a", "b"], ["groups", "x"],
    ["holders", "a", "b"], ["plan"], ["plan", "guest"], ["plan", "split", "27:00.0"],
    ["plan", "Guest", "27:00.0"], ["guest"], ["host"], ["watch", "x"], ["recover", "x"], ["record"],
    ["list", "--yes"], ["list", "--close", "7"], ["plan", "guest", "27:00.0", "--yes"],
    ["guest", "27:00.0", "--when-free", "-y"], ["host", "27:00.0", "--until-free", "-y"],
    ["guest", "27:00.0", "--until-free=", "-y"], ["guest", "27:00.0", "--until-free=0", "-y"],
    ["guest", "27:00.0", "--until-free=1441", "-y"], ["guest", "27:00.0", "--until-free=5m", "-y"],
    ["plan", "guest", "27:00.0", "--until-free=" + 200 * "1"], ["host", "27:00.0", "--until-free=5", "-y"],
    ["guest", "27:00.0", "--until-free=5", "--start-guest", "a", "-y"], ["host", "27:00.0", "--let-open", "-y"], ["guest", "27:00.0", "27:00.0", "-y"],
    ["cancel", "../../etc"], ["cancel", "0123"], ["guest", "27:00.0", "--close", "1", "-y"],
    ["guest", "27:00.0", "--close", "-1", "-y"], ["guest", "27:00.0", "--close", "x", "-y"],
)


@story
def what_is_not_understood_changes_nothing():
    with Machine(TWINS) as machine:
        for words in BAD:
            status, text, errors = machine.run(*words)
            check(status == 10 and errors.startswith("batonctl: ") and errors.endswith("\n"),
                  f"{words}: {status} {errors}")
        check(not machine.asked_for("hand"), "a handoff was begun")


# What no sentence in German has; a verb or an option keeps its name.
ENGLISH = {"address", "at", "card", "cards", "ends", "given", "is", "it", "named", "needs", "not", "of",
           "one", "or", "such", "than", "the", "twice", "way", "with"}


@story
def what_is_not_understood_is_said_in_the_users_language():
    with Machine(TWINS) as machine:
        for words in (*BAD, ["show", "99:00.0"], ["show", "00.0"], ["record", str(machine.tree)]):
            status, _, errors = machine.run(*words, LANGUAGE="de")
            _, _, english = machine.run(*words)
            said = set(errors.replace("“", " ").replace("”", " ").split())
            check(status == 10 and errors != english and not said & ENGLISH, f"{words}: {errors}")


@story
def what_could_not_be_read_is_said_in_the_users_language():
    with Machine(TWINS) as machine:
        devices = machine.tree / "sys/bus/pci/devices"
        shutil.rmtree(devices)
        devices.symlink_to("devices")
        for words in (["list"], ["show", "27:00.0"], ["doctor"]):
            _, text, errors = machine.run(*words)
            check("“/sys/bus/pci/devices” could not be listed: " in text + errors, f"{words}: {text} {errors}")
            _, text, errors = machine.run(*words, LANGUAGE="de")
            check("„/sys/bus/pci/devices“ konnte nicht aufgelistet werden: " in text + errors, f"{words}: {text} {errors}")


@story
def what_could_not_be_done_is_no_bad_request():
    with Machine(TWINS) as machine:
        # Not even root makes a directory in what is none.
        record = str(machine.helper / "record")
        status, _, errors = machine.run("record", record)
        check(status == 17 and record in errors, f"{status} {errors}")
        status, events = machine.run_json("record", record)
        check(status == 17 and events[-1]["code"] == "internal", events)
        devices = machine.tree / "sys/bus/pci/devices"
        shutil.rmtree(devices)
        devices.symlink_to("devices")
        for words in (["cancel"], ["show", "27:00.0"], ["holders", "27:00.0"], ["plan", "guest", "27:00.0"],
                      ["guest", "27:00.0", "-y"], ["record", str(machine.path / "record")]):
            status, _, errors = machine.run(*words)
            check(status == 17 and "“/sys/bus/pci/devices” could not be listed" in errors, f"{words}: {status} {errors}")
            status, events = machine.run_json(*words)
            check(status == 17 and events[-1]["code"] == "look-failed", f"{words}: {events}")
        check(not machine.asked.exists(), "the helper was asked")


@story
def unknown_options_are_refused():
    with Machine(TWINS) as machine:
        for words in (["--nonsense"], ["list", "--jsons"], ["-x"], ["guest", "--close"]):
            status, _, errors = machine.run(*words)
            check(status == 10 and errors.startswith("batonctl: "), f"{words}: {status} {errors}")
            check("batonctl --help" in errors, f"{words}: {errors}")
            status, events = machine.run_json(*words)
            check(status == 10 and events[-1]["code"] == "bad-arguments", f"{words}: {events}")


@story
def help_and_version():
    with Machine(TWINS) as machine:
        status, text, _ = machine.run("--help")
        check(status == 0 and "Verbs:" in text, text)
        status, text, _ = machine.run("--version")
        check(status == 0 and text.startswith("batonctl "), text)


@story
def colours_only_on_a_terminal_that_wants_them():
    with Machine(TWINS) as machine:
        for variables, colours in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
                                   ({"TERM": "dumb"}, False)):
            _, text = machine.run_on_terminal(None, "list", **variables)
            check(("\033[" in text) == colours, f"{variables}: {text!r}")


@story
def a_closed_output_is_no_crash():
    with Machine(TWINS) as machine:
        for words in (["list"], ["--json", "list"], ["--json", "groups"]):
            command = " ".join(machine.command(*words))
            done = subprocess.run(["sh", "-c", f"{command} >&-"], capture_output=True, check=False)
            check(0 <= done.returncode < 20 and b"Sanitizer" not in done.stderr, done)


@story
def an_output_that_is_full_is_no_success():
    with Machine(TWINS) as machine:
        for words in (["list"], ["--json", "list"], ["doctor"], ["--version"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run(machine.command(*words), stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, env=environment(), check=False)
            said = done.stderr.decode()
            check(done.returncode == 17, f"{words}: {done.returncode} {said}")
            check(said.startswith("batonctl: ") and "could be written" in said and said.count("\n") == 1, said)
        # What went wrong before keeps its status.
        with open("/dev/full", "w") as full:
            done = subprocess.run(machine.command("--json", "show", "99:00.0"), stdout=full,
                                  stderr=subprocess.PIPE, env=environment(), check=False)
        check(done.returncode == 10 and b"could be written" in done.stderr, done)


@story
def a_reader_that_has_enough_is_no_failure():
    with Machine(TWINS) as machine:
        for words in (["list"], ["--json", "list"]):
            ours, theirs = os.pipe()
            os.close(ours)
            done = subprocess.run(machine.command(*words), stdin=subprocess.DEVNULL, stdout=theirs,
                                  stderr=subprocess.PIPE, env=environment(), check=False)
            os.close(theirs)
            check(done.returncode == 0 and done.stderr == b"", f"{words}: {done}")


run_stories()
