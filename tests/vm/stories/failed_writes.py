# SPDX-License-Identifier: GPL-3.0-or-later
"""Every write to the kernel fails, and each time everything is put back.

But for a driver that does not take the card when it is told to: it takes it
when the card has been found anew.
"""

from bench import fault, story

TIER = 'full'
CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# The report and the last handoffs' events differ, as they must.
ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/vfio*', 'files:/run/baton*',
           'files:/var/lib/baton*')

# What was found anew is in a group of another number; the story looks at the rest itself.
LEAVES = (f'functions:{CARD}', f'functions:{SOUND}')


def writes_of(bench, hand):
    found = fault.files_written(bench, lambda: hand(CARD))
    assert len(found) >= 4, found
    return found


def run(bench):
    # Modules that a handoff loads stay; so that snapshots agree, they are here.
    bench.run('modprobe', 'vfio-pci')
    to_guest = writes_of(bench, bench.to_guest)
    to_host = writes_of(bench, bench.to_host)

    before = bench.snapshot()
    for path in to_guest:
        fail(bench, bench.to_guest, path, before)
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)

    bench.to_guest(CARD)
    before = bench.snapshot()
    for path in to_host:
        if path.endswith('/bind'):
            find_anew(bench, path)
        else:
            fail(bench, bench.to_host, path, before)
        bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def find_anew(bench, path):
    with fault.failing(bench, path) as trace:
        back = bench.to_host(CARD)
        trace.drain()
    assert trace.injected(), (path, trace.seen[-20:])
    assert f'rescan-bus:{CARD[:7]}' in back.steps('ok'), back.steps()
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.to_guest(CARD)


def fail(bench, hand, path, before):
    with fault.failing(bench, path) as trace:
        failed = hand(CARD, status=None)
        trace.drain()
    assert trace.injected(), (path, failed.result, trace.seen[-20:])
    assert failed.result['exit'] == story.ROLLED_BACK, (path, failed.result)
    assert failed.steps('fail'), (path, failed.steps())
    bench.expect_same(before, allow=ALLOWED)
