# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that the desktop draws on goes, the session ends for it, and the login screen comes back."""

import contextlib

from bench import domain, fault, screen, story

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
OWN = '0000:00:02.0'
DRIVER = 'virtio-pci'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
STOP, START = 'stop-unit:display-manager.service', 'start-unit:display-manager.service'
NOTES = f'/run/baton/cards/{CARD}.units.json'
# What brings u's commands into the machine may be a session, too, and keeps u's services for as long. Beside
# what logind writes down of each is a pipe.
WHILE_BROUGHT_IN = 'while grep -qsx -D skip SERVICE=login /run/systemd/sessions/*; do sleep 0.1; done'
GUEST = 'Windows 11'
ROUNDS = 5
WRITES = (f'/sys/bus/pci/devices/{CARD}/driver_override', f'/sys/bus/pci/devices/{SOUND}/driver_override',
          '/sys/bus/pci/drivers/snd_hda_intel/unbind', f'/sys/bus/pci/drivers/{DRIVER}/unbind',
          '/sys/bus/pci/drivers/vfio-pci/bind')


def run(bench):
    # Xorg takes every card that there is, as it does where nobody told it otherwise.
    bench.run('rm', XORG_OF_BENCH)
    bench.run('systemctl', 'restart', 'lightdm.service')
    pid = desktop(bench)

    refused(bench, pid)
    if bench.full:
        guest_in_session(bench, pid)
    for _round in range(ROUNDS if bench.full else 1):
        new = handed_over(bench, pid)
        pid = returned(bench, new)
    if bench.full:
        from_console(bench)
        for path in WRITES:
            failed(bench, path)
        killed(bench)
        power_cut(bench)


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def users(bench, address):
    return {one['pid'] for one in bench.call('session.users_of', path=node(bench, address))}


def desktop(bench):
    """The display server of user u, once it draws on the card."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench, CARD), pid=pid, timeout=180)
    return pid


def session_of(bench):
    """logind's number of the session of u on the screen, by its own word."""
    for line in bench.run('loginctl', 'list-sessions', '--no-legend').out.splitlines():
        words = line.split()
        if 'u' in words and 'seat0' in words:
            return words[0]
    raise AssertionError('u has no session')


def active(bench):
    return bench.run('systemctl', 'show', '--property=ActiveState', '--value',
                     'lightdm.service').out.strip()


def refused(bench, pid):
    """Without consent nothing is done, and the plan says what would be."""
    session = session_of(bench)
    asked = bench.to_guest(CARD, status=story.REFUSED)
    blocker = asked.blockers['in-use-display-server']
    assert (blocker['args']['pid'], blocker['consent']) == (str(pid), 'end-session'), blocker
    assert asked.findings['session-ends']['args'] == {'user': 'u', 'session': session}, asked.findings
    assert asked.findings['login-screen-returns']['args']['unit'] == 'lightdm.service'
    assert asked.plan['ends_session'] and asked.steps() == [], asked.plan
    assert [step['id'] for step in asked.plan['steps'][:2]] == [STOP, f'end-session:{session}']
    assert pid in users(bench, CARD) and session_of(bench) == session
    bench.expect_driver(DRIVER, CARD)


@contextlib.contextmanager
def virtual_machine_of_user(bench):
    """libvirt runs one for u, below u's own systemd, as virt-manager does for who is no administrator."""
    virsh = 'virsh', '-c', 'qemu:///session'
    with bench.file('/tmp/bench.xml', domain.DOMAIN.format(name=GUEST, devices='')):
        bench.run('systemd-run', '--user', '--scope', '--quiet', *virsh, 'create', '/tmp/bench.xml', user='u',
                  timeout=300)
    bench.run('timeout', '60', 'sh', '-c', WHILE_BROUGHT_IN)
    try:
        yield
        assert bench.run(*virsh, 'domstate', GUEST, user='u').out.strip() == 'running'
    finally:
        bench.run(*virsh, 'destroy', GUEST, user='u')


def guest_in_session(bench, pid):
    """A virtual machine that would be cut off with the session is named, and no consent goes over it."""
    session = session_of(bench)
    with virtual_machine_of_user(bench):
        guest = bench.run('pgrep', '-u', 'u', '-f', f'guest={GUEST}').out.strip()
        asked = bench.to_guest(CARD, '--end-session', status=story.REFUSED)
        named = asked.blockers['session-has-guest']['args']
        assert named == {'guest': GUEST, 'pid': guest, 'user': 'u'}, asked.blockers
        assert asked.steps() == [], asked.steps()
    assert pid in users(bench, CARD) and session_of(bench) == session
    bench.expect_driver(DRIVER, CARD)


def handed_over(bench, pid):
    session = session_of(bench)
    asked = bench.to_guest(CARD, '--end-session')
    assert asked.steps('ok')[:1] == [STOP] and asked.steps('ok')[-1] == START, asked.steps('ok')
    assert f'end-session:{session}' in asked.steps(), asked.steps()
    bench.expect_guest(CARD, SOUND)
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    bench.run('test', '-e', f'/run/systemd/sessions/{session}', status=1)
    assert active(bench) == 'active'
    # The next one draws on the card that is left.
    new = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench, OWN), pid=new, timeout=180)
    assert session_of(bench) != session
    return new


def returned(bench, pid):
    """Nothing of the desktop ends for it: Xorg takes the card when it is there again."""
    back = bench.to_host(CARD)
    assert START in back.steps('skip') and STOP not in back.steps(), back.steps()
    bench.expect_driver(DRIVER, CARD)
    assert desktop(bench) == pid
    bench.run('test', '-e', NOTES, status=1)
    return pid


def from_console(bench):
    """Whoever logs in on a text console meanwhile, by the keyboard, fetches it from there with a password."""
    bench.to_guest(CARD, '--end-session')
    bench.expect_guest(CARD, SOUND)
    bench.call('session.wait_for_desktop', timeout=180)
    screen.press(bench, 'ctrl', 'alt', 'f3')
    screen.wait_for_text(bench, 3, 'login:')
    screen.enter(bench, 'u')
    screen.wait_for_text(bench, 3, 'Password:')
    screen.enter_password(bench, 3, 'u')
    screen.wait_for_text(bench, 3, 'Password:', '$')
    screen.enter(bench, f'batonctl host {CARD} --yes')
    screen.wait_for_text(bench, 3, 'AUTHENTICATING', 'Password:')
    screen.enter_password(bench, 3, 'u')
    screen.wait_for_text(bench, 3, 'AUTHENTICATION COMPLETE', '$')
    bench.expect_driver(DRIVER, CARD)
    assert active(bench) == 'active'
    screen.enter(bench, 'exit')
    screen.press(bench, 'ctrl', 'alt', 'f7')
    desktop(bench)


def failed(bench, path):
    """What cannot be handed over leaves a login screen behind, and a session comes."""
    with fault.failing(bench, path) as trace:
        asked = bench.to_guest(CARD, '--end-session', status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), (path, trace.seen[-20:])
    assert asked.code == 'rolled-back-after-closing', asked.result
    assert 'session-' in asked.result['args']['programs'], asked.result
    assert STOP in asked.steps('undone'), asked.steps('undone')
    bench.expect_driver(DRIVER, CARD)
    assert active(bench) == 'active'
    desktop(bench)


def killed(bench):
    """Whoever handed it over is killed in the middle: recovery brings the login screen back."""
    # After the session has ended and before the card is away: two records a step.
    with fault.killed(bench, fault.JOURNAL, 9) as trace:
        asked = bench.to_guest(CARD, '--end-session', status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert STOP in asked.steps('undone'), asked.steps('undone')
    bench.expect_driver(DRIVER, CARD)
    assert active(bench) == 'active'
    desktop(bench)


def power_cut(bench):
    """The power fails while the guest has the card: the next boot shows a desktop on it, with no hand work."""
    bench.to_guest(CARD, '--end-session')
    bench.expect_guest(CARD, SOUND)
    bench.machine.power_cut()
    bench.expect_driver(DRIVER, CARD)
    desktop(bench)
    bench.run('test', '-e', NOTES, status=1)
