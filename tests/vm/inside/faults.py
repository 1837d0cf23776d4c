# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts strace between systemd and a shipped program, to make its calls fail.

Nothing that is installed knows of this: a drop-in below /run starts the same
program under strace, which injects the fault and tells what it saw.
"""

import os
import re
import subprocess

TRACE = '/run/bench/trace'

DROP_IN = """[Service]
# The old command is taken away, the new one traces it.
ExecStart=
ExecStart=/usr/bin/strace {options} -o {trace} {command}
# strace writes there.
ReadWritePaths=/run/bench
"""


def _drop_in(unit):
    return f'/run/systemd/system/{unit}.d/bench.conf'


def install(unit, options):
    """From now on @unit's program runs under strace with @options."""
    if not os.path.exists(TRACE):
        os.mkfifo(TRACE, 0o600)
    with open(f'/usr/lib/systemd/system/{unit}') as file:
        command = re.search(r'^ExecStart=(.*)$', file.read(), re.M).group(1)
    path = _drop_in(unit)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(DROP_IN.format(options=' '.join(options), trace=TRACE, command=command))
    subprocess.run(['systemctl', 'daemon-reload'], check=True)


def remove(unit):
    """And from now on it runs as it was installed."""
    path = _drop_in(unit)
    if os.path.exists(path):
        os.unlink(path)
        os.rmdir(os.path.dirname(path))
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
