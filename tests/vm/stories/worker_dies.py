# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker dies of a fault of its own, or for want of memory, and recovery puts all back."""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*', 'units:baton-settle.service')

# Which record of the journal it does not come to write: some of its work is done by then.
RECORD = 9


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    before = bench.snapshot()
    for dies in (by_a_fault, for_want_of_memory):
        ended = dies(bench)
        assert ended.result['exit'] == story.ROLLED_BACK, ended.result
        assert ended.steps('undone'), ended.events
        bench.run('test', '!', '-e', fault.JOURNAL)
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
        bench.expect_same(before, allow=ALLOWED)


def by_a_fault(bench):
    with fault.halted(bench, 'SEGV', RECORD, '-P', fault.JOURNAL) as trace:
        ended = bench.to_guest(CARD, status=None)
        trace.drain()
    assert any('killed by SIGSEGV' in line for line in trace.seen), trace.seen[-20:]
    return ended


def for_want_of_memory(bench):
    """The kernel's own killer takes it, as it would where a service has used up what it may."""
    with fault.stopped(bench, fault.JOURNAL, RECORD, aside=True) as trace:
        handing = bench.start_batonctl('guest', CARD, '--yes')
        pid = trace.wait_stopped()
        assert pid is not None, trace.seen
        group = bench.run('cat', f'/proc/{pid}/cgroup').out.strip().removeprefix('0::')
        bench.run('sh', '-c', f'echo 1 >/sys/fs/cgroup{group}/memory.max')
        ended = bench.finish(handing, status=None)
    assert f'out of memory: Killed process {pid} ' in bench.run('dmesg').out
    return ended
