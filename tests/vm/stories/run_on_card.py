# SPDX-License-Identifier: GPL-3.0-or-later
"""A program runs on the card that was named, or not at all."""

from bench import desktop

SESSION = True
IMAGES = ('12',)
# Of a node that comes back logind gives rights to whoever sits there, and udev may be first or last.
LEAVES = ('dev:/dev/dri/cardN', 'files:/run/user/*')

CARD, TAG = '0000:02:00.0', 'pci-0000_02_00_0'
# The card of the desktop, whose driver draws nothing for programs.
DESKTOP = '0000:00:02.0'

NOT_STARTED, NOT_FOUND = 125, 127
# It opens the card as a program that draws does, and says what it was given.
PROGRAM = 'exec 3<>"$1"; printf "%s|%s|%s\\n" "$DRI_PRIME" "$VK_LOADER_DRIVERS_DISABLE" $$; read _'


def node_of(bench):
    return bench.call('sysfs.node_of', address=CARD, kind='dri/renderD')


def runs(bench):
    """In the session of who sits there, with the card in hand."""
    bench.run('udevadm', 'settle')
    program = bench.spawn('baton-run', CARD, 'sh', '-c', PROGRAM, 'sh', node_of(bench), user='u',
                          env={'VK_LOADER_DRIVERS_DISABLE': '*'})
    said = next(program.lines(60), f'ended: {program.err}')
    assert said.startswith(f'{TAG}||'), said
    pid = int(said.rpartition('|')[2])
    listed = bench.batonctl('holders', CARD).events
    pids = [holder['pid'] for event in listed if event['type'] == 'holders'
            for holder in event['holders']]
    assert pid in pids, (pid, pids)
    program.close_stdin()
    program.wait()


def refused(bench, *argv, user='u', because, status=NOT_STARTED):
    done = bench.run('baton-run', *argv, user=user, status=status)
    assert because in done.err, done.err
    assert not done.out, done.out


def from_a_menu(bench):
    """Who sees no terminal sees it on the screen."""
    bench.run('systemctl', '--user', 'stop', 'dunst.service', user='u')
    with desktop.notifications(bench) as shown:
        refused(bench, '--notify', CARD, '--', '/usr/bin/id', because='with a virtual machine')
        told = shown.next()
        assert told['title'] == '“id” Was Not Started', told
        assert 'with a virtual machine' in told['text'] and told['text'].endswith('.'), told
        assert told['entry'] == 'io.github.batongpu.Baton', told


def draws(bench):
    """QEMU's card does not draw here, and that the processor did it is no success."""
    drawn = bench.run('baton-run', CARD, '/usr/libexec/baton-draw', CARD, user='u', status=1)
    renderer = drawn.out.splitlines()[0]
    assert 'pipe' in renderer, (drawn.out, drawn.err)
    assert 'the processor drew in its place' in drawn.err, drawn.err
    bench.say(f'drawn by {renderer}')


def run(bench):
    runs(bench)
    draws(bench)
    refused(bench, CARD, 'no-such-program', because='no-such-program', status=NOT_FOUND)
    refused(bench, DESKTOP, 'id', because='draws none for programs')
    # Three cards besides the desktop's.
    refused(bench, 'id', because='several cards')

    # Who does not sit there may not open it, and runs nowhere else instead.
    done = bench.run('runuser', '-u', 'nobody', '--', 'baton-run', CARD, 'id', status=NOT_STARTED)
    assert f'may not open {node_of(bench)}' in done.err and not done.out, (done.err, done.out)

    bench.to_guest(CARD)
    refused(bench, CARD, 'id', because='with a virtual machine')
    from_a_menu(bench)
    bench.to_host(CARD)
    runs(bench)
