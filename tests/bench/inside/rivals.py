# SPDX-License-Identifier: GPL-3.0-or-later
"""What Baton is measured beside has its computer for itself."""

import subprocess

UDEV_RULE = "/etc/udev/rules.d/60-baton.rules"


def leave_alone():
    """Baton's rule starts a process of Baton's for a card that another tool gave away. An empty file of the
    same name is read in its place."""
    with open(UDEV_RULE, "w", encoding="ascii"):
        pass
    subprocess.run(["udevadm", "control", "--reload"], check=True)
