# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says about the processes."""

import glob
import re


def waiting(program):
    """The processes called @program that sleep in the kernel and hear no signal.

    Of each its pid, the signals that wait for it, and where in the kernel it is.
    """
    found = []
    for path in glob.glob('/proc/[0-9]*'):
        try:
            with open(f'{path}/status') as file:
                status = dict(re.findall(r'^(\w+):\s*(.*)$', file.read(), re.M))
            if status['Name'] != program or not status['State'].startswith('D'):
                continue
            with open(f'{path}/stack') as file:
                stack = re.findall(r'\] (\w+)', file.read())
        except OSError:
            continue  # it has ended
        found.append({'pid': int(status['Pid']), 'stack': stack,
                      'signals': int(status['SigPnd'], 16) | int(status['ShdPnd'], 16)})
    return found
