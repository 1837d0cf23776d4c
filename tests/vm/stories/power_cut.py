# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails in the middle of a handoff, either way; the next boot is the stock desktop."""

import json

from bench import fault

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# Modules, units, the numbers of the groups and which console took the screen over first are as each
# boot has them; the functions the story compares itself. A boot makes the group that sysusers.d names.
ALLOWED = ('modules:*', 'dev:/dev/vfio*', 'files:/run/*', 'files:/var/lib/baton*', 'units:*',
           'consoles:*', 'functions:*', 'files:/etc/group*', 'files:/etc/gshadow*')
LEAVES = ALLOWED

# Which write to the journal is the last one: a full run tries them all on one image.
SOME = (4, 9, 14)
# Each is a boot.
QUICK = 9
REPORT = '/var/lib/baton/report.json'


def run(bench):
    before = bench.snapshot()
    if bench.full:
        for side, ended in (('guest', 'handed-over'), ('host', 'returned')):
            cut_everywhere(bench, side, ended, before)
    else:
        assert cut(bench, 'guest', fault.JOURNAL, QUICK, before)
        assert last_report(bench)['code'] == 'recovered', last_report(bench)

    # And it works again.
    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def cut_everywhere(bench, side, ended, before):
    # While the journal is made nothing has been done, and nothing is left to settle.
    assert cut(bench, side, '/var/lib/baton/.journal.new', 1, before, 'pwrite64')
    reports = []
    for when in range(1, 100) if bench.release == '12' else SOME:
        if not cut(bench, side, fault.JOURNAL, when, before):
            break
        reports.append(last_report(bench))
    assert len(reports) >= len(SOME), reports
    assert len({report['handoff'] for report in reports}) == len(reports), reports
    for report in reports[:-1]:
        assert report['code'] == 'recovered', report
    # The last record says that it was done. It may have reached the disk.
    assert reports[-1]['code'] in ('recovered', ended), reports[-1]


def last_report(bench):
    """Before anybody asks, the boot has found out and says so to the next login."""
    report = json.loads(bench.run('cat', REPORT).out)
    assert report['boot_id'] != bench.channel.boot_id, report
    return report


def cut(bench, side, path, when, before, calls=fault.WRITES):
    """Cuts the power at a write to @path; returns whether there was such a write."""
    if side == 'host':
        bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
    with fault.stopped(bench, path, when, calls=calls) as trace:
        handing = bench.start_batonctl(side, CARD, '--yes')
        stopped = trace.wait_stopped() is not None
        if stopped:
            bench.machine.power_cut()
        else:
            bench.finish(handing)
    if not stopped:
        bench.to_host(CARD)
        return False
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.run('test', '!', '-e', fault.JOURNAL)
    assert lasting(bench.snapshot()) == lasting(before)
    bench.expect_same(before, allow=ALLOWED)
    return True


def lasting(snapshot):
    """What is known of each function, but the number of its group, which each boot gives."""
    return {address: {**function, 'group': None}
            for address, function in snapshot['functions'].items()}
