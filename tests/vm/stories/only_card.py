# SPDX-License-Identifier: GPL-3.0-or-later
"""The only card of a computer goes to a virtual machine, desktop and all, and comes back by itself."""

import json

from bench import ssh, story

SESSION = True
TOPOLOGY = 'single'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD = '0000:00:02.0'
DRIVER = 'bochs-drm'
REPORT = '/var/lib/baton/report.json'
STOP, START = 'stop-unit:display-manager.service', 'start-unit:display-manager.service'


def run(bench):
    refused(bench)
    no_way_in(bench)
    for _round in range(5 if bench.full else 1):
        there_and_back(bench)
    fetched(bench)
    if bench.full:
        nobody_comes(bench)
        fetched_over_ssh(bench)


def node(bench):
    return bench.call('sysfs.node_of', address=CARD, kind='dri/card')


def desktop(bench):
    """The display server of user u, once it draws on the card."""
    pid = bench.call('session.wait_for_desktop', timeout=180)
    bench.call('session.wait_for_use', path=node(bench), pid=pid, timeout=180)
    return pid


def console(bench):
    """Names of what the virtual consoles are drawn by."""
    return bench.run('sh', '-c', 'grep -H . /sys/class/vtconsole/*/name').out


def active(bench):
    return bench.run('systemctl', 'show', '--property=ActiveState', '--value',
                     'lightdm.service').out.strip()


def refused(bench):
    """Nobody could fetch it back in front of a dark screen."""
    pid = desktop(bench)
    asked = bench.to_guest(CARD, '--end-session', status=story.REFUSED)
    assert set(asked.blockers) == {'only-display', 'in-use-display-server'}, asked.blockers
    assert desktop(bench) == pid
    bench.expect_driver(DRIVER, CARD)


def no_way_in(bench):
    """Before the screen is dark it is said that no ssh server listens."""
    def findings():
        return bench.batonctl('plan', 'guest', CARD, '--end-session', '--until-free').findings

    assert findings()['no-way-in']['severity'] == 'warning'
    with ssh.server(bench):
        assert 'no-way-in' not in findings()
    assert 'no-way-in' in findings()


def there_and_back(bench):
    pid, shown = desktop(bench), console(bench)
    assert 'frame buffer' in shown, shown
    waiting = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--until-free', '--yes'))
    waiting.until(type='step', id=f'wait-guest:{CARD}', state='start')
    # Whoever opens its group now is its guest, and gone again.
    bench.expect_driver('vfio-pci', CARD)
    bench.run('test', '-d', f'/proc/{pid}', status=1)
    assert active(bench) == 'inactive'
    assert 'frame buffer' not in console(bench), console(bench)
    with bench.guest(CARD) as guest:
        guest.write('{"execute":"quit"}\n')
        assert waiting.end()['code'] == 'returned'
    steps = [event['id'] for event in waiting.events
             if event['type'] == 'step' and event['state'] == 'ok']
    assert steps.index(STOP) < steps.index(START), steps
    bench.expect_driver(DRIVER, CARD)
    assert active(bench) == 'active'
    assert desktop(bench) != pid
    assert console(bench) == shown, console(bench)


def handed_over(bench):
    """It is with nobody yet, and the screen is dark."""
    desktop(bench)
    waiting = bench.follow(bench.start_batonctl('guest', CARD, '--end-session', '--until-free', '--yes'))
    waiting.until(type='step', id=f'wait-guest:{CARD}', state='start')
    return waiting


def fetched(bench):
    """It can be fetched before any virtual machine came."""
    waiting = handed_over(bench)
    assert bench.to_host(CARD).code == 'returned'
    expect_fetched(bench, waiting)


def fetched_over_ssh(bench):
    """From another computer, by whoever has a password on this one."""
    waiting = handed_over(bench)
    with ssh.server(bench):
        done = ssh.over_ssh(bench, f'batonctl host {CARD} --yes', ssh.ASKED)
    assert done.status == story.DONE, (done.status, done.out, done.err)
    expect_fetched(bench, waiting)


def expect_fetched(bench, waiting):
    assert waiting.end()['code'] == 'nothing-to-do'
    bench.expect_driver(DRIVER, CARD)
    desktop(bench)


def nobody_comes(bench):
    """Whoever starts the virtual machine from elsewhere has the time that he asked for, and no longer."""
    pid = desktop(bench)
    arguments = ('guest', CARD, '--end-session', '--until-free=2')
    plan = bench.batonctl('plan', *arguments).plan
    said = [finding for finding in plan['findings'] if finding['code'] == 'screen-goes-within']
    assert [finding['args']['minutes'] for finding in said] == ['2'], plan['findings']
    waiting = bench.follow(bench.start_batonctl(*arguments, '--yes'), timeout=420)
    begun = waiting.until(type='step', id=f'wait-guest:{CARD}', state='start')
    bench.expect_driver('vfio-pci', CARD)
    over = waiting.until(type='step', id=f'wait-guest:{CARD}', state='ok')
    assert over['t_ms'] - begun['t_ms'] >= 120000, (begun, over)
    assert waiting.end()['code'] == 'returned-unused', waiting.events[-1]
    assert active(bench) == 'active'
    bench.expect_driver(DRIVER, CARD)
    assert desktop(bench) != pid
    kept = json.loads(bench.run('cat', REPORT).out)
    assert kept['code'] == 'returned-unused' and 'after 2 min' in kept['text'], kept
