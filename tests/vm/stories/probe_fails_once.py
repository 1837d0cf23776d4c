# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver that fails once to take the card back gets it all the same, or the guest keeps it.

The failure is the sound driver's own: with "enable=0,1" it refuses the first
device that it is given with ENOENT, once, and takes the next one (azx_probe()
in sound/pci/hda/hda_intel.c).
"""

import errno

from bench import story

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DRIVER = 'snd_hda_intel'

# What was found anew is in a group of another number.
LEAVES = (f'functions:{CARD}', f'functions:{SOUND}')


def load(bench, *options):
    """The driver counts anew what it is given; nobody has a device of it now."""
    bench.run('modprobe', '-r', DRIVER)
    bench.run('modprobe', DRIVER, *options)


def to_guest(bench):
    """While the card is away, its driver becomes one that fails at first."""
    bench.to_guest(CARD)
    load(bench, 'enable=0,1')


def load_as_ever(bench):
    load(bench)
    bench.call('setup.settle')
    bench.expect_driver(DRIVER, SOUND)


def failure(handoff):
    """How the driver refused."""
    (failed,) = (event for event in handoff.events if event['type'] == 'step' and
                 event['state'] == 'fail' and event['id'] == f'bind:{SOUND}')
    return failed['code'], failed['errno']


def run(bench):
    bench.at_end(load_as_ever, bench)

    to_guest(bench)
    returned = bench.to_host(CARD)
    assert failure(returned) == ('bind-refused', errno.ENOENT), returned.steps()
    assert f'reset:{CARD}' in returned.steps('start'), returned.steps()
    expect_host(bench)

    # Only asked once, it says no, and the whole card is where it was.
    with bench.file('/etc/baton.conf', f'[{CARD}]\nreturn-method=bind\n'):
        to_guest(bench)
        before = bench.snapshot()
        kept = bench.to_host(CARD, status=story.ROLLED_BACK)
        assert failure(kept) == ('bind-refused', errno.ENOENT), kept.steps()
        assert kept.result['at_step'] == f'bind:{SOUND}', kept.result
        bench.expect_guest(CARD, SOUND)
        bench.expect_same(before, allow=story.HANDOFF_LEAVES)
        bench.to_host(CARD)
    expect_host(bench)


def expect_host(bench):
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver(DRIVER, SOUND)
    assert bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    assert bench.call('sysfs.node_of', address=SOUND, kind='snd/control')
