# SPDX-License-Identifier: GPL-3.0-or-later
"""What was closed for a handoff is there again after the return, as it was, if its user says so."""

import contextlib
import json

from bench import desktop

SESSION = True
IMAGES = ('12',)
# Of a node that comes back logind gives rights to whoever sits there, and udev may be first or last.
LEAVES = ('dev:/dev/dri/cardN', 'files:/run/user/*')

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
# Its number may be another after the return; this is not.
NODE = f'/dev/dri/by-path/pci-{CARD}-card'
PLACE = '/home/u/place of u'
STATE = '/home/u/.local/state/baton'
ENTRIES = '/home/u/.local/share/applications'

# It opens the card, says what it was given, in a file named for how many words that were, and stays.
PROGRAM = """import json, os, signal, sys
os.open(sys.argv[1], os.O_RDWR)
place = f'said-{len(sys.argv[2:])}'
with open(f'{place}.new', 'w') as file:
    json.dump([sys.argv[2:], os.getcwd(), os.getuid(), os.getpid(), os.environ.get('DRI_PRIME')], file)
os.rename(f'{place}.new', place)
signal.pause()
"""
HOSTILE = ['two\nlines', '\x1b[31mred', '', '$(touch hurt); `touch hurt`', '--', '%f', 'x' * 5000]


def said(bench, words):
    """What the program that was given these says of itself, once it has, and its pid."""
    path = f'{PLACE}/said-{len(words)}'
    bench.run('timeout', '60', 'sh', '-c', 'until [ -e "$1" ]; do sleep 0.1; done', 'sh', path)
    found = json.loads(bench.run('cat', path).out)
    bench.run('rm', path)
    return [*found[:3], found[4]], found[3]


def holders(bench):
    return {holder['pid']: holder for event in bench.batonctl('holders', CARD).events
            if event['type'] == 'holders' for holder in event['holders'] if holder['kind'] != 'kernel'}


@contextlib.contextmanager
def started(bench, unit):
    """The program in a session of u, in a unit that is no application's unless it is named so."""
    program = bench.spawn('systemd-run', '--user', '--scope', '--quiet', f'--unit={unit}', 'env',
                          f'--chdir={PLACE}', 'DRI_PRIME=pci-0000_01_00_0', 'python3', '-B', '-c', PROGRAM,
                          NODE, *HOSTILE, user='u')
    try:
        yield said(bench, HOSTILE)
    finally:
        program.close_stdin()
        program.wait()


def expect_again(bench, as_before, pid_before):
    """Another process that is the same: arguments, directory, user, card."""
    again, pid = said(bench, HOSTILE)
    assert again == as_before, again
    assert pid != pid_before and pid in holders(bench), (pid, holders(bench))
    return pid


def end(bench, pid):
    bench.run('kill', pid)
    bench.run('timeout', '30', 'tail', '--pid', pid, '-f', '/dev/null')


def to_guest_and_back(bench, *pids):
    """As a person in a terminal: returns what the return says."""
    close = [word for pid in pids for word in ('--close', pid)]
    bench.batonctl('guest', CARD, '--yes', *close, user='u')
    bench.expect_guest(CARD, SOUND)
    waits = bench.batonctl('reopen', user='u', status=None)
    assert waits.code == 'reopens-later', waits.result
    back = bench.run('batonctl', 'host', CARD, '--yes', user='u').out
    bench.expect_driver('bochs-drm', CARD)
    bench.run('udevadm', 'settle')
    return back


def from_a_terminal(bench):
    """A program that nobody knows, and an application by its entry in the menu, in a scope named for it."""
    entry = (f'[Desktop Entry]\nType=Application\nName=Glow Worm\n'
             f'Exec=python3 -B {PLACE.replace(" ", "_")}.py {NODE} entry\n')
    bench.run('mkdir', '-p', ENTRIES, user='u')
    script = f'{PLACE.replace(" ", "_")}.py'
    with bench.file(f'{ENTRIES}/org.example.Glow.desktop', entry), bench.file(script, PROGRAM):
        with started(bench, 'glow-1.scope') as (as_before, pid), \
             started(bench, 'app-org.example.Glow-4711.scope') as (_, application):
            assert as_before[:3] == [HOSTILE, PLACE, 1000], as_before
            back = to_guest_and_back(bench, pid, application)
        assert f'batonctl reopen {CARD}' in back and 'python3' in back and 'Glow Worm' in back, back
        bench.batonctl('reopen', '01:00.0', user='u')
        pid = expect_again(bench, as_before, pid)
        again, application = said(bench, ['entry'])
        assert again[:3] == [['entry'], PLACE, 1000], again
        found = holders(bench)
        # It is nobody's part: not of what has started it.
        assert (found[pid]['unit'], found[pid]['name']) == (f'baton-reopened-{pid}.scope', 'python3'), found
        assert (found[application]['unit'], found[application]['app_id']) == (
            f'app-baton-org.example.Glow-{application}.scope', 'org.example.Glow'), found
    bench.run('test', '!', '-e', f'{PLACE}/hurt')
    assert bench.batonctl('reopen', user='u').code == 'nothing-to-reopen'
    # Nothing was root's to start, and nobody else's to read.
    assert bench.batonctl('reopen', status=None).code == 'reopens-not-root'
    assert bench.run('stat', '-c', '%a %U', f'{STATE}/closed').out.split() == ['700', 'u']
    end(bench, pid)
    end(bench, application)


def not_what_was_let_be(bench):
    """It lets go by itself before it is closed: that was its own doing. So is what root asks for."""
    with started(bench, 'glow-2.scope') as (_, pid):
        bench.to_guest(CARD, '--close', pid)
    bench.to_host(CARD)
    assert bench.batonctl('reopen', user='u').code == 'nothing-to-reopen'
    bench.run('udevadm', 'settle')


def from_the_window(bench):
    with desktop.window(bench) as shown, started(bench, 'glow-3.scope') as (as_before, pid):
        shown.expect('wait', 'python3')
        shown.expect('press', 'Hand to VM…')
        shown.expect('press', 'Close 1 App and Hand Over')
        shown.expect('wait', 'Card Is Ready for a Virtual Machine')
        bench.expect_guest(CARD, SOUND)
        shown.expect('press', 'OK')
        shown.expect('press', 'Return to Host')
        shown.expect('wait', 'Card Is Back')
        bench.run('udevadm', 'settle')
        shown.expect_names()
        shown.expect('press', 'Open Again')
        pid = expect_again(bench, as_before, pid)
        shown.expect('gone', 'Open Again')
    # It stays when the window goes.
    assert pid in holders(bench), holders(bench)
    end(bench, pid)


def run(bench):
    bench.run('mkdir', PLACE, user='u')
    bench.at_end(bench.run, 'rm', '-rf', PLACE, STATE)
    bench.run('rm', '-rf', STATE)
    with desktop.agent(bench, 'u'):
        from_a_terminal(bench)
        if bench.full:
            not_what_was_let_be(bench)
            from_the_window(bench)
