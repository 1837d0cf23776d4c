# SPDX-License-Identifier: GPL-3.0-or-later
"""Where dracut makes the RAM disks, a card is claimed at boot as well, and the image is a whole one."""

from bench import ramdisk, story

TOPOLOGY = 'twins'
FLAVOUR = 'dracut'
# It makes RAM disks, and starts from one of them.
TIER = 'full'
OWN_DISKS = True
SPOILS = True

# The second of two with equal ids.
TWIN, TWIN_SOUND, CARD, SOUND = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0', '0000:02:00.1'
REPORT = '/run/baton/claim-report'
HELD = {'etc/baton/claims', 'usr/lib/baton/claim-at-boot'}


def run(bench):
    image = ramdisk.put_in_boot(bench)
    # A computer has one of the two tools, and the bench's own image was made with the other.
    asked = ramdisk.claim(bench, CARD, status=story.REFUSED)
    assert asked.code == 'claim-no-image' and 'initramfs-tools and dracut' in asked.result['text'], asked.result
    bench.run('mv', '/usr/sbin/mkinitramfs', '/usr/sbin/mkinitramfs.bench')
    bench.run('sh', '-c', 'echo compress=lz4 > /etc/dracut.conf.d/bench.conf')

    # As Debian's package has it made.
    bench.run('dracut', '--force', image, image.partition('-')[2], timeout=ramdisk.PATIENCE_S)
    before = listing(bench, image)
    assert ramdisk.claim(bench, CARD).code == 'claim-made'
    claimed = listing(bench, image)
    assert claimed > before | HELD, (before | HELD) - claimed

    ramdisk.start_from(bench, image)
    assert bench.run('cat', REPORT).out.splitlines() == [f'{CARD} claimed', f'{SOUND} claimed']
    bench.expect_guest(CARD, SOUND)
    bench.expect_driver('bochs-drm', TWIN)
    bench.expect_driver('snd_hda_intel', TWIN_SOUND)

    assert ramdisk.claim(bench, CARD, '--undo').code == 'claim-undone'
    assert listing(bench, image) == before, listing(bench, image) ^ before


def listing(bench, image):
    """Names of what is in a RAM disk, but for device files: the kernel makes those."""
    lines = bench.run('lsinitrd', image, timeout=300).out.splitlines()
    return {line.partition(' -> ')[0].split()[-1] for line in lines if line[:1] in '-dl' and len(line.split()) > 8}
