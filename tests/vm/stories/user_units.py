# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of the user who asks stop before the card goes, or run while it is away, and all is as it was."""

from bench import fault, story

# What it shares with profile-units is told in each run.
TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
PROFILE = '/etc/baton.conf'
ALLOWED = (*story.HANDOFF_LEAVES, 'files:/run/baton*', 'units:baton-settle.service')

NODE = f'/dev/dri/by-path/pci-{CARD}-card'
SERVICE = '[Service]\nType=exec\n'
UNITS = {
    # It has the card open, and goes with nobody's consent but its owner's.
    'bench-desk.service': f'{SERVICE}ExecStart=sh -c "exec 3<{NODE}; exec sleep infinity"\n',
    # Nobody names it, and systemd stops it with what it needs.
    'bench-along.service': '[Unit]\nRequires=bench-desk.service\nAfter=bench-desk.service\n'
                           f'{SERVICE}ExecStart=sleep infinity\n',
    'bench-listens.service': f'{SERVICE}ExecStart=sleep infinity\n',
}
RUN_BEFORE = {'bench-desk.service', 'bench-along.service'}


def systemctl(bench, *argv, status=0):
    return bench.run('systemctl', '--user', *argv, user='u', status=status)


def active(bench):
    said = systemctl(bench, 'is-active', *UNITS, status=None).out.split()
    return {unit for unit, state in zip(UNITS, said, strict=True) if state == 'active'}


def profile(bench, stop='user:bench-desk.service'):
    return bench.file(PROFILE, f'[{CARD}]\nstop-units={stop}\nstart-units-guest=user:bench-listens.service\n')


def there_and_back(bench, before, uid, sudo):
    """Whoever brings it back, it is the same user's units that run again."""
    with profile(bench):
        handed = bench.to_guest(CARD, env=sudo)
    bench.expect_guest(CARD, SOUND)
    assert f'stop-unit:user:{uid}:bench-desk.service' in handed.steps('ok'), handed.steps()
    assert handed.steps('ok')[-1] == f'start-unit:user:{uid}:bench-listens.service', handed.steps()
    assert active(bench) == {'bench-listens.service'}, active(bench)
    back = bench.to_host(CARD)
    assert f'stop-unit:user:{uid}:bench-listens.service' in back.steps('ok'), back.steps()
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def with_consent(bench, before, uid, sudo):
    """Nobody has named it, and its process has the card: his own systemd stops it, and starts it again."""
    pid = systemctl(bench, 'show', '-P', 'MainPID', 'bench-desk.service').out.strip()
    handed = bench.to_guest(CARD, '--close', pid, env=sudo)
    assert handed.findings['in-use-whole-service']['args']['unit'] == 'bench-desk.service', handed.findings
    assert handed.steps('ok')[0] == f'stop-unit:user:{uid}:bench-desk.service', handed.steps()
    assert active(bench) == set(), active(bench)
    bench.to_host(CARD)
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def asked_by_himself(bench, before, uid):
    """In his session, through polkit: the plan that he is shown is the one that is carried out."""
    with profile(bench), bench.agent('u'):
        shown = bench.batonctl('plan', 'guest', CARD, user='u').plan
        handed = bench.to_guest(CARD, user='u')
        assert shown['digest'] == handed.plan['digest'], (shown, handed.plan)
        assert active(bench) == {'bench-listens.service'}, active(bench)
        bench.to_host(CARD, user='u')
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def asked_by_root(bench, before):
    """Root has no such units: they are left as they are, and that is said."""
    with profile(bench):
        said = bench.batonctl('plan', 'guest', CARD, status=story.REFUSED)
    assert said.findings['unit-of-nobody']['args']['uid'] == '0', said.findings
    assert 'in-use-service' in said.blockers, said.blockers
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def later_step_fails(bench, before, uid, sudo):
    with profile(bench), fault.failing(bench, '/sys/bus/pci/drivers/vfio-pci/bind') as trace:
        failed = bench.to_guest(CARD, env=sudo, status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert f'stop-unit:user:{uid}:bench-desk.service' in failed.steps('undone'), failed.steps()
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def unknown(bench, before, sudo):
    """His systemd knows no such unit, which only he could have asked it."""
    with profile(bench, 'user:bench-desk.service;user:bench-dusk.service'):
        failed = bench.to_guest(CARD, env=sudo, status=story.ROLLED_BACK)
    assert any(event['code'] == 'unit-not-stopped' for event in failed.events
               if event['type'] == 'step'), failed.events
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def worker_killed(bench, before, sudo):
    """Recovery reaches them as the worker does."""
    kills = 0
    with profile(bench):
        while True:
            with fault.killed(bench, fault.JOURNAL, 2 + kills * 3) as trace:
                ended = bench.to_guest(CARD, env=sudo, status=None)
                trace.drain()
            if ended.result['exit'] == story.DONE:
                break
            assert ended.result['exit'] == story.ROLLED_BACK, ended.result
            assert trace.injected(), trace.seen[-20:]
            assert active(bench) == RUN_BEFORE, active(bench)
            bench.expect_same(before, allow=(*ALLOWED, f'files:{PROFILE}'))
            kills += 1
    assert kills > 2, kills
    bench.to_host(CARD)
    assert active(bench) == RUN_BEFORE, active(bench)
    bench.expect_same(before, allow=ALLOWED)


def run(bench):
    uid = bench.run('id', '-u', 'u').out.strip()
    sudo = {'SUDO_UID': uid}
    directory = f'/run/user/{uid}/systemd/user'
    bench.run('mkdir', '-p', directory, user='u')
    for name, text in UNITS.items():
        bench.run('sh', '-c', 'cat > "$1"', 'sh', f'{directory}/{name}', user='u', stdin=text)
        bench.at_end(bench.run, 'rm', '-f', f'{directory}/{name}')
    bench.at_end(systemctl, bench, 'stop', *UNITS, status=None)
    systemctl(bench, 'daemon-reload')
    systemctl(bench, 'start', *RUN_BEFORE)
    bench.run('modprobe', 'vfio-pci')
    before = bench.snapshot()

    there_and_back(bench, before, uid, sudo)
    later_step_fails(bench, before, uid, sudo)
    if bench.full:
        with_consent(bench, before, uid, sudo)
        unknown(bench, before, sudo)
        asked_by_root(bench, before)
        asked_by_himself(bench, before, uid)
        worker_killed(bench, before, sudo)
