# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine of libvirt's is started with the card, and with its end the card comes back."""

from bench import domain, story

IMAGES = ('13',)
# libvirt stays when it was asked once, and makes directories of its own.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
NAME = 'Windows  11 $(reboot)'
BOTH = domain.hostdev(CARD) + domain.hostdev(SOUND)


def start(bench, name, **keywords):
    return bench.to_guest(CARD, '--start-guest', name, **keywords)


def expect_home(bench):
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)


def run(bench):
    bench.run('systemctl', 'start', 'libvirtd.service')
    refused(bench)
    with domain.defined(bench, NAME, BOTH):
        runs(bench)
    with domain.defined(bench, 'broken', BOTH + domain.MISSING_DISK):
        broken(bench)


def refused(bench):
    """Whatever would leave the card with nobody is told before anything has changed."""
    for name, code in (('nobody', 'no-such-guest'), ('-rf', 'no-such-guest')):
        asked = start(bench, name, status=story.REFUSED)
        assert code in asked.blockers and asked.steps() == [], asked.blockers
    for name in ('../../passwd', '', 'a\nb'):
        assert start(bench, name, status=story.BAD_REQUEST).code == 'bad-arguments'
    with domain.defined(bench, 'other', domain.hostdev(SOUND)):
        asked = start(bench, 'other', status=story.REFUSED)
        assert asked.blockers['guest-without-card']['args']['address'] == CARD, asked.blockers
    expect_home(bench)


def runs(bench):
    handing = bench.follow(bench.start_batonctl('guest', CARD, '--yes', '--start-guest', NAME))
    handing.until(type='step', id=f'wait-guest:{CARD}', state='start')
    bench.expect_driver('vfio-pci', CARD, SOUND)
    assert bench.run('virsh', 'domstate', NAME).out.strip() == 'running'
    with_card = bench.batonctl('host', CARD, '--yes', status=story.REFUSED)
    assert 'guest-has-card' in with_card.blockers, with_card.blockers
    again = start(bench, NAME, status=story.REFUSED)
    assert 'guest-runs-already' in again.blockers, again.blockers
    bench.run('virsh', 'destroy', NAME)
    assert handing.end()['code'] == 'returned', handing.events[-1]
    expect_home(bench)


def broken(bench):
    """It fails at once: nothing is as it was to be, so all is as it was."""
    tried = start(bench, 'broken', status=story.ROLLED_BACK)
    said = [event['text'] for event in tried.events
            if event['type'] == 'step' and event['code'] == 'guest-not-started']
    assert len(said) == 1 and '/nowhere/disk.img' in said[0], said
    expect_home(bench)
