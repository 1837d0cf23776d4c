# SPDX-License-Identifier: GPL-3.0-or-later
"""A parked card serves the desktop while the strong one is with a virtual machine, and is parked again after it."""

import json
import re

from bench import fault, story

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

# The text consoles are the strong one's, as its desktop is.
STRONG = '0000:00:02.0'
WEAK, SOUND = '0000:01:00.0', '0000:01:00.1'
STRONG_DRIVER, WEAK_DRIVER = 'bochs-drm', 'virtio-pci'
DIRECTORY = '/etc/X11/xorg.conf.d'
XORG_OF_BENCH = f'{DIRECTORY}/10-bench.conf'
XORG_STRONG, XORG_WEAK = f'{DIRECTORY}/10-strong.conf', '/etc/X11/weak.conf'
LOG = '/var/log/Xorg.0.log'
CONF = '/etc/baton.conf'
STOP, START = 'stop-unit:display-manager.service', 'start-unit:display-manager.service'
DEVICES = '/sys/bus/pci/devices'
NOTE = f'/run/baton/cards/{STRONG}.stand-in.json'
RECORD = f'/run/baton/cards/{STRONG}.json'


def device(bus):
    return ('Section "ServerFlags"\n\tOption "AutoAddGPU" "false"\n\tOption "BlankTime" "0"\nEndSection\n'
            'Section "Device"\n\tIdentifier "screen"\n\tDriver "modesetting"\n'
            f'\tBusID "{bus}"\n\tOption "AccelMethod" "none"\nEndSection\n')


def run(bench):
    prepare(bench)
    refused(bench)
    for _round in range(5 if bench.full else 1):
        handed_over(bench)
        returned(bench)
    if bench.full:
        unasked(bench)
        failed(bench)
        killed(bench)
        power_cut(bench)


def prepare(bench):
    """The weak card is parked as at boot, and the desktop draws on the strong one alone."""
    bench.run('systemctl', 'stop', 'lightdm.service')
    bench.run('rm', XORG_OF_BENCH)
    write(bench, XORG_STRONG, device('PCI:0:2:0'))
    write(bench, XORG_WEAK, device('PCI:1:0:0'))
    # As a boot that parks it leaves it: nobody remembers how it was before.
    bench.to_guest(WEAK)
    bench.run('sh', '-c', 'rm /run/baton/cards/*')
    bench.run('systemctl', 'start', 'lightdm.service')
    desktop(bench, STRONG)


def override(address):
    return f'{DEVICES}/{address}/driver_override'


def write(bench, path, text):
    bench.run('tee', path, stdin=text)


def identity(bench, address):
    numbers = (bench.run('cat', f'{DEVICES}/{address}/{name}').out.strip()[2:]
               for name in ('vendor', 'device', 'subsystem_vendor', 'subsystem_device'))
    return ':'.join(numbers)


def configure(bench, stand_in):
    write(bench, CONF, f'[{STRONG}]\nxorg-host={XORG_STRONG}\nxorg-guest={XORG_WEAK}\n{stand_in}')


def node(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='dri/card')


def framebuffer(bench, address):
    return bench.call('sysfs.node_of', address=address, kind='fb')


def desktop(bench, address):
    """The display server of user u, once it draws on a card, and by its own log on no other."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench, address), pid=pid, timeout=180)
    found = set(re.findall(r'using drv (/dev/dri/card\d+)', bench.run('cat', LOG).out))
    assert found == {node(bench, address)}, found
    return pid


def active(bench):
    return bench.run('systemctl', 'show', '--property=ActiveState', '--value',
                     'lightdm.service').out.strip()


def expect_strong(bench):
    """As it was: the desktop on the strong card, and the weak one parked."""
    bench.expect_driver(STRONG_DRIVER, STRONG)
    bench.expect_driver('vfio-pci', WEAK, SOUND)
    assert bench.run('cat', override(WEAK)).out.strip() == 'vfio-pci'
    assert active(bench) == 'active'
    for path in (NOTE, RECORD):
        bench.run('test', '-e', path, status=1)
    assert bench.call('sysfs.console_framebuffer') == framebuffer(bench, STRONG)
    return desktop(bench, STRONG)


def refused(bench):
    """Without a card that stands in the last screen would go; with one it is asked about the session alone."""
    configure(bench, '')
    asked = bench.to_guest(STRONG, '--end-session', status=story.REFUSED)
    assert 'only-display' in asked.blockers, asked.blockers

    for name, code in (('0000:00:1f.7', 'stand-in-missing'), (STRONG, 'stand-in-is-card'),
                       ('0000:00:00.0', 'stand-in-no-card'),
                       (f'{WEAK}=1002:6611:1da2:e269', 'other-device-at-address')):
        configure(bench, f'stand-in={name}\n')
        asked = bench.to_guest(STRONG, '--end-session', status=story.REFUSED)
        assert code in asked.blockers, (name, asked.blockers)

    configure(bench, f'stand-in={WEAK}={identity(bench, WEAK)}\n')
    asked = bench.to_guest(STRONG, status=story.REFUSED)
    assert set(asked.blockers) == {'in-use-display-server'}, asked.blockers
    assert 'stand-in-comes' in asked.findings, asked.findings
    assert f'{WEAK}=' in bench.run('batonctl', 'configure', STRONG).out
    expect_strong(bench)


def cards_of(asked):
    """Which card each of the plan's steps is for."""
    return {step['id']: step['card'] for step in asked.plan['steps']}


def handed_over(bench):
    pid = expect_strong(bench)
    asked = bench.to_guest(STRONG, '--end-session')
    steps, cards = asked.steps('ok'), cards_of(asked)
    order = [STOP, f'unbind:{STRONG}', f'verify:{STRONG}', f'unbind:{WEAK}', f'set-override:{WEAK}',
             f'bind:{WEAK}', f'verify:{WEAK}', START]
    assert [step for step in steps if step in order] == order, steps
    assert cards[f'bind:{WEAK}'] == cards[START] == WEAK and cards[f'bind:{STRONG}'] is None, cards
    bench.expect_guest(STRONG)
    bench.expect_driver(WEAK_DRIVER, WEAK)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert json.loads(bench.run('cat', NOTE).out)['address'] == WEAK
    assert bench.call('sysfs.console_framebuffer') == framebuffer(bench, WEAK)
    with bench.guest(STRONG):
        desktop(bench, WEAK)
    return steps


def returned(bench):
    pid = desktop(bench, WEAK)
    asked = bench.to_host(STRONG, status=story.REFUSED)
    assert set(asked.blockers) == {'in-use-display-server'} and asked.plan['ends_session'], asked.plan
    assert desktop(bench, WEAK) == pid
    asked = bench.to_host(STRONG, '--end-session')
    order = [STOP, f'unbind:{STRONG}', f'bind:{STRONG}', f'verify:{STRONG}', f'set-override:{WEAK}',
             f'unbind:{WEAK}', f'bind:{WEAK}', f'verify:{WEAK}', START]
    steps = asked.steps('ok')
    assert [step for step in steps if step in order] == order, steps
    assert expect_strong(bench) != pid


def unasked(bench):
    """It comes back by itself: nobody's desktop ends for that, until somebody says so."""
    handed_over(bench)
    pid = desktop(bench, WEAK)
    waiting = bench.follow(bench.start_batonctl('guest', STRONG, '--until-free', '--yes'))
    waiting.until(type='step', id=f'wait-guest:{STRONG}', state='start')
    with bench.guest(STRONG) as guest:
        guest.write('{"execute":"quit"}\n')
        assert waiting.end()['code'] == 'returned'
    bench.expect_driver(STRONG_DRIVER, STRONG)
    bench.expect_driver(WEAK_DRIVER, WEAK)
    assert desktop(bench, WEAK) == pid
    bench.to_host(STRONG, '--end-session')
    expect_strong(bench)


def failed(bench):
    """The stand-in does not come: the strong card is fetched back, and a desktop with it."""
    with fault.failing(bench, override(WEAK)) as trace:
        asked = bench.to_guest(STRONG, '--end-session', status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert f'bind:{STRONG}' in asked.steps('undone') and f'unbind:{WEAK}' in asked.steps('undone'), asked.steps()
    expect_strong(bench)

    # Nor does the strong one come back: it stays where it was, and the desktop with the weak one.
    handed_over(bench)
    with fault.failing(bench, override(STRONG)) as trace:
        asked = bench.to_host(STRONG, '--end-session', status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    bench.expect_guest(STRONG)
    bench.expect_driver(WEAK_DRIVER, WEAK)
    desktop(bench, WEAK)
    bench.to_host(STRONG, '--end-session')
    expect_strong(bench)


def killed(bench):
    """Whoever carries it out is killed when the stand-in is on its way: recovery puts both back."""
    steps = handed_over(bench)
    returned(bench)
    for step in (f'bind:{WEAK}', f'verify:{WEAK}'):
        # Two records a step, behind the first of all, and none where the consoles are there by themselves.
        with fault.killed(bench, fault.JOURNAL, 2 * steps.index(step) + 3) as trace:
            asked = bench.to_guest(STRONG, '--end-session', status=story.ROLLED_BACK)
            trace.drain()
        assert trace.injected(), trace.seen[-20:]
        assert f'unbind:{WEAK}' in asked.steps('undone') and STOP in asked.steps('undone'), asked.steps('undone')
        expect_strong(bench)


def power_cut(bench):
    """The next boot knows nothing of it: each card is where the boot puts it."""
    handed_over(bench)
    bench.machine.power_cut()
    for address, driver in ((STRONG, STRONG_DRIVER), (WEAK, WEAK_DRIVER)):
        bench.expect_driver(driver, address)
    for path in (NOTE, RECORD, fault.JOURNAL):
        bench.run('test', '-e', path, status=1)
    desktop(bench, STRONG)
