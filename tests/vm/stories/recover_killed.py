# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery is killed at every change that it makes, one run after the other, and puts all back."""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*', 'units:baton-settle.service')


# Events and records, one by one; and what else it changes: the lock, the report, the journal's end.
LIMIT = 150
WRITES = [('write', when) for when in range(1, LIMIT)]
OTHERS = [('ftruncate', 1), ('pwrite64', 1), ('unlinkat', 1), ('renameat', 1), ('unlinkat', 2)]


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    last = last_record(bench, 'guest')
    kills, undone = killed_everywhere(bench, 'guest', last, WRITES)
    # An event and a record, before and after each step.
    assert kills > 4 * undone > 0, (kills, undone)
    kills, _ = killed_everywhere(bench, 'guest', last, OTHERS)
    assert kills == len(OTHERS), kills
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)

    bench.to_guest(CARD)
    kills, undone = killed_everywhere(bench, 'host', last_record(bench, 'host'), WRITES)
    assert kills > 4 * undone > 0, (kills, undone)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def last_record(bench, side):
    """Which record of the journal says that the last step is done."""
    there, back = (bench.to_guest, bench.to_host) if side == 'guest' else \
        (bench.to_host, bench.to_guest)
    with fault.traced(bench, '-e', f'trace={fault.WRITES}', '-P', fault.JOURNAL) as trace:
        there(CARD)
        trace.drain()
    back(CARD)
    # After it comes only the end.
    return len(trace.writes(fault.JOURNAL)) - 1


def killed_everywhere(bench, side, last, points):
    """Cuts a handoff off where all is done but the last word, and then its recoveries.

    Every run is killed at the next of @points; what a child calls counts for
    that child alone, which writes to the kernel and is never killed there: that
    is what a crash of the kernel looks like. It walks the same steps as the
    one before it, so that each step is met before its effect, between that and
    the record of it, and long after. Returns how many were killed, and how many
    steps have been undone.
    """
    before = bench.snapshot()
    points = iter(points)
    call, when = next(points)
    with fault.halted(bench, 'KILL', when, calls=call, unit=fault.SETTLE) as recovery:
        with fault.killed(bench, fault.JOURNAL, last):
            handing = bench.start_batonctl(side, CARD, '--yes')
            # systemd starts it when the worker has died.
            assert recovery.wait_end()
        # Nothing has been put back yet: the card is where the handoff took it.
        if side == 'guest':
            bench.expect_driver('vfio-pci', CARD, SOUND)
        else:
            bench.expect_driver('bochs-drm', CARD)
            bench.expect_driver('snd_hda_intel', SOUND)

        kills = 1
        for call, when in points:
            recovery.halt('KILL', when, calls=call)
            ended = bench.run('systemctl', 'start', 'baton-settle.service', status=None)
            if ended.status == 0:
                break
            assert 'fatal signal' in ended.err, ended.err
            kills += 1
    # Once more, which is harmless where all is settled.
    bench.run('systemctl', 'start', 'baton-settle.service')
    told = bench.finish(handing, status=None)
    assert told.result['exit'] == story.ROLLED_BACK, told.result
    bench.run('test', '!', '-e', fault.JOURNAL)
    bench.expect_same(before, allow=ALLOWED)
    return kills, len(set(told.steps('undone')))
