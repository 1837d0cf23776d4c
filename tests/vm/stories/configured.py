# SPDX-License-Identifier: GPL-3.0-or-later
"""A card's settings are changed with a password alone, as a whole or not at all, and the next plan obeys."""

import contextlib
import json

from bench import confined, fault, story

SESSION = True
IMAGES = ('13',)
# By which /etc comes to lie on a disk that is full.
LEAVES = ('modules:overlay',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
OTHER = '0000:03:00.0'
CONF, NEW = '/etc/baton.conf', '/etc/.baton.conf.new'
UNIT = 'baton-settings@.service'
ACTION = 'io.github.batongpu.Baton.configure'
HELPER = '/usr/libexec/baton-helper'

MINE = f'# mine, and none of Baton\'s\n\n[{OTHER}]\n  return-method =\tbind\n# the end\n'
HOSTILE = ('return-method=bind\n', f'return-method=bind\n[{OTHER}]\nreturn-method=rescan', 'x=\x1b[2J',
           'return-method=bind\rx=y', 'return-method=' + 'b' * 5000, '[x]=y', '#=x', 'return-method',
           'return-method=\udcff\udcfe', f'[{OTHER}]', '../../etc/shadow=x', 'a=\u202eb', 'a=b\u2028c')

# By which the file is made, finished and put in its place.
CALLS = ('openat', 'unlinkat', 'write', 'fchmod', 'fsync', 'renameat')
ON_FILE = ('-P', '/etc', '-P', CONF, '-P', NEW)

# What a program in the unit's place may write to.
TRY = '''for file in /etc/shadow /etc/passwd /etc/sudoers.d/x /etc/systemd/system/x /etc/udev/x /etc/pam.d/x
do (: >> $file) 2> /dev/null && echo $file; done
for file in /usr/x /boot/x /root/x /home/x /var/lib/x /var/lib/baton/x /sys/bus/pci/rescan /dev/kmsg
do (: >> $file) 2> /dev/null && echo $file; done
: >> /etc/baton-bait && rm /etc/baton-bait && echo tried'''


def run(bench):
    bench.at_end(bench.run, 'rm', '-f', CONF, NEW)
    put(bench, None)
    who_may(bench)
    obeyed(bench)
    busy(bench)
    keeps_to_its_place(bench)
    # What an attacker, a disk or a kill does there is told of the same code without a machine, too.
    if bench.full:
        kept(bench)
        refused(bench)
        forged(bench)
        traps(bench)
        read_only(bench)
        full(bench)
        killed(bench)


def put(bench, text):
    bench.run('rm', '-rf', CONF, NEW)
    if text is not None:
        bench.run('sh', '-c', 'cat > "$1" && chmod 644 "$1"', 'sh', CONF, stdin=text)


def held(bench):
    """What the file holds, byte for byte."""
    return bench.run('cat', CONF).out


def configure(bench, *changes, **keywords):
    return bench.batonctl('configure', CARD, *changes, **keywords)


@contextlib.contextmanager
def unchanged(bench):
    before = bench.snapshot()
    yield
    bench.expect_same(before, allow=('files:/run/baton', 'files:/run/baton/lock', 'files:/run/baton/settings'))


def who_may(bench):
    with unchanged(bench):
        asked = configure(bench, 'return-method=bind', user='u', status=None)
        assert asked.code == 'not-authorised', asked.result
        for answer, code in (('dismiss', 'dismissed'), ('wrong', 'not-authorised'))[:2 if bench.full else 1]:
            with bench.agent(answer):
                asked = configure(bench, 'return-method=bind', user='u', status=None)
                assert asked.code == code, asked.result
        outside = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent', HELPER,
                            'configure', CARD, 'return-method=bind', status=127)
        assert outside.out == '', outside.out


def obeyed(bench):
    """Asked each time, whatever was granted before; and anybody may see what holds."""
    bench.to_guest(CARD)
    assert any(step.startswith('rescan-bus:') for step in steps_home(bench)), steps_home(bench)
    with bench.agent('u') as asking:
        changed = configure(bench, 'return-method=bind', user='u')
        assert changed.code == 'settings-changed', changed.result
        again = configure(bench, 'close-politely-ms=1', user='u')
        assert again.code == 'settings-changed', again.result
    assert asking.out.split().count(ACTION) == 2, asking.out
    assert not any(step.startswith('rescan-bus:') for step in steps_home(bench)), steps_home(bench)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)

    lines = held(bench).splitlines()
    assert lines[0] == f'[{CARD}]' and lines[2:] == ['return-method=bind', 'close-politely-ms=1'], lines
    assert bench.run('stat', '-c', '%a %u %g', CONF).out == '644 0 0\n'
    shown = bench.batonctl('configure', CARD, user='u')
    assert shown.events[0]['by'] == 'self', shown.events
    values = {one['key']: (one['value'], one['line']) for one in shown.events[1]['values']}
    assert values['return-method'] == ('bind', 3) and values['sleep-while-guest'] == ('block', None), values
    # What is taken away leaves nothing of ours.
    configure(bench, 'return-method=', 'close-politely-ms=')
    assert held(bench) == '', held(bench)


def steps_home(bench):
    return [step['id'] for step in bench.batonctl('plan', 'host', CARD).plan['steps']]


KEEP = '''import os, struct, sys
path = sys.argv[1]
rows = ((1, 6, -1), (2, 4, 1234), (4, 4, -1), (16, 4, -1), (32, 0, -1))
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *row) for row in rows)
os.setxattr(path, "user.note", b"of mine")
os.setxattr(path, "system.posix_acl_access", acl)
os.chown(path, 1234, 4321)'''
SHOW = '''import os, sys
path, info = sys.argv[1], os.stat(sys.argv[1])
print(oct(info.st_mode), info.st_uid, info.st_gid,
      sorted((name, os.getxattr(path, name)) for name in os.listxattr(path)))'''


def kept(bench):
    """Comments, other cards, owner, permissions, access list and attributes."""
    put(bench, MINE)
    bench.run('python3', '-c', KEEP, CONF)
    nature = bench.run('python3', '-c', SHOW, CONF).out
    assert 'user.note' in nature and 'posix_acl' in nature, nature
    assert configure(bench, 'reset-before-return=false').code == 'settings-changed'
    assert held(bench).startswith(MINE + f'\n[{CARD}]\nidentity='), held(bench)
    assert bench.run('python3', '-c', SHOW, CONF).out == nature, nature
    # Only what changes is written.
    before = bench.run('stat', '-c', '%i %y', CONF).out
    assert configure(bench, 'reset-before-return=false').code == 'settings-same'
    assert bench.run('stat', '-c', '%i %y', CONF).out == before
    configure(bench, 'reset-before-return=')
    assert held(bench) == MINE, held(bench)
    assert bench.run('python3', '-c', SHOW, CONF).out == nature, nature


def refused(bench):
    put(bench, MINE)
    with unchanged(bench):
        for change, key in (('return-method=never', 'return-method'), ('colour=red', 'colour'),
                            ('stand-in=none', 'stand-in'), ('colour=', 'colour')):
            args = configure(bench, change, status=story.BAD_REQUEST).result['args']
            assert (args['file'], args['key']) == (CONF, key) and int(args['line']) > 5, args
        for change in HOSTILE:
            # Not batonctl, which refuses them itself.
            asked = bench.run(HELPER, 'configure', CARD, change, status=story.BAD_REQUEST)
            assert json.loads(asked.out.splitlines()[-1])['code'] == 'bad-arguments', asked.out
        for address in ('0000:99:00.0', SOUND, '../../../etc', '0000:01:00.0]\n[x', ''):
            asked = bench.run(HELPER, 'configure', address, 'return-method=bind', status=story.BAD_REQUEST)
            assert json.loads(asked.out.splitlines()[-1])['code'] == 'bad-arguments', asked.out
    for text, line, key in ((MINE + 'colour=red\n', '6', 'colour'),
                            (f'[{CARD}]\nidentity=1002:73bf:1da2:e438\n', '2', 'identity')):
        put(bench, text)
        args = configure(bench, 'return-method=bind', status=story.REFUSED).result['args']
        assert (args['file'], args['line'], args['key']) == (CONF, line, key), args
        assert held(bench) == text, held(bench)


def forged(bench):
    """The unit believes nothing that a request says, whoever has put it there."""
    put(bench, MINE)
    for change in ('return-method=bind\n[x]', 'return-method=b\x00', '[x]', 'return-method=never'):
        order = {'verb': 'configure', 'uid': 0, 'request': None, 'changes': [CARD, change]}
        assert obey(bench, order)['exit'] == story.BAD_REQUEST
        assert held(bench) == MINE, held(bench)
    for order in ({'verb': 'hand', 'uid': 0, 'request': None}, {'verb': 'recover', 'uid': 0, 'request': None},
                  {'verb': 'configure', 'uid': 0, 'request': None, 'changes': [CARD, 7]}):
        assert obey(bench, order)['code'] == 'bad-arguments', order
    assert held(bench) == MINE, held(bench)


def obey(bench, order):
    place = '/run/baton/settings/' + '0' * 32
    bench.run('sh', '-c', 'mkdir -m 700 -p "$1" && : > "$1/events" && cat > "$1/request"', 'sh', place,
              stdin=json.dumps(order))
    bench.run('systemctl', 'start', '--wait', f'baton-settings@{"0" * 32}.service', status=None)
    events = bench.run('cat', f'{place}/events').out.splitlines()
    bench.run('rm', '-r', place)
    return json.loads(events[-1])


def traps(bench):
    for make in ('ln -s /etc/shadow "$1"', 'ln -s /nowhere "$1"', 'mkdir "$1"', 'mkfifo "$1"',
                 ': > /etc/baton-other && ln /etc/baton-other "$1"'):
        put(bench, None)
        bench.run('sh', '-c', make, 'sh', CONF)
        with unchanged(bench):
            asked = configure(bench, 'return-method=bind', status=story.REFUSED)
            assert asked.code == 'settings-unusable', asked.result
            assert 'root:' not in asked.result['text'], asked.result
    bench.run('rm', '-f', '/etc/baton-other')


def busy(bench):
    put(bench, MINE)
    with fault.stopped(bench, fault.JOURNAL, 4) as trace:
        handing = bench.start_batonctl('guest', CARD, '--yes')
        trace.wait_stopped()
        asked = configure(bench, 'return-method=rescan', status=story.BUSY)
        assert len(asked.result['args']['who']) == 32, asked.result
        assert held(bench) == MINE, held(bench)
        trace.go_on()
        bench.finish(handing)
    bench.to_host(CARD)


def read_only(bench):
    put(bench, MINE)
    with mounted(bench, ('--bind', '/etc'), ('-o', 'remount,bind,ro')):
        asked = configure(bench, 'return-method=bind', status=story.ERROR)
    assert asked.code == 'settings-not-written' and 'Read-only' in asked.result['text'], asked.result
    assert held(bench) == MINE, held(bench)
    configure(bench, 'return-method=bind')


def full(bench):
    """What is written to /etc goes to a disk without room."""
    put(bench, MINE)
    small = '/run/bench/small'
    bench.run('mkdir', '-p', small)
    bench.run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'small', small)
    bench.run('mkdir', f'{small}/upper', f'{small}/work')
    layers = f'lowerdir=/etc,upperdir={small}/upper,workdir={small}/work'
    with mounted(bench, ('-t', 'overlay', '-o', layers, 'overlay')):
        bench.run('sh', '-c', 'cat /dev/zero > "$1/fill"', 'sh', small, status=None)
        asked = configure(bench, 'return-method=bind', status=story.ERROR)
        assert bench.run('sh', '-c', f'cat {CONF}; ls -A /etc | grep -c baton.conf').out == MINE + '1\n'
        bench.run('rm', f'{small}/fill')
        configure(bench, 'return-method=bind')
    bench.run('umount', small)
    assert asked.code == 'settings-not-written' and 'No space' in asked.result['text'], asked.result
    assert held(bench) == MINE, held(bench)


@contextlib.contextmanager
def mounted(bench, *ways):
    """Something else is /etc for a while, for PID 1 as well, which starts what writes there."""
    for way in ways:
        bench.run('mount', *way, '/etc')
    try:
        yield
    finally:
        bench.run('umount', '/etc')


def killed(bench):
    """At every call by which the file is changed: the old one is there, or the new one."""
    put(bench, MINE)
    configure(bench, 'return-method=rescan')
    wanted = held(bench)
    found = []
    for call in CALLS:
        when = 1
        while killed_at(bench, call, when, wanted, found):
            when += 1
    assert {call for call, _, _ in found} == set(CALLS), found
    assert not any(new for call, when, new in found if (call, when) != ('fsync', 2)), found
    bench.say(f'killed at {len(found)} calls')


def killed_at(bench, call, when, wanted, found):
    """Whether it was killed there, and had not come to its end before."""
    put(bench, MINE)
    with fault.halted(bench, 'KILL', when, *ON_FILE, calls=call, unit=UNIT) as trace:
        ended = configure(bench, 'return-method=rescan', status=None)
        trace.drain()
    text = held(bench)
    assert text in (MINE, wanted), (call, when, text)
    if ended.code == 'settings-changed':
        assert text == wanted, text
        return False
    assert ended.code in ('settings-cut-off', 'settings-not-begun'), (call, when, ended.result, trace.seen[-20:])
    assert trace.injected(), trace.seen[-20:]
    found.append((call, when, text == wanted))
    # Nothing is in the way of the next one, and nothing is left of this one.
    assert configure(bench, 'return-method=rescan').result['exit'] == story.DONE
    bench.run('test', '!', '-e', NEW)
    return True


def keeps_to_its_place(bench):
    """A program in its place writes neither what makes somebody root nor anything outside /etc."""
    tried = confined.tried(bench, UNIT, '1' * 32, TRY)
    assert tried == 'tried\n', tried
