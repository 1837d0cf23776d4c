# SPDX-License-Identifier: GPL-3.0-or-later
"""The window is killed or frozen in the middle: the worker is out of reach and finishes."""

import contextlib

from bench import desktop, fault

TIER = 'full'
SESSION = True
LEAVES = ('files:/run/user/*',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
OVERRIDE = f'/sys/bus/pci/devices/{CARD}/driver_override'
GROUPS = '/sys/fs/cgroup'


def run(bench):
    bench.at_end(bench.run, 'rm', '-rf', '/home/u/.local/state/baton')
    with desktop.agent(bench, 'u'):
        killed(bench)
        frozen(bench)


def killed(bench):
    """Its owner loses the window, and the next one tells what it has come to."""
    scope = 'app-io.github.batongpu.Baton-4721.scope'
    with opened(bench, scope, 'Hand to VM…') as (window, worker):
        group = half_way(bench, window, worker, scope, 'Hand to VM…', 'Hand Over')
        alone, = bench.run('pgrep', '-x', 'baton').out.split()
        bench.run('kill', '-KILL', alone, user='u')
        window.expect('ended', '-9')
        goes_on(bench, worker, 'handed-over')
        bench.expect_guest(CARD, SOUND)
        # Nobody is left in it, the front least of all: it has found its reader gone.
        bench.call('process.wait_for_empty_group', group=group)
    with desktop.window(bench) as window:
        window.expect('wait', 'Parked for a virtual machine')


def frozen(bench):
    """What a session does to an application in the background. Thawed, it catches up."""
    scope = 'app-io.github.batongpu.Baton-4722.scope'
    with opened(bench, scope, 'Return to Host') as (window, worker):
        group = half_way(bench, window, worker, scope, 'Return to Host')
        bench.run('sh', '-c', f'echo 1 >{GROUPS}{group}/cgroup.freeze', user='u')
        goes_on(bench, worker, 'returned')
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
        # It was, all the time.
        state = bench.run('cat', f'{GROUPS}{group}/cgroup.events').out
        assert 'frozen 1' in state, state
        bench.run('sh', '-c', f'echo 0 >{GROUPS}{group}/cgroup.freeze', user='u')
        window.expect('wait', 'Card Is Back')


@contextlib.contextmanager
def opened(bench, scope, button):
    """A window alone in its scope, and a worker that will stop half way."""
    with desktop.window(bench, scope=scope) as window:
        # Only then: the fault has PID 1 read its units anew, and a program that it is just about
        # to start for somebody else loses its arguments by that (systemd 252).
        window.expect('wait', button)
        with fault.stopped(bench, OVERRIDE) as worker:
            yield window, worker


def half_way(bench, window, worker, scope, *buttons):
    """A handoff is asked for and has begun; returns the control group of window and front."""
    for button in buttons:
        window.expect('press', button)
    assert worker.wait_stopped() is not None, worker.seen
    fronts = bench.run('pgrep', '-f', '^/usr/libexec/baton-helper hand ').out.split()
    assert len(fronts) == 1, fronts
    group = control_group(bench, fronts[0])
    assert group.endswith(f'/{scope}'), group
    assert control_group(bench, worker.pid).startswith('/system.slice/')
    return group


def goes_on(bench, worker, code):
    watch = bench.start_batonctl('watch')
    worker.go_on()
    bench.follow(watch).until(type='report', code=code)
    watch.signal(15)
    watch.wait()


def control_group(bench, pid):
    return bench.run('cat', f'/proc/{pid}/cgroup').out.strip().removeprefix('0::')
