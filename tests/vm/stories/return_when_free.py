# SPDX-License-Identifier: GPL-3.0-or-later
"""The return waits for the virtual machine, other cards come and go, and it comes by itself."""

IMAGES = ('13',)

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'


def wait(bench, *arguments):
    """A handoff that waits for a virtual machine by now."""
    waiting = bench.follow(bench.start_batonctl(*arguments, '--yes'))
    waiting.until(type='step', id=f'wait-guest:{CARD}', state='start')
    return waiting


def run(bench):
    bench.to_guest(CARD)
    with bench.guest(CARD, SOUND) as guest:
        waiting = wait(bench, 'host', CARD, '--when-free')
        bench.to_guest(OTHER)
        bench.expect_guest(OTHER)
        assert guest.status is None
        bench.expect_driver('vfio-pci', CARD, SOUND)
        guest.write('{"execute":"quit"}\n')
        assert waiting.end()['state'] == 'done'
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.to_host(OTHER)
    bench.expect_driver('cirrus', OTHER)

    # Taken back by hand before a virtual machine came: whoever waited for one has nothing to do.
    waiting = wait(bench, 'guest', CARD, '--until-free')
    assert bench.to_host(CARD).code == 'returned'
    bench.expect_driver('bochs-drm', CARD)
    assert waiting.end()['code'] == 'nothing-to-do'

    # Told to wait no longer, without being named: the card stays where it is.
    waiting = wait(bench, 'guest', CARD, '--until-free')
    assert bench.batonctl('cancel').code == 'cancel-asked'
    assert waiting.end()['code'] == 'handed-over'
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
