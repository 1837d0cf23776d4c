# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs are kept off a card as well, but those that baton-run lets in; without that, all is as before."""

import contextlib
import time

from bench import story

SESSION = True
IMAGES = ('12',)

CARD, TAG = '0000:02:00.0', 'pci-0000_02_00_0'
GRANT = '/usr/libexec/baton-grant'
GROUP = 'baton-cards'
# What `meson install` leaves to whoever unpacks what it made; the package's part of it is told of by
# the story of the package.
RIGHT = 'cap_setgid=p'
LEAVES = ('files:/etc/group*', 'files:/etc/gshadow*', 'files:/etc/.pwd.lock')
# What isolating leaves behind.
ALLOWED = ('files:/run/baton', 'files:/run/baton/*', 'files:/var/lib/baton')

NOT_STARTED = 125
# VT_ACTIVATE and VT_WAITACTIVE (ioctl_vt(2)).
ACTIVATE = ('import fcntl, sys; tty = open("/dev/tty0", "wb"); fcntl.ioctl(tty, 0x5606, int(sys.argv[1]));'
            ' fcntl.ioctl(tty, 0x5607, int(sys.argv[1]))')
OPEN = ': <> "$1"'
# Who looks for cards by themselves.
ENUMERATORS = (('eglinfo', '-B'), ('vulkaninfo', '--summary'))
# The user without the groups that have cards.
ALONE = ('setpriv', '--reuid=u', '--regid=u', '--clear-groups', 'baton-run', CARD, 'id', '-Gn')
# What a program that was let in is, and what it makes.
PROGRAM = ('exec 3<> "$1" && id -Gn && grep ^Cap /proc/self/status && umask 002 && : > made && '
           'stat -c "made %U %G" made && rm made && echo "got $LD_LIBRARY_PATH $TMPDIR $DRI_PRIME"')


def run(bench):
    bench.run('systemd-sysusers')
    bench.run('setcap', RIGHT, GRANT)
    bench.run('udevadm', 'settle')
    before = bench.snapshot()
    bench.at_end(bench.run, 'rm', '-f', '/etc/udev/rules.d/72-baton-kept-off.rules')
    as_before(bench)
    kept_off(bench)
    let_in(bench)
    refused(bench)
    if bench.full:
        tricked(bench)
        sandboxed(bench)
        services(bench)
        right_lost(bench)
        somebody_else_at_the_screen(bench)
        there_and_back(bench)
    given = isolate(bench, '--undo')
    assert given.code == 'given-back', given.result
    bench.run('udevadm', 'settle')
    assert opens(bench)
    for kind, group in (('dri/card', 'video'), ('dri/renderD', 'render')):
        assert bench.run('stat', '-c', '%G %a', node_of(bench, kind)).out == f'{group} 660\n'
    # Somebody else has sat at the screen, and the card's nodes were made anew.
    bench.expect_same(before, allow=(*ALLOWED, 'dev:/dev/dri/*', *story.HANDOFF_LEAVES) if bench.full else ALLOWED)


def isolate(bench, *options):
    return bench.batonctl('isolate', CARD, *options)


def node_of(bench, kind='dri/renderD'):
    return bench.call('sysfs.node_of', address=CARD, kind=kind)


def opens(bench, kind='dri/renderD'):
    """Whether who sits at the screen may open the card, being of its old groups, too."""
    done = bench.run('sh', '-c', OPEN, 'sh', node_of(bench, kind), user='u', status=None)
    assert done.status == 0 or 'Permission denied' in done.err, done.err
    return done.status == 0


def baton_run(bench, *argv, status=0, **keywords):
    return bench.run('baton-run', CARD, *argv, status=status, **keywords)


def opened_by(bench, *enumerator):
    """The calls by which a program that looks for cards by itself opens a node of this one."""
    nodes = [node_of(bench), node_of(bench, 'dri/card')]
    done = bench.run('strace', '-f', '-qq', '-e', 'trace=open,openat,openat2', '-e', 'signal=none', *enumerator,
                     user='u', status=None, timeout=300)
    return [line for line in done.err.splitlines()
            if any(f'"{node}"' in line for node in nodes) and ' = -1 ' not in line]


def as_before(bench):
    """Where only the desktop is kept off, what the desktop launches on the card has it."""
    listed = bench.run('switcherooctl', 'list', user='u').out
    assert isolate(bench).code == 'kept-off'
    assert bench.run('switcherooctl', 'list', user='u').out == listed
    number = next(part.split()[0] for part in listed.split('Device:') if TAG in part)
    done = bench.run('switcherooctl', 'launch', '-g', number, 'sh', '-c', f'{OPEN} && echo $DRI_PRIME', 'sh',
                     node_of(bench), user='u')
    assert done.out == f'{TAG}\n', (done.out, done.err)
    # And what looks by itself takes it, which is what this story is about.
    assert not bench.full or opened_by(bench, *ENUMERATORS[0])


def kept_off(bench):
    kept = isolate(bench, '--programs')
    assert kept.code == 'programs-kept-off', kept.result
    for kind in ('dri/renderD', 'dri/card'):
        node = node_of(bench, kind)
        assert bench.run('stat', '-c', '%G %a', node).out == f'{GROUP} 660\n'
        assert 'user:u' not in bench.run('getfacl', '-p', node).out
        assert not opens(bench, kind)
    for enumerator in ENUMERATORS if bench.full else ():
        assert (opened := opened_by(bench, *enumerator)) == [], opened
    shown = bench.batonctl('show', CARD).machine['cards']
    assert [card['address'] for card in shown if card['programs_kept_off']] == [CARD], shown


def let_in(bench):
    """With one group more, and nothing else that the user has not."""
    env = {'LD_LIBRARY_PATH': '/nowhere', 'TMPDIR': '/var/tmp'}
    done = baton_run(bench, 'sh', '-c', PROGRAM, 'sh', node_of(bench), user='u', env=env)
    groups, *rest = done.out.splitlines()
    assert {GROUP, 'u', 'render'} <= set(groups.split()), groups
    rights = dict(line.split() for line in rest if line.startswith('Cap'))
    assert {rights[f'Cap{kind}:'] for kind in ('Inh', 'Prm', 'Eff', 'Amb')} == {'0' * 16}, rights
    assert rest[-2:] == ['made u u', f'got /nowhere /var/tmp {TAG}'], rest
    # Who sits at the screen is one, though of no group that has a card.
    alone = bench.run(*ALONE)
    assert sorted(alone.out.split()) == [GROUP, 'u'], alone.out
    drawn = baton_run(bench, '/usr/libexec/baton-draw', CARD, user='u', status=1)
    assert 'the processor drew in its place' in drawn.err, (drawn.out, drawn.err)


def refused(bench):
    """Nobody who could not have had the card before."""
    for user in ('other', 'nobody'):
        done = bench.run('runuser', '-u', user, '--', 'baton-run', CARD, 'id', status=NOT_STARTED)
        assert 'may use another card' in done.err and not done.out, (done.err, done.out)
        done = bench.run('runuser', '-u', user, '--', GRANT, '--', CARD, 'id', status=NOT_STARTED)
        assert 'baton-grant: ' in done.err and not done.out, (done.err, done.out)
    done = baton_run(bench, 'no-such-program', user='u', status=127)
    assert '“no-such-program” could not be started' in done.err, done.err


def sandboxed(bench):
    done = bench.run('setpriv', '--no-new-privs', 'baton-run', CARD, 'id', user='u', status=NOT_STARTED)
    assert 'no_new_privs' in done.err and not done.out, (done.err, done.out)


def tricked(bench):
    """The program that lets others in takes nothing from its caller but words."""
    # What the loader would complain of it does not even look at.
    evil = ('env', 'LD_PRELOAD=/nowhere/evil.so', 'LD_AUDIT=/nowhere/evil.so')
    assert 'evil.so' in bench.run(*evil, 'true', user='u').err
    done = bench.run(*evil, GRANT, '--check', user='u')
    assert not done.err, done.err
    # Descriptors that are closed are none that a file could be written to by mistake.
    for closed in ('<&-', '>&-', '2>&-', '<&- >&- 2>&-'):
        bench.run('sh', '-c', f'exec baton-run "$1" sh -c "exit 7" {closed}', 'sh', CARD, user='u', status=7)
    for words in ((), ('id',), ('--',), ('=x', '--', CARD, 'id'), ('PATH', '--', CARD, 'id'), ('--check', '--check')):
        done = bench.run(GRANT, *words, user='u', status=NOT_STARTED)
        assert not done.out, (words, done.out)
    # Its word is another program's, and that has no right of its own.
    done = bench.run(GRANT, 'PATH=/nowhere', '--', CARD, '/bin/sh', '-c', 'echo $PATH', user='u')
    assert done.out == '/nowhere\n', done.out


def services(bench):
    """One that was in the old group has lost the card, and is told how to have it."""
    for group, status in (('render', 1), (GROUP, 0)):
        done = bench.run('systemd-run', '--quiet', '--wait', '--pipe', '--collect', '-p', 'User=other',
                         '-p', f'SupplementaryGroups={group}', 'sh', '-c', f'({OPEN.replace("$", "$$")})', 'sh',
                         node_of(bench), status=None)
        assert (done.status == 0) == (status == 0), (group, done.status, done.err)


def there_and_back(bench):
    """It goes to a guest and comes back as ever, and is kept off then."""
    bench.to_guest(CARD)
    done = baton_run(bench, 'id', user='u', status=NOT_STARTED)
    assert 'with a virtual machine' in done.err, done.err
    bench.to_host(CARD)
    bench.run('udevadm', 'settle')
    assert not opens(bench) and not opens(bench, 'dri/card')
    baton_run(bench, 'sh', '-c', OPEN, 'sh', node_of(bench), user='u')
    # Of the desktop alone, and of programs again: declared anew each time.
    assert isolate(bench).code == 'kept-off' and opens(bench)
    assert isolate(bench, '--programs').code == 'programs-kept-off' and not opens(bench)


def right_lost(bench):
    bench.run('setcap', '-r', GRANT)
    done = baton_run(bench, 'id', user='u', status=NOT_STARTED)
    assert f'setcap {RIGHT} {GRANT}' in done.err and not done.out, (done.err, done.out)
    bench.run('setcap', RIGHT, GRANT)


@contextlib.contextmanager
def console(bench, number):
    """Somebody else's turn at the screen."""
    own = bench.run('cat', '/sys/class/tty/tty0/active').out.strip().removeprefix('tty')
    bench.run('python3', '-c', ACTIVATE, str(number))
    try:
        yield
    finally:
        bench.run('python3', '-c', ACTIVATE, own)


def somebody_else_at_the_screen(bench):
    """Who has a session and does not sit there is let in as a member of a card's group alone."""
    # No console that a login waits at.
    with console(bench, 9):
        wait_for(bench, NOT_STARTED)
    wait_for(bench, 0)


def wait_for(bench, status):
    """Until logind has heard who sits at the screen, and a program is let in or not."""
    deadline = time.monotonic() + 60
    while (done := bench.run(*ALONE, status=None)).status != status:
        assert time.monotonic() < deadline, (done.status, done.out, done.err)
        time.sleep(1)
    assert status == 0 or 'may use another card' in done.err, done.err
