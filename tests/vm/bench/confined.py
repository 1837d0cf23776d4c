# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program could do that stood in the place of a unit's own."""

PROGRAM, SAID = '/run/baton/try', '/run/baton/tried'


def tried(bench, unit, instance, script):
    """What the script says on its standard output, run as that instance of the unit is."""
    place = f'/run/systemd/system/{unit}.d'
    bench.run('mkdir', '-p', place, '/run/baton')
    bench.run('sh', '-c', 'cat > "$1/try.conf"', 'sh', place,
              stdin=f'[Service]\nExecStart=\nExecStart=/bin/sh {PROGRAM}\nStandardOutput=file:{SAID}\n')
    bench.run('sh', '-c', 'cat > "$1"', 'sh', PROGRAM, stdin=script)
    try:
        bench.run('systemctl', 'daemon-reload')
        bench.run('systemctl', 'start', '--wait', unit.replace('@', f'@{instance}'))
        return bench.run('cat', SAID).out
    finally:
        bench.run('rm', '-rf', place, PROGRAM, SAID)
        bench.run('systemctl', 'daemon-reload')
