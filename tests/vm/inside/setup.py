# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the project into a machine that has just come up."""

import os
import subprocess

UNIT = 'baton-recover.service'


def install(archive):
    """Unpacks what `meson install` made and does what a package would do then."""
    # Drivers bind while udev works through the devices; stories start after.
    subprocess.run(['udevadm', 'settle', '--timeout=120'], check=True)
    subprocess.run(['tar', '-C', '/', '--keep-directory-symlink', '--no-overwrite-dir',
                    '-xf', archive], check=True)
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
    if os.path.exists(f'/usr/lib/systemd/system/{UNIT}'):
        subprocess.run(['systemctl', '--quiet', 'enable', UNIT], check=True)
    # A power cut in the first story must not take the project with it.
    os.sync()


def settle():
    """Waits for udev after a boot that found the project installed."""
    subprocess.run(['udevadm', 'settle', '--timeout=120'], check=True)
