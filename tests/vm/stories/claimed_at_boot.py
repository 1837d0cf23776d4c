# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that is claimed at boot starts on vfio-pci, its twin does not, and the undo takes all of it back."""

import contextlib

from bench import ramdisk, story

TOPOLOGY = 'twins'
# It makes RAM disks, and starts from each of them.
TIER = 'full'
IMAGES = ('12',)
OWN_DISKS = True
SPOILS = True

# The second of the two: one bus further its twin is at its address.
TWIN, TWIN_SOUND, CARD, SOUND = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0', '0000:02:00.1'
DESKTOP = '0000:00:02.0'
CLAIMS, REPORT = '/etc/baton/claims', '/run/baton/claim-report'
PROGRAM = '/usr/lib/baton/claim-at-boot'


def run(bench):
    image = ramdisk.put_in_boot(bench)
    # What mkinitramfs asks about the kernel.
    bench.run('sh', '-c', 'cat > "$1"', 'sh', image.replace('initrd.img', 'config'), stdin='CONFIG_RD_LZ4=y\n')

    refused(bench, image)
    failed(bench, image)
    claimed(bench, image)
    ramdisk.start_from(bench, image)
    after_a_start(bench)
    another_at_its_address(bench)
    not_this_time(bench)
    shifted(bench)
    undone(bench, image)


def digest(bench, path):
    return bench.run('sha256sum', path).out.split()[0]


def listing(bench, image):
    """What is in a RAM disk."""
    return set(bench.run('lsinitramfs', image, timeout=300).out.split())


def kept_in_boot(bench):
    """The images in /boot, whatever their names."""
    return bench.run('find', '/boot', '-type', 'f', '!', '-name', 'config-*').out.split()


@contextlib.contextmanager
def nothing_changed(bench, image):
    before = digest(bench, image)
    yield
    assert digest(bench, image) == before
    bench.run('test', '!', '-e', CLAIMS)
    assert kept_in_boot(bench) == [image]


def refused(bench, image):
    with nothing_changed(bench, image):
        assert ramdisk.claim(bench, DESKTOP, status=story.REFUSED).code == 'claim-boot-display'
        assert ramdisk.claim(bench, CARD, '--undo').code == 'not-claimed'
        bench.run('mkdir', '-p', '/etc/initramfs/post-update.d')
        with bench.file('/etc/initramfs/post-update.d/elsewhere', 'true\n'):
            asked = ramdisk.claim(bench, CARD, status=story.REFUSED)
            assert asked.code == 'claim-no-image' and 'elsewhere' in asked.result['text'], asked.result
    bench.run('mkdir', '-p', '/etc/baton')
    with bench.file(CLAIMS, '# mine\n'):
        asked = ramdisk.claim(bench, CARD, status=story.REFUSED)
        assert asked.code == 'claim-foreign-file' and asked.result['args']['file'] == CLAIMS, asked.result


def failed(bench, image):
    """Whatever goes wrong where the image is made, the old one stays."""
    with nothing_changed(bench, image):
        for hook, reason in (('exit 3', 'zz-bench'),
                             ('rm "$DESTDIR/etc/baton/claims"', 'what is claimed')):
            text = f'#!/bin/sh\n[ "$1" != prereqs ] || {{ echo baton-claim; exit 0; }}\n{hook}\n'
            with bench.file('/etc/initramfs-tools/hooks/zz-bench', text):
                bench.run('chmod', '755', '/etc/initramfs-tools/hooks/zz-bench')
                asked = ramdisk.claim(bench, CARD, status=story.ERROR)
            assert asked.code == 'claim-image-failed' and reason in asked.result['text'], asked.result


def claimed(bench, image):
    before = digest(bench, image)
    assert ramdisk.claim(bench, CARD).code == 'claim-made'
    assert digest(bench, image) != before
    assert {CLAIMS[1:], PROGRAM[1:], 'scripts/init-top/baton-claim'} <= listing(bench, image)
    assert kept_in_boot(bench) == [image]
    # Until the next start nothing is different.
    bench.expect_driver('bochs-drm', CARD, TWIN)
    assert claimed_functions(bench) == {DESKTOP: [], CARD: [CARD, SOUND], TWIN: []}


def claimed_functions(bench):
    shown = bench.batonctl('list').machine
    return {card['address']: card['claimed_at_boot'] for card in shown['cards']}


def start_as(bench, topology):
    ramdisk.go_down(bench, 'poweroff.target')
    bench.machine.start_as(topology)


def expect_claimed(bench):
    assert bench.run('cat', REPORT).out.splitlines() == [f'{CARD} claimed', f'{SOUND} claimed']
    bench.expect_guest(CARD, SOUND)
    for address in (CARD, SOUND):
        assert bench.function(address)['override'] == 'vfio-pci', address


def after_a_start(bench):
    expect_claimed(bench)
    # Its own drivers are there for the twin, and have never seen it.
    bench.expect_driver('bochs-drm', TWIN)
    bench.expect_driver('snd_hda_intel', TWIN_SOUND)
    said = bench.run('dmesg').out.splitlines()
    # What the driver of the sound says of a device is nothing, where all is well.
    assert [line for line in said if 'bochs' in line and TWIN in line], said[-40:]
    for driver, card in (('bochs', CARD), ('snd_hda_intel', SOUND)):
        assert not [line for line in said if driver in line and card in line], (driver, said[-40:])
    notes = bench.batonctl('plan', 'host', CARD).findings
    assert 'claimed-at-boot' in notes and 'claim-not-made' not in notes, notes
    # By hand it goes where it is wanted.
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)


def another_at_its_address(bench):
    """What is there now is looked at: another card, or one whose driver was faster."""
    text = bench.run('cat', CLAIMS).out
    bench.run('sed', '-i', f's/^{CARD} ..../{CARD} 9999/', CLAIMS)
    bench.run(PROGRAM)
    report = bench.run('cat', REPORT).out.splitlines()
    assert report[0].startswith(f'{CARD} other ') and report[1] == f'{SOUND} late snd_hda_intel', report
    bench.expect_driver('bochs-drm', CARD)
    bench.run('sh', '-c', 'cat > "$1"', 'sh', CLAIMS, stdin=text)


def not_this_time(bench):
    """With the word on the kernel's command line the card starts as if it had never been claimed; without it, it is."""
    start_as(bench, 'twins-unclaimed')
    assert ' baton.claim=no' in bench.run('cat', '/proc/cmdline').out
    assert bench.run('cat', REPORT).out.splitlines() == [f'{CARD} skipped', f'{SOUND} skipped']
    bench.expect_driver('bochs-drm', CARD, TWIN)
    bench.expect_driver('snd_hda_intel', SOUND, TWIN_SOUND)
    for address in (CARD, SOUND):
        assert bench.function(address)['override'] is None, address
    assert not bench.run('systemctl', '--failed', '--plain', '--no-legend').out
    # It says so, and that is all that it says about it: the card can go to a guest by hand.
    findings = bench.batonctl('plan', 'guest', CARD).findings
    assert 'baton.claim=no' in findings['claim-not-made']['args']['reason'], findings
    assert claimed_functions(bench) == {DESKTOP: [], CARD: [CARD, SOUND], TWIN: []}
    bench.to_guest(CARD)
    bench.to_host(CARD)
    start_as(bench, 'twins')
    expect_claimed(bench)


def shifted(bench):
    """One more bus before them all: where the card was is its twin now, and keeps its driver."""
    start_as(bench, 'twins-behind-port')
    report = bench.run('cat', REPORT).out.splitlines()
    assert [line.split()[:2] for line in report] == [[CARD, 'other'], [SOUND, 'other']], report
    further, further_sound = '0000:03:00.0', '0000:03:00.1'
    bench.expect_driver('bochs-drm', CARD, further)
    bench.expect_driver('snd_hda_intel', SOUND, further_sound)
    assert bench.function(CARD)['override'] is None, bench.function(CARD)
    assert claimed_functions(bench) == {DESKTOP: [], CARD: [], further: []}
    findings = bench.batonctl('plan', 'guest', CARD).findings
    assert findings['claim-not-made']['args']['address'] in (CARD, SOUND), findings


def undone(bench, image):
    """By the address that was claimed, though the card is elsewhere now."""
    before = listing(bench, image)
    assert ramdisk.claim(bench, CARD, '--undo').code == 'claim-undone'
    bench.run('test', '!', '-e', CLAIMS)
    bench.run('test', '!', '-e', '/var/lib/baton/claims.json')
    # Nothing is gone but what claimed, and the modules that came with it.
    now = listing(bench, image)
    assert now < before and CLAIMS[1:] not in now and PROGRAM[1:] not in now, now ^ before
    strangers = [path for path in before - now if not any(word in path for word in ('baton', 'vfio', '/virt'))]
    assert not strangers, strangers
