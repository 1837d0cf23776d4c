# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop is kept off a card from the next login on, and to the byte let on it again."""

import contextlib
import json
import time

from bench import confined, story

SESSION = True
IMAGES = ('12',)
# Another desktop has been there, and its user's session is gone.
SPOILS = True

CARD, OTHER, DESKTOP = '0000:01:00.0', '0000:02:00.0', '0000:00:02.0'
ACTION = 'io.github.batongpu.Baton.isolate'
HELPER = '/usr/libexec/baton-helper'
RULES = '/etc/udev/rules.d/72-baton-kept-off.rules'
STATE = '/var/lib/baton/kept-off.json'
SEAT = 'seat-baton'

# Where files lie that are no desktop's, and who may open what changes with who sits there.
ALLOWED = ('files:/run/baton', 'files:/run/baton/*', 'files:/var/lib/baton', 'dev:/dev/dri/*', 'dev:/dev/snd/*')

# What a login on a console of its own starts, as a display manager would.
LOG, TERMINAL = '/run/bench-desktop.log', 7
LOGIN = ('systemd-run', '--quiet', '--collect', '--unit=bench-desktop', '-p', 'PAMName=login', '-p', 'User=u',
         '-p', f'TTYPath=/dev/tty{TERMINAL}', '-p', 'StandardInput=tty', '-p', f'StandardOutput=truncate:{LOG}',
         '-p', f'StandardError=truncate:{LOG}', '-p', 'TTYReset=yes', '-p', 'TTYVHangup=yes',
         '-p', f'UtmpIdentifier=tty{TERMINAL}', '-p', 'UtmpMode=user', '-p', 'KillMode=mixed',
         '-E', 'XDG_SESSION_TYPE=wayland')
# VT_ACTIVATE (ioctl_vt(2)): who logs in there sits at the seat from the beginning.
ACTIVATE = f'import fcntl; fcntl.ioctl(open("/dev/tty0", "wb"), 0x5606, {TERMINAL})'
# GNOME's compositor takes every card of its seat and draws with the processor.
MUTTER = ('mutter', '--wayland', '--display-server')
# That of wlroots does, too, and lets those go whose drivers cannot share pictures, as QEMU's cannot.
SWAY = ('-E', 'WLR_RENDERER=pixman', '-E', 'WLR_NO_HARDWARE_CURSORS=1', 'sway', '-d', '-c', '/dev/null')
PATIENCE_S = 60

# What a program in the unit's place may write to.
UNIT = 'baton-isolate@.service'
TRY = '''for file in /etc/shadow /etc/baton.conf /etc/sudoers.d/x /etc/systemd/system/x /etc/pam.d/x /etc/profile \\
  /usr/lib/udev/rules.d/x /boot/x /root/x /home/x /var/lib/x /proc/sys/kernel/core_pattern /proc/sysrq-trigger
do (: >> $file) 2> /dev/null && echo $file; done
: >> /etc/udev/rules.d/baton-bait && rm /etc/udev/rules.d/baton-bait && echo tried'''


def run(bench):
    bench.at_end(bench.run, 'rm', '-f', RULES)
    who_may(bench)
    refused(bench)
    # What is told of the same code without a machine, too.
    if bench.full:
        foreign(bench)
    bench.run('systemctl', 'stop', 'lightdm.service')
    bench.run('loginctl', 'terminate-user', 'u', status=None)
    before = bench.snapshot()
    with_mutter(bench)
    bench.expect_same(before, allow=ALLOWED)
    if bench.full:
        with_sway(bench)
        two_cards(bench, before)
        keeps_to_its_place(bench)
        with_xorg(bench)
        after_a_restart(bench)


def isolate(bench, card, *options, **keywords):
    return bench.batonctl('isolate', card, *options, **keywords)


def is_kept_off(bench, card):
    shown = bench.batonctl('show', card).machine
    return {one['address']: one['kept_off'] for one in shown['cards']}[card]


@contextlib.contextmanager
def unchanged(bench):
    before = bench.snapshot()
    yield
    bench.expect_same(before, allow=('files:/run/baton', 'files:/run/baton/*', 'files:/var/lib/baton'))


def who_may(bench):
    """Nobody without an administrator's password, asked for each time."""
    with unchanged(bench):
        asked = isolate(bench, CARD, user='u', status=None)
        assert asked.code == 'not-authorised', asked.result
        outside = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent', HELPER,
                            'isolate', CARD, status=127)
        assert outside.out == '', outside.out
        with bench.agent('u') as asking:
            kept = isolate(bench, CARD, user='u')
            given = isolate(bench, CARD, '--undo', user='u')
        assert kept.code.startswith('kept-off') and given.code == 'given-back', (kept.result, given.result)
        assert asking.out.split().count(ACTION) == 2, asking.out


def refused(bench):
    with unchanged(bench):
        asked = isolate(bench, DESKTOP, status=story.REFUSED)
        assert asked.code == 'keep-off-boot-display', asked.result
        for arguments in ((CARD, '--und'), (CARD, '--undo', '--undo'), ('0000:99:00.0',), ('../../etc',), ('',)):
            done = bench.run(HELPER, 'isolate', *arguments, status=story.BAD_REQUEST)
            assert json.loads(done.out.splitlines()[-1])['code'] == 'bad-arguments', done.out
        assert isolate(bench, CARD, '--undo').code == 'not-kept-off'


def foreign(bench):
    """A file of that name that Baton did not write, or not so, is its owner's."""
    with bench.file(RULES, '# mine\n'), unchanged(bench):
        for options in ((), ('--undo',)):
            asked = isolate(bench, CARD, *options, status=story.REFUSED)
            assert asked.code == 'keep-off-foreign-file' and asked.result['args']['file'] == RULES, asked.result
        assert not is_kept_off(bench, CARD)
    isolate(bench, CARD)
    bench.run('sh', '-c', 'echo "# and this is mine" >> "$1"', 'sh', RULES)
    with unchanged(bench):
        asked = isolate(bench, CARD, '--undo', status=story.REFUSED)
        assert 'changed since' in asked.result['text'], asked.result
    bench.run('sed', '-i', '$d', RULES)
    isolate(bench, CARD, '--undo')
    bench.run('test', '!', '-e', RULES)
    bench.run('test', '!', '-e', STATE)


def compositors(bench, card):
    """The names of what of a desktop has the card, by Baton's own search."""
    return [holder['name'] for event in bench.batonctl('holders', card).events
            if event['type'] == 'holders' and event['card'] == card
            for holder in event['holders'] if holder['kind'] in ('compositor', 'display-server')]


def descriptors(bench, name, card):
    """How often a program has the card's node for the screen open."""
    node = bench.call('sysfs.node_of', address=card, kind='dri/card')
    # What is closed while it is listed makes ls fail, and is none of these.
    listed = bench.run('sh', '-c', 'for pid in $(pgrep -x "$1"); do ls -l /proc/$pid/fd 2>&1; done', 'sh', name,
                       status=None).out
    return sum(line.endswith(f'-> {node}') for line in listed.splitlines())


def is_on_seat0(bench, card):
    listed = bench.run('loginctl', '--no-pager', '--full', 'seat-status', 'seat0').out
    assert f'{DESKTOP}/drm' in listed, listed
    return f'{card}/drm' in listed


@contextlib.contextmanager
def logged_in(bench, desktop, *cards):
    """A session with this compositor, which has these cards before long."""
    name = next(word for word in desktop if word in ('mutter', 'sway'))
    bench.run('python3', '-c', ACTIVATE)
    # What the one before it said is not this one's.
    bench.run('rm', '-f', LOG)
    bench.run(*LOGIN, *desktop)
    try:
        for card in cards:
            wait_for(bench, name, card)
        yield
    finally:
        # One that has ended by itself is forgotten.
        bench.run('systemctl', 'stop', 'bench-desktop.service', status=None)


def wait_for(bench, name, card):
    deadline = time.monotonic() + PATIENCE_S
    node = bench.call('sysfs.node_of', address=card, kind='dri/card')
    # Baton's own search, again and again, would take the processor from what it waits for.
    bench.call('session.wait_for_user', path=node, program=name, seconds=PATIENCE_S)
    while name not in compositors(bench, card):
        assert time.monotonic() < deadline, log(bench)[-6000:]
        time.sleep(1)


def log(bench):
    return bench.run('cat', LOG, status=None).out


def with_mutter(bench):
    """Kept off while its session has the card, and let on again."""
    assert is_on_seat0(bench, CARD)
    with logged_in(bench, MUTTER, DESKTOP, CARD, OTHER):
        had = descriptors(bench, 'mutter', CARD)
        assert had > 0, log(bench)
        kept = isolate(bench, CARD)
        assert kept.code == 'kept-off-later' and 'mutter' in kept.result['args']['holders'], kept.result
        # Nothing was torn away from who sits there.
        assert descriptors(bench, 'mutter', CARD) >= had and 'mutter' in compositors(bench, DESKTOP)
        assert not is_on_seat0(bench, CARD) and is_kept_off(bench, CARD)
    with logged_in(bench, MUTTER, DESKTOP, OTHER):
        assert compositors(bench, CARD) == [] and not descriptors(bench, 'mutter', CARD)
        assert is_on_seat0(bench, OTHER)
        assert SEAT not in bench.run('loginctl', 'list-seats', '--no-legend').out
        assert isolate(bench, CARD).code == 'kept-off'
        given = isolate(bench, CARD, '--undo')
        assert given.code == 'given-back' and is_on_seat0(bench, CARD), given.result
        assert not is_kept_off(bench, CARD)
    if bench.full:
        with logged_in(bench, MUTTER, DESKTOP, CARD):
            assert descriptors(bench, 'mutter', CARD)


def with_sway(bench):
    """It says which cards it opens, if only for a moment."""
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    with logged_in(bench, SWAY):
        said = log_of_sway(bench)
        assert 'Found 4 GPUs' in said and f'{node} ' in said, said[:6000]
    isolate(bench, CARD)
    with logged_in(bench, SWAY):
        said = log_of_sway(bench)
        assert 'Found 3 GPUs' in said and f'{node} ' not in said, said[:6000]
    isolate(bench, CARD, '--undo')


def log_of_sway(bench):
    """What it says until it is up; which cards it keeps then is another with every release."""
    deadline = time.monotonic() + PATIENCE_S
    while 'Running compositor on wayland display' not in log(bench):
        assert time.monotonic() < deadline, log(bench)[-6000:]
        time.sleep(1)
    return log(bench)


def two_cards(bench, before):
    """One of them is given back, and the other stays where it is."""
    isolate(bench, CARD)
    alone = bench.run('cat', RULES).out
    isolate(bench, OTHER)
    assert is_kept_off(bench, CARD) and is_kept_off(bench, OTHER)
    isolate(bench, OTHER, '--undo')
    assert bench.run('cat', RULES).out == alone
    assert is_kept_off(bench, CARD) and not is_kept_off(bench, OTHER)
    # It goes to a guest and comes back as ever, and is kept off then.
    bench.to_guest(CARD)
    bench.to_host(CARD)
    assert not is_on_seat0(bench, CARD)
    isolate(bench, CARD, '--undo')
    bench.expect_same(before, allow=(*ALLOWED, *story.HANDOFF_LEAVES))


def keeps_to_its_place(bench):
    """A program in its place writes to its three directories and to nothing else that lasts."""
    tried = confined.tried(bench, UNIT, '1' * 32, TRY)
    assert tried == 'tried\n', tried


def with_xorg(bench):
    """Xorg takes every card, and the seat alone keeps it off one: nothing is written for it."""
    config = '/etc/X11/xorg.conf.d/10-bench.conf'
    bench.run('sed', '-i', '/AutoAddGPU/d', config)
    bench.run('systemctl', 'start', 'lightdm.service')
    for card in (DESKTOP, CARD):
        wait_for(bench, 'Xorg', card)
    assert descriptors(bench, 'Xorg', CARD)
    kept = isolate(bench, CARD)
    assert kept.code == 'kept-off-later' and 'Xorg' in kept.result['args']['holders'], kept.result
    bench.run('systemctl', 'restart', 'lightdm.service')
    for card in (DESKTOP, OTHER):
        wait_for(bench, 'Xorg', card)
    assert not descriptors(bench, 'Xorg', CARD) and compositors(bench, CARD) == []


def after_a_restart(bench):
    bench.spawn('systemctl', 'start', '--no-block', '--job-mode=replace-irreversibly', 'reboot.target')
    bench.machine.wait_boot()
    for card in (DESKTOP, OTHER):
        wait_for(bench, 'Xorg', card)
    assert is_kept_off(bench, CARD) and not is_on_seat0(bench, CARD)
    assert not descriptors(bench, 'Xorg', CARD)
    assert isolate(bench, CARD).code == 'kept-off'
    assert isolate(bench, CARD, '--undo').code == 'given-back'
    assert is_on_seat0(bench, CARD)
