# SPDX-License-Identifier: GPL-3.0-or-later
"""The return waits for the virtual machine, and comes by itself when it stops."""

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def run(bench):
    bench.to_guest(CARD)
    with bench.guest(CARD, SOUND) as guest:
        waiting = bench.start_batonctl('host', CARD, '--yes', '--when-free')
        lines = waiting.lines()
        seen = []
        for line in lines:
            seen.append(line)
            if '"wait-guest:' in line and '"start"' in line:
                break
        assert guest.status is None
        bench.expect_driver('vfio-pci', CARD, SOUND)
        guest.write('{"execute":"quit"}\n')
        for line in lines:
            seen.append(line)
    assert waiting.status == 0, (waiting.status, seen[-1])
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
