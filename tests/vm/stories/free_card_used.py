# SPDX-License-Identifier: GPL-3.0-or-later
"""Who switches it on is told, once, when something begins to use a free card and stays."""

import contextlib

from bench import desktop

SESSION = True
IMAGES = ('13',)
# Of a node that comes back logind gives rights to whoever sits there, and udev may be first or last.
LEAVES = ('files:/run/user/*', 'dev:/dev/dri/cardN')

CARD = '0000:01:00.0'
# Its number may be another after a return; this is not.
NODE = f'/dev/dri/by-path/pci-{CARD}-card'
UNIT = 'baton-notice.service'
WANTED = f'/home/u/.config/systemd/user/graphical-session.target.wants/{UNIT}'
SWITCH = 'Tell Me When Something Starts Using a Free Card'
STILL_S = 5
LONG_STILL_S = 30
# A little longer than it waits itself before it looks.
QUIET_S = 2.5

# Every thread of a process: how often it has slept and been woken.
SWITCHES = 'cat /proc/"$1"/task/*/status | awk "/ctxt_switches/ { n += \\$2 } END { print n }"'
# As a browser or vulkaninfo looks what there is.
PROBE = 'import os, sys\nfor _ in range(20): os.close(os.open(sys.argv[1], os.O_RDWR))'


def run(bench):
    bench.at_end(bench.run, 'rm', '-rf', '/home/u/.config/systemd')
    name = {card['address']: card['name'] for card in bench.batonctl('show', CARD).machine['cards']}[CARD]
    bench.run('test', '!', '-e', WANTED)
    assert main_pid(bench) == 0
    switch_by_hand(bench, True)
    with desktop.notifications(bench, '--all') as shown:
        pid = settled(bench)
        one_that_stays(bench, shown, name)
        those_that_do_not(bench, shown)
        assert settled(bench) == pid
        still(bench, pid)
        if bench.full:
            by_the_window(bench, shown)
        last(bench, shown)


def user(bench, *argv, **keywords):
    return bench.run('systemctl', '--user', *argv, user='u', **keywords).out.strip()


def main_pid(bench):
    return int(user(bench, 'show', '--property=MainPID', '--value', UNIT))


def switch_by_hand(bench, on):
    user(bench, 'enable' if on else 'disable', '--now', UNIT)


def switches(bench, pid):
    return int(bench.run('sh', '-c', SWITCHES, 'sh', pid).out)


def settled(bench):
    """Waits until what tells has nothing more to do, and returns its number."""
    pid = main_pid(bench)
    assert pid > 0
    before = None
    while (now := switches(bench, pid)) != before:
        before = now
        bench.run('sleep', QUIET_S)
    return pid


def still(bench, pid):
    """Nothing happens, and it wakes for nothing."""
    seconds = LONG_STILL_S if bench.full else STILL_S
    before = switches(bench, pid)
    bench.run('sleep', seconds)
    assert switches(bench, pid) == before, switches(bench, pid) - before
    bench.say(f'woke {switches(bench, pid) - before} times in {seconds} s')


@contextlib.contextmanager
def used(bench, *before):
    program = bench.spawn(*before, 'python3', '-B', '/bench/inside/hold.py', 'fd', NODE, user='u')
    assert next(program.lines(), None) == 'holding', program.err
    try:
        yield program
    finally:
        program.close_stdin()
        program.wait()


def one_that_stays(bench, shown, name):
    with used(bench):
        told = shown.next()
        assert told['title'] == f'python3 started using {name}', told
        assert told['buttons'] == ['Show', 'Show', 'Keep Off'], told
        assert told['entry'] == 'io.github.batongpu.Baton' and 'lets it go' in told['text'], told
        # It is told of once, and of who joins it not at all.
        if bench.full:
            with used(bench, 'env', 'DRI_PRIME=1'):
                settled(bench)
        shown.expect_nothing_more()
    assert shown.next() == {'withdrawn': told['id']}


def those_that_do_not(bench, shown):
    bench.run('python3', '-c', PROBE, NODE, user='u')
    settled(bench)
    # What baton-run sets, and the desktop's own "Launch using Discrete GPU": somebody wants it so.
    with used(bench, 'env', f'DRI_PRIME=pci-{CARD.replace(":", "_").replace(".", "_")}'):
        settled(bench)
    # Nor is a card that goes to a guest and comes back.
    if bench.full:
        bench.to_guest(CARD)
        bench.to_host(CARD)
        bench.run('udevadm', 'settle')
        settled(bench)
    shown.expect_nothing_more()


def by_the_window(bench, shown):
    """Switched on as its user does it."""
    switch_by_hand(bench, False)
    with desktop.window(bench) as window:
        window.expect('wait', 'Hand to VM…')
        window.expect('key', 'ctrl+comma')
        window.expect('press', 'Notifications')
        window.expect('wait', SWITCH)
        # Until systemd has said what holds.
        bench.run('sleep', QUIET_S)
        window.expect('press', SWITCH)
        bench.run('timeout', '60', 'sh', '-c', 'until systemctl --user --quiet is-active "$1"; do sleep 0.5; done',
                  'sh', UNIT, user='u')
        bench.run('test', '-L', WANTED)
        settled(bench)
        window.expect('key', 'Escape')
        window.expect('gone', SWITCH)
        with used(bench):
            # The window has told how the handoff before it ended.
            while 'started using' not in (told := shown.next()).get('title', ''):
                continue
        assert shown.next() == {'withdrawn': told['id']}


def last(bench, shown):
    """Switched off, nothing is left of it, on the screen either."""
    with used(bench):
        told = shown.next()
        switch_by_hand(bench, False)
        assert shown.next() == {'withdrawn': told['id']}
        bench.run('test', '!', '-e', WANTED)
        assert main_pid(bench) == 0 and user(bench, 'is-active', UNIT, status=None) == 'inactive'
    bench.run('pgrep', '-f', 'baton-notice', status=1)
    shown.expect_nothing_more()
