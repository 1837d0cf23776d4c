# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop draws on one of two equal cards and keeps off the other, which goes and comes as it lives."""

SESSION = True
TOPOLOGY = 'twins'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND, TWIN = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
DRIVER = 'bochs-drm'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
RULES = '/etc/udev/rules.d/72-baton-kept-off.rules'


def run(bench):
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    bench.run('rm', XORG_OF_BENCH)
    bench.at_end(bench.run, 'rm', '-f', RULES)
    desktop(bench, CARD, TWIN)
    assert bench.batonctl('isolate', CARD).code == 'kept-off-later'

    pid = desktop(bench, TWIN)
    assert not is_used(bench, pid, CARD)
    assert bench.batonctl('isolate', CARD).code == 'kept-off'
    for _ in range(5 if bench.full else 1):
        bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
        assert is_used(bench, pid, TWIN)
        bench.to_host(CARD)
        bench.expect_driver(DRIVER, CARD, TWIN)
        # A new node, which Xorg is told of: it is still not its seat's.
        assert is_used(bench, pid, TWIN) and not is_used(bench, pid, CARD)

    assert bench.batonctl('isolate', CARD, '--undo').code == 'given-back'
    if bench.full:
        desktop(bench, CARD, TWIN)


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def is_used(bench, pid, address):
    return pid in {one['pid'] for one in bench.call('session.users_of', path=node(bench, address))}


def desktop(bench, *cards):
    """A new display server, once it draws on these."""
    bench.run('systemctl', 'restart', 'lightdm.service')
    pid = bench.call('session.wait_for_desktop', timeout=180)
    for card in cards:
        bench.call('session.wait_for_use', path=node(bench, card), pid=pid, timeout=180)
    return pid
