# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that the card's owner names stop before it goes, or run while it is away, and all is as it was."""

from bench import fault, story

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
PROFILE = '/etc/baton.conf'
ALLOWED = (*story.HANDOFF_LEAVES, 'files:/run/baton*', 'units:baton-settle.service')

# At every how many records of the journal the worker is killed.
SOME = 4

NODE = f'/dev/dri/by-path/pci-{CARD}-card'
LASTS = 'ExecStart=sleep infinity'
SERVICE = '[Service]\nType=exec\n'
UNITS = {
    # It has the card open, and goes with nobody's consent but its owner's.
    'bench-holds.service': f'{SERVICE}ExecStart=sh -c "exec 3<{NODE}; exec sleep infinity"\n',
    'bench-needed.service': f'{SERVICE}{LASTS}\n',
    # Nobody names it, and systemd stops it with what it needs.
    'bench-needs.service': '[Unit]\nRequires=bench-needed.service\nAfter=bench-needed.service\n'
                           f'{SERVICE}{LASTS}\n',
    'bench-idle.service': f'{SERVICE}{LASTS}\n',
    'bench-waits.timer': '[Timer]\nOnActiveSec=1d\nUnit=bench-idle.service\n',
    'bench-guest.service': f'{SERVICE}{LASTS}\n',
    'bench-hook.service': '[Service]\nType=oneshot\nExecStart=touch /run/bench-hook-ran\n',
    'bench-always.service': f'{SERVICE}{LASTS}\n',
    'bench-fails.service': '[Service]\nType=oneshot\nExecStart=false\n',
    'bench-stays.service': f'[Unit]\nRefuseManualStop=yes\n{SERVICE}{LASTS}\n',
}
RUN_BEFORE = ('bench-holds.service', 'bench-needs.service', 'bench-waits.timer', 'bench-always.service')

STOPPED = ('bench-holds.service', 'bench-needed.service', 'bench-waits.timer')
PLAIN = f'''# Whatever stands here.
[{CARD}]
stop-units={';'.join(STOPPED)};bench-idle.service
start-units-guest=bench-guest.service;bench-hook.service;bench-always.service
'''


def active(bench):
    """Those of the story that run."""
    said = bench.run('systemctl', 'is-active', *UNITS, status=None).out.split()
    return {unit for unit, state in zip(UNITS, said, strict=True) if state == 'active'}


def texts(ended):
    return [event['text'] for event in ended.events if event['type'] == 'log']


def profile(bench, stop=(), start=()):
    return bench.file(PROFILE, f'[{CARD}]\nstop-units={";".join(("bench-holds.service", *stop))}\n'
                      + (f'start-units-guest={";".join(start)}\n' if start else ''))


def there_and_back(bench, before):
    """The settings may be others, or gone, when it comes back."""
    running = active(bench)
    with bench.file(PROFILE, PLAIN):
        handed = bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    ids = handed.steps('ok')
    first = ids.index('stop-unit:bench-holds.service')
    assert ids[first:first + 3] == [f'stop-unit:{unit}' for unit in STOPPED], ids
    assert ids[-2:] == ['start-unit:bench-guest.service', 'start-unit:bench-hook.service'], ids
    assert set(handed.steps('skip')) >= {'stop-unit:bench-idle.service', 'start-unit:bench-always.service'}
    assert any('bench-needs.service' in text for text in texts(handed)), texts(handed)
    assert active(bench) == {'bench-guest.service', 'bench-always.service'}, active(bench)
    bench.run('rm', '/run/bench-hook-ran')

    # Who asks without rights is shown what is done.
    shown = bench.batonctl('plan', 'host', CARD, user='u')
    back = bench.to_host(CARD)
    assert shown.plan['digest'] == back.plan['digest'], (shown.plan, back.plan)
    assert back.steps('ok')[0] == 'stop-unit:bench-guest.service', back.steps('ok')
    assert set(back.steps('ok')) >= {f'start-unit:{unit}' for unit in (*STOPPED, 'bench-needs.service')}, back.steps()
    assert active(bench) == running, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def other_name(bench, before):
    """Whatever it is called, it is the same unit, and stops and comes back."""
    with profile(bench, stop=('bench-alias.service',)):
        handed = bench.to_guest(CARD)
    assert 'stop-unit:bench-alias.service' in handed.steps('ok'), handed.steps()
    assert 'bench-needed.service' not in active(bench)
    bench.to_host(CARD)
    bench.expect_same(before, allow=ALLOWED)


def later_step_fails(bench, before):
    with bench.file(PROFILE, PLAIN), fault.failing(bench, '/sys/bus/pci/drivers/vfio-pci/bind') as trace:
        failed = bench.to_guest(CARD, status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert 'stop-unit:bench-needed.service' in failed.steps('undone'), failed.steps()
    bench.expect_same(before, allow=ALLOWED)


def does_not_stop(bench, before):
    """Before it goes that is a reason to put back; on the way back it is told, and the card is here."""
    with profile(bench, stop=('bench-needed.service', 'bench-stays.service')):
        bench.run('systemctl', 'start', 'bench-stays.service')
        failed = bench.to_guest(CARD, status=story.ROLLED_BACK)
        bench.run('systemctl', 'kill', '--signal=KILL', 'bench-stays.service')
        bench.run('systemctl', 'reset-failed', 'bench-stays.service')
    assert any(event['code'] == 'unit-not-stopped' for event in failed.events
               if event['type'] == 'step'), failed.events
    bench.expect_same(before, allow=ALLOWED)

    with profile(bench, start=('bench-stays.service', 'bench-guest.service')):
        bench.to_guest(CARD)
    back = bench.to_host(CARD, status=story.DEGRADED)
    assert 'bench-stays.service' in back.result['text'] + str(back.result['args']), back.result
    bench.expect_driver('bochs-drm', CARD)
    assert active(bench) == {*RUN_BEFORE, 'bench-needed.service', 'bench-stays.service'}, active(bench)
    bench.run('systemctl', 'kill', '--signal=KILL', 'bench-stays.service')
    bench.run('systemctl', 'reset-failed', 'bench-stays.service')
    bench.expect_same(before, allow=ALLOWED)


def does_not_start(bench, before):
    """The card is where it was to go, and whoever asked is told which unit is missing."""
    with profile(bench, stop=('bench-needed.service',),
                 start=('bench-fails.service', 'bench-guest.service')):
        handed = bench.to_guest(CARD, status=story.DEGRADED)
    assert 'bench-fails.service' in handed.result['text'] + str(handed.result['args']), handed.result
    bench.expect_guest(CARD, SOUND)
    assert 'bench-guest.service' in active(bench)
    back = bench.to_host(CARD)
    assert not any('bench-fails' in step for step in back.steps()), back.steps()
    bench.run('systemctl', 'reset-failed', 'bench-fails.service')
    bench.expect_same(before, allow=ALLOWED)


def killed(bench, hand, settled, step):
    """Recovery puts them back, wherever the worker was; returns where that was not needed any more."""
    kills = 0
    while True:
        with fault.killed(bench, fault.JOURNAL, 2 + kills * step) as trace:
            ended = hand(CARD, status=None)
            trace.drain()
        if ended.result['exit'] == story.DONE:
            break
        assert ended.result['exit'] == story.ROLLED_BACK, ended.result
        assert trace.injected(), trace.seen[-20:]
        bench.expect_same(settled, allow=(*ALLOWED, f'files:{PROFILE}'))
        kills += 1
    assert kills * step > 10, f'only {kills} points'


def worker_killed(bench, before):
    step = 1 if bench.release == '12' else SOME
    with bench.file(PROFILE, PLAIN):
        killed(bench, bench.to_guest, before, step)
        away = bench.snapshot()
        killed(bench, bench.to_host, away, step)
        bench.run('rm', '-f', '/run/bench-hook-ran')
    bench.expect_same(before, allow=ALLOWED)


def refused(bench, before):
    """Before anything has changed, with what has to be corrected and where."""
    for value, word in (('dbus.service', 'handoff'), ('bench-idle.servise', 'plain name'),
                        ('sysinit.target', 'systemd'), ('user:dbus.service', 'handoff')):
        with bench.file(PROFILE, f'# One\n[{CARD}]\nstop-units=bench-needed.service;{value}\n'):
            said = bench.to_guest(CARD, status=story.REFUSED)
        problem = said.findings['bad-profile']['args']
        assert (problem['file'], problem['line'], problem['key']) == (PROFILE, '3', 'stop-units'), problem
        assert value in problem['reason'] and word in problem['reason'], problem
    with profile(bench, stop=('bench-needed.service', 'bench-need.service')):
        said = bench.to_guest(CARD, status=story.REFUSED)
    assert said.findings['unit-missing']['args'] == {
        'unit': 'bench-need.service', 'key': 'stop-units', 'file': PROFILE}, said.findings
    bench.expect_same(before, allow=ALLOWED)


def run(bench):
    for name, text in UNITS.items():
        path = f'/run/systemd/system/{name}'
        bench.run('sh', '-c', 'cat > "$1"', 'sh', path, stdin=text)
        bench.at_end(bench.run, 'rm', '-f', path)
    link = '/run/systemd/system/bench-alias.service'
    bench.run('ln', '-s', 'bench-needed.service', link)
    bench.at_end(bench.run, 'rm', '-f', link)
    bench.at_end(bench.run, 'systemctl', 'stop', *UNITS, status=None)
    bench.run('systemctl', 'daemon-reload')
    bench.run('systemctl', 'start', *RUN_BEFORE)
    bench.run('modprobe', 'vfio-pci')
    before = bench.snapshot()

    refused(bench, before)
    there_and_back(bench, before)
    later_step_fails(bench, before)
    if bench.full:
        other_name(bench, before)
        does_not_stop(bench, before)
        does_not_start(bench, before)
        worker_killed(bench, before)
