# SPDX-License-Identifier: GPL-3.0-or-later
"""Before Baton is removed one verb takes everything permanent back, to the byte, for one password."""

import contextlib

from bench import story

SESSION = True
IMAGES = ('12',)
# Who is let in to a node again is put down anew for whoever sits there.
LEAVES = ('dev:/dev/dri/*', 'files:/run/user/*')

CARD, OTHER = '0000:01:00.0', '0000:02:00.0'
ACTION = 'io.github.batongpu.Baton.undo-all'
HELPER = '/usr/libexec/baton-helper'
RULES, HOOK, SETTINGS = ('/etc/udev/rules.d/72-baton-kept-off.rules', '/etc/libvirt/hooks/qemu.d/50-baton',
                         '/etc/baton.conf')
NOTICE = '/home/u/.config/systemd/user/graphical-session.target.wants/baton-notice.service'
OWN, KEPT = '/home/u/.local/share/applications', '/home/u/.local/share/baton/applications'
# One that was the user's before Baton, and one of the system's; as the window writes them.
MINE = '[Desktop Entry]\nType=Application\nName=Game\nExec=game\nComment=mine\n'
ALWAYS = ('[Desktop Entry]\nType=Application\nName=Game\nExec=baton-run {card} -- game\nX-Baton-Card={card}\n')

# Everything in /etc, and what it holds.
ALL = ("find /etc -path /etc/cups -prune -o -printf '%p %y %m %u:%g %l\\n' | sort; "
       "find /etc -path /etc/cups -prune -o -type f -exec sha256sum {} + | sort")

UNIT = 'baton-undo-all@.service'
TRY = '''for file in /etc/shadow /etc/passwd /etc/sudoers.d/x /etc/systemd/system/x /etc/pam.d/x /etc/profile \\
  /etc/udev/x /etc/default/x /usr/lib/udev/rules.d/x /root/x /home/x /var/lib/x \\
  /proc/sys/kernel/core_pattern /proc/sysrq-trigger
do (: >> $file) 2> /dev/null && echo $file; done
for file in /etc/udev/rules.d/bait /etc/profile.d/bait /etc/libvirt/bait /etc/bait /boot/bait
do { : >> $file && rm $file; } || echo "not $file"; done
echo tried'''


def run(bench):
    bench.at_end(bench.run, 'batonctl', 'undo-all', '--settings', status=None)
    bench.at_end(bench.run, 'rm', '-rf', OWN, KEPT)
    before = etc(bench)
    change_everything(bench)
    changed = etc(bench)
    assert all(any(path in line for line in changed - before) for path in (RULES, HOOK, SETTINGS))
    who_may(bench, changed)
    while_a_card_is_away(bench)
    assert etc(bench) == changed
    everything(bench, before)
    once_more(bench, before)
    if bench.full:
        changed_since(bench, before)
        confined(bench)


def etc(bench):
    return set(bench.run('sh', '-c', ALL).out.splitlines())


def differing(before, now):
    return sorted(before ^ now)


def change_everything(bench):
    assert bench.batonctl('isolate', CARD, status=None).code.startswith('kept-off')
    bench.batonctl('install-hook')
    bench.batonctl('configure', CARD, 'sleep-while-guest=allow')
    bench.run('systemctl', '--user', 'enable', 'baton-notice.service', user='u')
    for directory, name, text in ((OWN, 'mine.desktop', ALWAYS.format(card=CARD)), (KEPT, 'mine.desktop', MINE),
                                  (OWN, 'system.desktop', ALWAYS.format(card=CARD))):
        bench.run('sh', '-c', 'mkdir -p "$1" && cat > "$1/$2"', 'sh', directory, name, stdin=text, user='u')


def who_may(bench, changed):
    """Nobody without an administrator's password."""
    outside = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent', HELPER, 'undo-all',
                        status=127)
    assert outside.out == '', outside.out
    for arguments in (('--undo',), ('--settings', '--settings'), (CARD,)):
        bench.run(HELPER, 'undo-all', *arguments, status=story.BAD_REQUEST)
    assert etc(bench) == changed


def while_a_card_is_away(bench):
    """Which, and the command, and nobody is asked for a password before that is known."""
    bench.to_guest(OTHER)
    with bench.agent('wrong') as asking:
        asked = bench.batonctl('undo-all', user='u', status=story.REFUSED)
    assert asked.code == 'undo-all-with-guest' and asked.result['args']['address'] == OTHER, asked.result
    assert f'batonctl host {OTHER}' in asked.result['remedy'], asked.result
    assert 'asked ' not in asking.out, asking.out
    assert bench.batonctl('undo-all', status=story.REFUSED).code == 'undo-all-with-guest'
    bench.run('test', '-h', NOTICE)
    bench.to_host(OTHER)


@contextlib.contextmanager
def asked_once(bench):
    with bench.agent('u') as asking:
        yield
    actions = [line for line in asking.out.splitlines() if line.startswith('asked ')]
    assert actions == [f'asked {ACTION}'], actions


def everything(bench, before):
    with asked_once(bench):
        done = bench.batonctl('undo-all', user='u')
    assert done.code == 'all-undone', done.result
    assert sorted(done.result['args']['files'].split(', ')) == sorted((RULES, HOOK)), done.result
    told = ' '.join(event['text'] for event in done.events if event['type'] == 'log')
    assert SETTINGS in told, told
    # All but the settings, which are their owner's.
    left = differing(before, etc(bench))
    assert all(f'{SETTINGS} ' in f'{line} ' for line in left), left
    bench.run('test', '!', '-e', NOTICE)
    bench.run('test', '!', '-h', NOTICE)
    assert bench.run('cat', f'{OWN}/mine.desktop').out == MINE
    bench.run('test', '!', '-e', f'{OWN}/system.desktop')
    shown = bench.batonctl('show', CARD).machine
    assert not [card for card in shown['cards'] if card['kept_off']], shown


def once_more(bench, before):
    """There is nothing, and it says so; then the settings, where that is wanted."""
    assert bench.batonctl('undo-all').code == 'nothing-to-undo'
    done = bench.batonctl('undo-all', '--settings')
    assert done.code == 'all-undone' and done.result['args']['files'] == SETTINGS, done.result
    assert etc(bench) == before, differing(before, etc(bench))
    assert bench.batonctl('undo-all', '--settings').code == 'nothing-to-undo'


def changed_since(bench, before):
    """What somebody else has changed is left and named, and the exit status says so."""
    bench.batonctl('install-hook')
    bench.batonctl('isolate', CARD, status=None)
    bench.run('sh', '-c', 'echo "# mine" >> "$1"', 'sh', HOOK)
    left = bench.batonctl('undo-all', status=story.DEGRADED)
    assert left.code == 'undone-in-part' and HOOK in left.result['args']['left'], left.result
    bench.run('test', '!', '-e', RULES)
    assert bench.run('tail', '-n', '1', HOOK).out == '# mine\n'
    bench.run('sed', '-i', '$d', HOOK)
    assert bench.batonctl('undo-all').code == 'all-undone'
    assert etc(bench) == before, differing(before, etc(bench))


def confined(bench):
    """A program in its place writes to where Baton's files are, and to nothing that makes somebody root."""
    place = f'/run/systemd/system/{UNIT}.d'
    bench.run('mkdir', '-p', place, '/run/baton')
    bench.run('sh', '-c', 'cat > "$1/try.conf"', 'sh', place,
              stdin='[Service]\nExecStart=\nExecStart=/bin/sh /run/baton/try\nStandardOutput=file:/run/baton/tried\n')
    bench.run('sh', '-c', 'cat > /run/baton/try', stdin=TRY)
    try:
        bench.run('systemctl', 'daemon-reload')
        bench.run('systemctl', 'start', '--wait', f'baton-undo-all@{"1" * 32}.service')
        tried = bench.run('cat', '/run/baton/tried').out
    finally:
        bench.run('rm', '-rf', place, '/run/baton/try', '/run/baton/tried')
        bench.run('systemctl', 'daemon-reload')
    assert tried == 'tried\n', tried
