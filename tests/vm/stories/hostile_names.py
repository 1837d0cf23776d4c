# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes and virtual machines may be called anything: it is shown, and does nothing."""

import contextlib

from bench import story

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# What the kernel keeps of a name is 15 bytes; a command line may be as long as it likes.
NAMES = (b'x\n{"type":"resu', b'\x1b[2J\x1b]0;x\x07', '\u202egpj.exe'.encode(), b'\xff\xfe\x00',
         b'<b>&amp;</b>', b'$(reboot)', b'-rf', b'')
COMMAND = 'x\n{"v":1,"seq":9,"t_ms":1,"type":"result","exit":0}\x1b[31m\u202e'
GUESTS = ('$(reboot)', 'a\u202eb', '-rf', '../x', '<b>x</b>')

HOLD = '''
import ctypes, os, sys
os.open(sys.argv[1], os.O_RDWR)
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[2]) + b"\\0", 0, 0, 0)
print("holding", flush=True)
sys.stdin.read()
'''


def run(bench):
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    with contextlib.ExitStack() as running:
        pids = {running.enter_context(process_called(bench, node, name)).pid for name in NAMES}
        # Each line that comes is held against the contract: one record a line.
        found = bench.batonctl('holders', CARD)
        named = [one for event in found.events if event['type'] == 'holders'
                 for one in event['holders'] if one['pid'] in pids]
        assert sorted(one['pid'] for one in named) == sorted(pids), found.events
        assert all(is_plain(one['name']) and is_plain(one['command']) for one in named), named
        refused = bench.to_guest(CARD, status=story.REFUSED).plan['findings']
        assert refused and all(is_plain(finding['text']) for finding in refused), refused
        shown = bench.run('batonctl', 'holders', CARD, env={'TERM': 'xterm', 'LANG': 'C.UTF-8'})
        assert is_plain(shown.out.replace('\n', '')), repr(shown.out)

    bench.to_guest(CARD)
    for name in GUESTS if bench.full else GUESTS[:2]:
        with guest_called(bench, name) as guest:
            card = bench.batonctl('show', CARD)
            guests = [one for event in card.events if event['type'] == 'machine'
                      for one in event['cards'] if one['address'] == CARD][0]['guests']
            assert [one['pid'] for one in guests] == [guest.pid], guests
            assert is_plain(guests[0]['name']), guests
            bench.to_host(CARD, status=story.REFUSED)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)


def is_plain(text):
    """Nothing in it moves a cursor, ends a line or turns the direction of writing."""
    return not any(ord(one) < 0x20 or 0x7f <= ord(one) < 0xa0 or 0x202a <= ord(one) <= 0x202e
                   or 0x2066 <= ord(one) <= 0x2069 for one in text)


@contextlib.contextmanager
def process_called(bench, node, name):
    process = bench.spawn('bash', '-c', 'exec -a "$0" python3 -c "$1" "$2" "$3"', COMMAND, HOLD,
                          node, name.hex())
    assert next(process.lines(60), None) == 'holding', process.err
    try:
        yield process
    finally:
        process.close_stdin()
        process.wait()


@contextlib.contextmanager
def guest_called(bench, name):
    process = bench.spawn(
        'qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-m', '128', '-display', 'none', '-vga',
        'none', '-nodefaults', '-name', f'guest={name}', '-qmp', 'stdio',
        '-device', f'vfio-pci,host={CARD}', '-device', f'vfio-pci,host={SOUND}')
    lines = process.lines(120)
    process.write('{"execute":"qmp_capabilities"}\n')
    assert any('"return"' in line for line in lines), process.err
    try:
        yield process
    finally:
        process.write('{"execute":"quit"}\n')
        process.wait()
