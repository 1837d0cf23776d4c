# SPDX-License-Identifier: GPL-3.0-or-later
"""Every write of a harder handoff fails once, and the card is all where it was or where it was to go.

What failed-writes shows of a plain card, of others: one behind a switch that
comes back over its bus, one that is reset before it comes back, and one on
each generation of NVIDIA's driver. Both ways.
"""

import fnmatch

from bench import fault, nvidia, story

TOPOLOGIES = ('switch', 'plain', 'nvidia')
TIER = 'full'
SPOILS = True

RESCANNED, RESET = '0000:03:00.0', '0000:02:00.0'
GENERATIONS = ('550.163.01', '580.105.08', '595.45.04')

# Whom logind lets open a node depends on whose session was in front when it was made; a group that
# was found anew has another number, which is its node's name.
ALLOWED = ('modules:*vfio*', 'modules:irqbypass', 'dev:/dev/vfio/*', 'dev:/dev/dri/*',
           'files:/run/baton*', 'files:/var/lib/baton*', 'units:baton-settle.service')
WRITTEN = ('/sys/*', '/proc/driver/*')


def run(bench):
    # Modules that a handoff loads stay; so that snapshots agree, they are here.
    bench.run('modprobe', 'vfio-pci')
    {'switch': rescanned, 'plain': was_reset, 'nvidia': generations}[bench.topology](bench)


def rescanned(bench):
    with bench.file('/etc/baton.conf', f'[{RESCANNED}]\nreturn-method=rescan\n'):
        paths = every_write(bench, RESCANNED)
    assert any(path.endswith('/rescan') for path in paths), paths
    assert sum(path.endswith('/remove') for path in paths) == 2, paths


def was_reset(bench):
    # As it sleeps when nobody uses it: that is to be so again.
    bench.call('sysfs.write', path=f'/sys/bus/pci/devices/{RESET}/power/control', text='auto')
    with bench.file('/etc/baton.conf', f'[{RESET}]\nreset-before-return=true\n'):
        paths = every_write(bench, RESET)
    assert any(path.endswith('/reset') for path in paths), paths
    assert any(path.endswith('/power/control') for path in paths), paths


def generations(bench):
    bench.run('sh', '-c', f'echo none > /sys/bus/pci/devices/{nvidia.OTHER}/driver_override')
    for version in GENERATIONS if bench.full else GENERATIONS[-1:]:
        bench.call('nvidia.install', version=version)
        bench.call('nvidia.start_services')
        paths = every_write(bench, nvidia.CARD)
        assert any(path.endswith('/unbindLock') for path in paths), (version, paths)
        bench.call('nvidia.uninstall')


def every_write(bench, card):
    """Returns the files that were written to."""
    host = look(bench)
    to_guest = writes_of(bench, bench.to_guest, card)
    guest = look(bench)
    to_host = writes_of(bench, bench.to_host, card)
    expect_same(bench, host)
    for path in to_guest:
        fail(bench, (bench.to_guest, bench.to_host), card, path, (host, guest))
    bench.to_guest(card)
    for path in to_host:
        # The fault meets each process that writes there. What puts a function back on its bus is
        # the same write, so both would fail; exec-rescan lets it fail once.
        if path.endswith('/rescan'):
            continue
        fail(bench, (bench.to_host, bench.to_guest), card, path, (guest, host))
    bench.to_host(card)
    expect_same(bench, host)
    return to_guest + to_host


def look(bench):
    taken = bench.snapshot()
    for function in taken['functions'].values():
        del function['group']
    if bench.topology == 'nvidia':
        # udev loads modules as well, and knows none of their settings.
        state = bench.call('nvidia.state')
        taken['nvidia'] = {**state['modules'], **state['services']}
    return taken


def expect_same(bench, before):
    bench.expect_same(before, look(bench), allow=ALLOWED)


def writes_of(bench, hand, card):
    with fault.traced(bench, '-e', f'trace={fault.WRITES}') as trace:
        hand(card)
        trace.drain()
        paths = dict.fromkeys(path for path, _ in trace.writes('/')
                              if any(fnmatch.fnmatch(path, wanted) for wanted in WRITTEN))
    assert len(paths) >= 4, paths
    return list(paths)


def fail(bench, ways, card, path, sides):
    """It is put back, or done all the same: tried once more, or gone about in another way."""
    hand, undo = ways
    with fault.failing(bench, path) as trace:
        ended = hand(card, status=None)
        trace.drain()
    assert trace.injected(), (path, ended.result, trace.seen[-20:])
    if ended.result['exit'] == story.DONE:
        expect_same(bench, sides[1])
        undo(card)
    else:
        assert ended.result['exit'] == story.ROLLED_BACK, (path, ended.result)
        assert ended.steps('fail'), (path, ended.steps())
    expect_same(bench, sides[0])
