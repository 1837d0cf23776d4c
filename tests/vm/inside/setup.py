# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the project into a machine that has just come up."""

import os
import subprocess

SHARE = '/bench'


def install(archive):
    """Unpacks what `meson install` made, and does nothing that it leaves undone.

    The unit that settles a cut-off handoff at boot is not enabled here: that it
    runs is for the installation to see to.
    """
    subprocess.run(['tar', '-C', '/', '--keep-directory-symlink', '--no-overwrite-dir',
                    '-xf', archive], check=True)
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
    # tar writes the policy in place, and polkitd may read it half written; a
    # package manager renames it, and has no need of this.
    subprocess.run(['systemctl', 'try-restart', 'polkit.service'], check=True)
    # A power cut in the first story must not take the project with it.
    os.sync()


def settle(late=()):
    """Loads the modules that come @late, and waits for udev, which works through the devices after a boot."""
    for module in late:
        subprocess.run(['modprobe', module], check=True)
    subprocess.run(['udevadm', 'settle', '--timeout=120'], check=True)


def wait_booted():
    """Waits until systemd has started all that a boot starts."""
    # Its status tells whether units have failed, which is for the stories to judge.
    subprocess.run(['systemctl', 'is-system-running', '--wait', '--quiet'], check=False)


def leave_share():
    """Until the machine's state has been written down, which QEMU refuses while it is mounted."""
    subprocess.run(['umount', SHARE], check=True)


def enter_share():
    subprocess.run(['mount', SHARE], check=True)
