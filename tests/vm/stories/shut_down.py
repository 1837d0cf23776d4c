# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart of the computer in the middle of a handoff puts all back before it, and says so."""

import json

from bench import fault

TIER = 'full'
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
REPORT = '/var/lib/baton/report.json'

# After which write to the journal somebody wants the restart.
POINTS = {'guest': 9, 'host': 4}


def run(bench):
    for side, when in POINTS.items():
        if side == 'host':
            bench.to_guest(CARD)
        before = bench.channel.boot_id
        # What systemd stops is the worker, not strace.
        with fault.stopped(bench, fault.JOURNAL, when, aside=True) as trace:
            bench.start_batonctl(side, CARD, '--yes')
            assert trace.wait_stopped() is not None
            # logind would refuse because of the inhibitor; this is what it does where it does not.
            bench.spawn('systemctl', 'start', '--no-block', '--job-mode=replace-irreversibly',
                        'reboot.target')
            bench.machine.wait_boot()
        report = json.loads(bench.run('cat', REPORT).out)
        # The worker itself has put it back, and there was nothing left to recover.
        assert (report['code'], report['boot_id']) == ('cancelled', before), report
        bench.run('test', '!', '-e', fault.JOURNAL)
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
        assert bench.function(CARD)['override'] is None
