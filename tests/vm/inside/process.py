# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says about the processes."""

import glob
import re
import select

DEADLINE_MS = 60000


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


def wait_for_empty_group(group):
    """Until the last process of a control group has ended: then systemd takes the group away."""
    path = f'/sys/fs/cgroup{group}'
    events = f'{path}/cgroup.events'
    poll = select.poll()
    while True:
        try:
            # Opened anew: it is the change since the last reading that wakes.
            with open(events) as file:
                if 'populated 0' in file.read():
                    return
                poll.register(file, select.POLLPRI)
                if not poll.poll(DEADLINE_MS):
                    raise RuntimeError(f'processes are left in {group}')
                poll.unregister(file)
        except OSError:
            return  # systemd has taken it away
