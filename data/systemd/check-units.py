#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check-units.py UNIT… --user UNIT…

systemd finds no fault with the units, and counts as set what keeps the worker to what it is for. An
unknown or misspelt setting is only logged by systemd, and the unit would run without it.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

# As systemd-analyze(1) names them. What is left off on purpose is said in the units.
WANTED = {
    "IPAddressDeny=", "LockPersonality=", "MemoryDenyWriteExecute=",
    "NoNewPrivileges=", "PrivateTmp=", "ProtectClock=", "ProtectHostname=",
    "ProtectSystem=", "RestrictRealtime=", "SystemCallArchitectures=", "UMask=",
    "RestrictAddressFamilies=~…", "RestrictAddressFamilies=~AF_(INET|INET6)",
    "RestrictAddressFamilies=~AF_PACKET", "RestrictNamespaces=~user", "RestrictNamespaces=~mnt",
}

# What is left off although it could be set: said in the unit, with the reason.
WITHOUT = {"baton-worker@": {"ProtectHostname="}}

# Who does one thing beside everything else is to have less.
LITTLE = {
    "PrivateMounts=", "PrivateNetwork=", "ProtectHome=",
    "CapabilityBoundingSet=~CAP_SYS_ADMIN", "CapabilityBoundingSet=~CAP_MKNOD",
    "CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", "CapabilityBoundingSet=~CAP_KILL",
    "SystemCallFilter=~@mount", "SystemCallFilter=~@privileged", "SystemCallFilter=~@debug",
}
KERNEL = {"ProtectControlGroups=", "ProtectKernelLogs=", "ProtectKernelModules=", "ProtectKernelTunables="}

# Who only looks, and stays for as long as a guest does. What KERNEL is for it has by other ways, which
# cost a start of it less (LINES).
WANTED_TOO = {
    "baton-guest@": LITTLE | {
        "CapabilityBoundingSet=~CAP_SYS_MODULE", "CapabilityBoundingSet=~CAP_SYSLOG",
        "SystemCallFilter=~@module", "SystemCallFilter=~@raw-io", "SystemCallFilter=~@resources",
    },
}


# Who changes one file of root's is to be able to do nothing else. Of the privileged calls it keeps
# the one that gives the new file the old one's owner.
WANTED_TOO["baton-settings@"] = (LITTLE | KERNEL) - {"SystemCallFilter=~@privileged"} | {
    "PrivateDevices=", "RestrictAddressFamilies=~AF_UNIX",
    "CapabilityBoundingSet=~CAP_SYS_PTRACE", "CapabilityBoundingSet=~CAP_NET_ADMIN",
    "SystemCallFilter=~@resources",
}

# Who makes files of its own and looks who has a card asks nobody but PID 1, and gives nothing away.
WANTED_TOO["baton-isolate@"] = (LITTLE | KERNEL) - {"ProtectKernelTunables="} | {
    "SystemCallFilter=~@resources", "CapabilityBoundingSet=~CAP_NET_ADMIN",
    "CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)",
}

# Who writes the file that libvirtd runs does no more than that.
WANTED_TOO["baton-install-hook@"] = WANTED_TOO["baton-isolate@"] | {"CapabilityBoundingSet=~CAP_SYS_PTRACE"}


# A user's systemd has the system calls alone to keep a unit to what it is for.
WANTED_OF_USER = {
    "LockPersonality=", "MemoryDenyWriteExecute=", "NoNewPrivileges=", "RestrictRealtime=",
    "RestrictSUIDSGID=", "SystemCallArchitectures=", "UMask=", "RestrictNamespaces=~user",
    "RestrictAddressFamilies=~AF_(INET|INET6)", "RestrictAddressFamilies=~AF_PACKET",
    "SystemCallFilter=~@mount", "SystemCallFilter=~@privileged", "SystemCallFilter=~@debug",
}


# Who has the boot images made runs programs that read nearly everything, and gives files owners.
WANTED_TOO["baton-claim@"] = {
    "PrivateMounts=", "PrivateNetwork=", "ProtectControlGroups=", "ProtectKernelLogs=",
    "CapabilityBoundingSet=~CAP_SYS_ADMIN", "CapabilityBoundingSet=~CAP_MKNOD",
    "CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", "CapabilityBoundingSet=~CAP_KILL",
    "CapabilityBoundingSet=~CAP_NET_ADMIN", "CapabilityBoundingSet=~CAP_SYS_MODULE",
    "SystemCallFilter=~@mount", "SystemCallFilter=~@debug", "SystemCallFilter=~@module",
}


# Who takes everything back, or does in Baton's way what was set up by hand, has the boot images made, too.
WANTED_TOO["baton-undo-all@"] = WANTED_TOO["baton-adopt@"] = WANTED_TOO["baton-claim@"]


# What decides who is ended with the unit, and by what; and what systemd-analyze(1) does not look at.
LINES = {
    "baton-guest@": {"ReadOnlyPaths=/proc /sys", "DevicePolicy=closed"},
    "baton-worker@": {"KillMode=process", "OOMPolicy=continue", "OnFailure=baton-settle.service"},
    "baton-recover": {"KillMode=process", "OOMPolicy=continue", "WantedBy=multi-user.target"},
    "baton-settle": {"KillMode=process", "OOMPolicy=continue"},
}


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True,
                          text=True, check=False, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin",
                               "XDG_RUNTIME_DIR": tempfile.gettempdir()})


def find_faults(unit, folder, whose):
    """The helper may not be installed yet, so that another program stands in for it."""
    copy = pathlib.Path(folder) / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"),
                           flags=re.MULTILINE), "utf-8")
    done = analyze(whose, "verify", "--man=no", "--recursive-errors=no", str(copy))
    return done.stderr.splitlines() + ([f"exit status {done.returncode}"] if done.returncode else [])


def find_unset(unit, whose):
    done = analyze("security", "--offline=true", "--json=short", str(unit))
    rows = json.loads(done.stdout) if done.stdout else []
    wanted = WANTED | WANTED_TOO.get(unit.stem, set()) if whose == "--system" else WANTED_OF_USER
    unset = wanted - WITHOUT.get(unit.stem, set()) - {row["name"] for row in rows if row["set"]}
    unset |= LINES.get(unit.stem, set()) - set(unit.read_text("utf-8").splitlines())
    return sorted(unset) or done.stderr.splitlines()


def main():
    failed = False
    n_tests = 0
    with tempfile.TemporaryDirectory() as folder:
        whose = "--system"
        for argument in sys.argv[1:]:
            if argument == "--user":
                whose = argument
                continue
            unit = pathlib.Path(argument)
            for name, wrong in (("verified", find_faults(unit, folder, whose)),
                                ("hardened", find_unset(unit, whose))):
                n_tests += 1
                failed = failed or bool(wrong)
                print(f"{'not ok' if wrong else 'ok'} {n_tests} /units/{unit.stem}/{name}")
                for line in wrong:
                    print(f"# {line}")
    print(f"1..{n_tests}")
    sys.exit(failed)


main()
