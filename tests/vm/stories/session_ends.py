# SPDX-License-Identifier: GPL-3.0-or-later
"""The session that asked is ended half way: the worker finishes, and the report is there."""

import json

from bench import fault

TIER = 'full'
SESSION = True
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
FIRST_WRITE = f'/sys/bus/pci/devices/{CARD}/driver_override'
REPORT = '/var/lib/baton/report.json'


def run(bench):
    with bench.agent('u'), fault.stopped(bench, FIRST_WRITE) as worker:
        asked = bench.start_batonctl('guest', CARD, '--yes', user='u')
        worker.wait_stopped()
        handoff = bench.run('sh', '-c', 'ls -t /run/baton/handoff | head -n1').out.strip()
        bench.run('loginctl', 'terminate-user', 'u')
        asked.wait()
        # logind does not wait for what it has begun; this does, and begins nothing new.
        bench.run('systemctl', 'stop', 'user@1000.service')
        sessions = bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines()
        assert not [line for line in sessions if ' u ' in line and 'seat0' in line], sessions
        bench.run('pgrep', '-u', 'u', status=1)

        # Nobody who asked is there any more; the worker is, where it was.
        unit = f'baton-worker@{handoff}.service'
        assert bench.run('systemctl', 'is-active', unit).out.strip() == 'active'
        watch = bench.start_batonctl('watch')
        worker.go_on()
        for line in watch.lines(180):
            event = json.loads(line)
            if event['type'] == 'report' and event['handoff'] == handoff:
                break
        else:
            raise AssertionError(f'the watch ended without a report: {watch.err}')
        watch.signal(15)
        watch.wait()

    bench.expect_guest(CARD, SOUND)
    # Whoever logs in next finds what it came to, and who had asked for it.
    saved = json.loads(bench.run('cat', REPORT).out)
    assert (saved['code'], saved['uid'], saved['cards']) == ('handed-over', 1000, [CARD]), saved
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
