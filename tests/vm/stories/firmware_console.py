# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware's framebuffer lets go of a card, and draws on it again where the handoff is undone."""

from bench import fault, story

TOPOLOGIES = 'firmware-draws', 'firmware-draws-vga'
# UEFI takes its time, emulated.
TIER = 'full'
SPOILS = True

CARD = '0000:00:02.0'
DEVICE = 'efi-framebuffer.0'
PLATFORM = '/sys/bus/platform'
STEP = f'unbind-console:{DEVICE}'


def drawn_by(bench):
    """What draws on the firmware's framebuffer, None where it is there and nothing does, and "gone"."""
    if bench.run('test', '-e', f'{PLATFORM}/devices/{DEVICE}', status=None).status != 0:
        return 'gone'
    link = bench.run('readlink', f'{PLATFORM}/devices/{DEVICE}/driver', status=None).out.strip()
    return link.rpartition('/')[2] or None


def text_consoles(bench):
    """Names of what the kernel's consoles are drawn with now."""
    return bench.run('sh', '-c', 'cd /sys/class/vtconsole && for c in *; do [ "$(cat $c/bind)" = 0 ] || '
                     'cat $c/name; done').out


def run(bench):
    # The word that has kept the driver away so far, so that it can come when it is asked for.
    with bench.file('/run/bench-cmdline', 'intel_iommu=on iommu=pt\n'):
        bench.run('mount', '--bind', '/run/bench-cmdline', '/proc/cmdline')
        tell(bench)
        bench.run('umount', '/proc/cmdline')


def tell(bench):
    assert drawn_by(bench) == 'efi-framebuffer'
    assert 'EFI VGA' in bench.run('cat', '/proc/fb').out
    assert 'frame buffer' in text_consoles(bench)
    (card,) = (card for card in bench.batonctl('list').machine['cards'] if card['address'] == CARD)
    assert card['boot_display'], card
    if bench.topology == 'firmware-draws':
        put_back(bench)
        unbound(bench)
    else:
        evicted(bench)
    returned(bench)


def plan(bench):
    asked = bench.batonctl('plan', 'guest', CARD)
    assert 'console-ends' in asked.findings and 'framebuffer-stays' not in asked.findings, asked.findings
    return [step['id'] for step in asked.plan['steps']]


def put_back(bench):
    """The handoff fails when the console is about to go, and when it is gone already."""
    assert STEP in plan(bench)
    before = bench.snapshot()
    for path in ('/sys/bus/pci/drivers/vfio-pci/bind', f'{PLATFORM}/drivers/efi-framebuffer/unbind'):
        with fault.failing(bench, path) as trace:
            failed = bench.to_guest(CARD, status=story.ROLLED_BACK)
            trace.drain()
        assert trace.injected(), (path, trace.seen[-20:])
        assert STEP in failed.steps('undone'), failed.steps()
        assert drawn_by(bench) == 'efi-framebuffer'
        assert 'frame buffer' in text_consoles(bench)
    bench.expect_same(before, allow=story.HANDOFF_LEAVES)


def unbound(bench):
    done = bench.to_guest(CARD)
    assert STEP in done.steps('ok'), done.steps()
    bench.expect_guest(CARD)
    assert drawn_by(bench) is None
    assert 'efifb' not in bench.run('cat', '/proc/iomem').out


def evicted(bench):
    """By vfio-pci itself."""
    assert STEP not in plan(bench)
    bench.to_guest(CARD)
    bench.expect_guest(CARD)
    assert drawn_by(bench) == 'gone'


def left(bench):
    """A driver that takes the card over has the framebuffer's device removed (sysfb_disable(), seen of Linux
    6.12), also where nothing draws on it any more; Linux 6.1 leaves that."""
    return None if bench.topology == 'firmware-draws' and bench.release == '12' else 'gone'


def returned(bench):
    """Its own driver draws the console from now on, and nothing draws on the firmware's."""
    for _ in range(5 if bench.full else 1):
        bench.to_host(CARD)
        bench.expect_driver('bochs-drm', CARD)
        assert drawn_by(bench) == left(bench)
        assert 'bochs' in bench.run('cat', '/proc/fb').out
        assert 'frame buffer' in text_consoles(bench)
        bench.to_guest(CARD)
        bench.expect_guest(CARD)
    bench.to_host(CARD)
