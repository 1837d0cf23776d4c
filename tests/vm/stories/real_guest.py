# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine opens the card; the return is refused and names it."""

from bench import story

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def run(bench):
    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    with bench.guest(CARD, SOUND) as guest:
        links = bench.run('sh', '-c', f'readlink /proc/{guest.pid}/fd/*').out
        assert 'anon_inode:[vfio-device]' in links, links

        refused = bench.to_host(CARD, status=story.REFUSED)
        args = refused.blockers['guest-has-card']['args']
        assert args['pid'] == str(guest.pid), args
        assert 'guest-of-the-bench' in args['guest'], args
        bench.expect_driver('vfio-pci', CARD, SOUND)
        # Nobody asked the guest to give anything up.
        assert guest.status is None
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
