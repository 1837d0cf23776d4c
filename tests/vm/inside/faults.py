# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts strace between systemd and a shipped program, to make its calls fail.

Nothing that is installed knows of this: a drop-in below /run starts the same
program under strace, which injects the fault and tells what it saw. The
drop-in stays for a whole story, because systemd reads its units for seconds;
whether there is a fault, and which, is in a file that may change at any time.
"""

import os
import re
import subprocess

PLACE = '/run/bench'

DROP_IN = """[Service]
# The old command is taken away; the new one traces it where there is a fault.
ExecStart=
ExecStart=/bin/sh -c 'test -e "$$0" || exec "$$@"; \\
 exec /usr/bin/strace $$(cat "$$0") "$$@"' {fault} {command}
# strace writes there, and takes more than a confined program has.
ReadWritePaths=/run/bench
CapabilityBoundingSet=~
SystemCallFilter=
"""


def _drop_in(unit):
    return f'/run/systemd/system/{unit}.d/bench.conf'


def _fault(unit):
    return f'{PLACE}/{unit}.fault'


def trace(unit):
    """Where strace tells what it sees of @unit's program."""
    path = f'{PLACE}/{unit}.trace'
    if not os.path.exists(path):
        os.mkfifo(path, 0o600)
    return path


def install(unit, options):
    """From now on @unit's program runs under strace with @options."""
    text = ' '.join([*options, '-o', trace(unit)])
    # Renamed, because the unit may be starting.
    with open(f'{_fault(unit)}.new', 'w') as file:
        file.write(text)
    os.rename(f'{_fault(unit)}.new', _fault(unit))
    path = _drop_in(unit)
    if os.path.exists(path):
        return
    with open(f'/usr/lib/systemd/system/{unit}') as file:
        command = re.search(r'^ExecStart=(.*)$', file.read(), re.M).group(1)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(DROP_IN.format(fault=_fault(unit), command=command))
    subprocess.run(['systemctl', 'daemon-reload'], check=True)


def remove(unit):
    """And from now on without any fault."""
    if os.path.exists(_fault(unit)):
        os.unlink(_fault(unit))


def forget(unit):
    """And from now on just as it was installed."""
    remove(unit)
    path = _drop_in(unit)
    if os.path.exists(path):
        os.unlink(path)
        os.rmdir(os.path.dirname(path))
        subprocess.run(['systemctl', 'daemon-reload'], check=True)
