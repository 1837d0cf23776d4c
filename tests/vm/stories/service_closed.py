# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that uses the card is stopped and runs again after; its jobs are closed, a container is let be."""

from bench import fault, story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
ALLOWED = (*story.HANDOFF_LEAVES, 'files:/run/baton*', 'units:baton-settle.service')

NODE = f'/dev/dri/by-path/pci-{CARD}-card'
HOLD = f'exec 3<{NODE}; exec sleep infinity'
GLOW, SOCKET = 'bench-glow.service', 'bench-glow.socket'
CHORE, FORKS = 'bench-chore.service', 'bench-forks.service'
UNITS = {
    # It would come back at once if its process were ended, and when somebody asks its socket.
    GLOW: f'[Service]\nExecStart=sh -c "{HOLD}"\nRestart=always\nRestartSec=0\n',
    SOCKET: '[Socket]\nListenStream=/run/bench-glow.sock\n',
    # As cron: what it starts is another program, and what its job leaves behind has no parent there.
    CHORE: f'[Service]\nExecStart=sh -c "(setsid sh -c \\"{HOLD}\\" &) ; ({HOLD}) & wait; exec tail -f /dev/null"\n',
    # systemd is told not to guess which of its processes is the main one.
    FORKS: f'[Service]\nType=forking\nGuessMainPID=no\nExecStart=sh -c "({HOLD}) &"\n',
}
ID = '0123456789ab' + '0' * 52


def systemctl(bench, *argv, status=0):
    return bench.run('systemctl', *argv, status=status).out.strip()


def main_pid(bench, unit):
    return systemctl(bench, 'show', '-P', 'MainPID', unit)


def holders_in(bench, unit, count):
    """As many processes of the unit's have the card, now or soon."""
    return bench.run('timeout', '60', 'sh', '-c', '''
        while :; do
          found=
          for pid in $(cat /sys/fs/cgroup/system.slice/"$1"/cgroup.procs); do
            ls -l "/proc/$pid/fd" 2>/dev/null | grep -q /dev/dri/ && found="$found $pid"
          done
          set -- "$1" "$2" $found
          [ $(($# - 2)) = "$2" ] && echo "$found" && exit
          set -- "$1" "$2"
          sleep 0.2
        done''', 'sh', unit, str(count)).out.split()


def close_all(pids):
    return [word for pid in pids for word in ('--close', pid)]


def kinds(handoff):
    return {step.partition(':')[0] for step in handoff.steps('ok')}


def begin(bench):
    """The service that has the card, the other that has started who has it, and those two."""
    systemctl(bench, 'start', SOCKET, GLOW, CHORE)
    pid, = holders_in(bench, GLOW, 1)
    assert main_pid(bench, GLOW) == pid
    return pid, holders_in(bench, CHORE, 2)


def there_and_back(bench, before):
    """The service itself is stopped; of the other what it started is closed, and it goes on."""
    pid, jobs = begin(bench)
    chore = main_pid(bench, CHORE)
    running = bench.snapshot()
    refused = bench.to_guest(CARD, status=story.REFUSED)
    assert set(refused.blockers) == {'in-use-service', 'in-use-whole-service'}, refused.blockers
    said = refused.findings['in-use-whole-service']['args']
    assert (said['unit'], said['pid']) == (GLOW, pid), said
    assert refused.findings['in-use-service']['args']['unit'] == CHORE, refused.findings
    assert main_pid(bench, GLOW) == pid

    gone = bench.to_guest(CARD, *close_all([pid, *jobs]))
    closes = sorted(step for step in gone.steps('ok') if step.startswith(('stop-unit:', 'close-process:')))
    assert closes.pop() == f'stop-unit:{GLOW}', closes
    assert {step.split(':')[1] for step in closes} == set(jobs), closes
    bench.expect_guest(CARD, SOUND)
    for unit in (GLOW, SOCKET):
        assert systemctl(bench, 'is-active', unit, status=None) == 'inactive', unit
    assert main_pid(bench, CHORE) == chore != '0'

    back = bench.to_host(CARD)
    assert [step for step in back.steps('ok') if step.startswith('start-unit')] == [
        f'start-unit:{SOCKET}', f'start-unit:{GLOW}'], back.steps()
    again, = holders_in(bench, GLOW, 1)
    assert again != pid and main_pid(bench, CHORE) == chore, again
    bench.expect_same(running, allow=ALLOWED)
    systemctl(bench, 'stop', SOCKET, GLOW, CHORE)
    bench.expect_same(before, allow=ALLOWED)


def put_back(bench, before):
    """A later step fails: it runs again, and has the card again."""
    pid, jobs = begin(bench)
    running = bench.snapshot()
    shown = bench.batonctl('plan', 'guest', CARD, *close_all([pid, *jobs]))
    with fault.failing(bench, '/sys/bus/pci/drivers/vfio-pci/bind') as trace:
        failed = bench.to_guest(CARD, *close_all([pid, *jobs]), status=story.ROLLED_BACK)
        trace.drain()
    assert trace.injected(), trace.seen[-20:]
    assert shown.plan['digest'] == failed.plan['digest'], (shown.plan, failed.plan)
    assert f'stop-unit:{GLOW}' in failed.steps('undone'), failed.steps()
    again, = holders_in(bench, GLOW, 1)
    assert again != pid, again
    bench.expect_same(running, allow=ALLOWED)
    systemctl(bench, 'stop', SOCKET, GLOW, CHORE)
    bench.expect_same(before, allow=ALLOWED)


def no_main_process(bench):
    """Consent to a process is not taken for one to a service that systemd would not call its own."""
    systemctl(bench, 'start', FORKS)
    pid, = holders_in(bench, FORKS, 1)
    assert main_pid(bench, FORKS) == '0'
    gone = bench.to_guest(CARD, '--close', pid)
    assert 'stop-unit' not in kinds(gone) and 'close-process' in kinds(gone), gone.steps()
    bench.to_host(CARD)
    assert systemctl(bench, 'is-active', FORKS, status=None) == 'inactive'


def a_container(bench):
    """As Docker names its control groups. It is named, and nothing in it is ended."""
    inside = bench.spawn('systemd-run', '--scope', '--quiet', f'--unit=docker-{ID}.scope',
                         'python3', '-B', '/bench/inside/hold.py', 'fd', NODE)
    try:
        assert next(inside.lines(60), None) == 'holding', inside.err
        refused = bench.batonctl('plan', 'guest', CARD, status=story.REFUSED)
        said = refused.findings['in-use-container']
        assert (said['args']['container'], said['args']['engine']) == (ID[:12], 'Docker'), said
        assert said['consent'] is None and f'docker stop {ID[:12]}' in said['remedy'], said
        for consent in (('--close', said['args']['pid']), ('--close-all',)):
            refused = bench.to_guest(CARD, *consent, status=story.REFUSED)
            assert 'in-use-container' in refused.blockers, refused.blockers
        assert inside.status is None
        bench.expect_driver('bochs-drm', CARD)
    finally:
        inside.close_stdin()
        inside.wait()


def run(bench):
    bench.at_end(systemctl, bench, 'daemon-reload')
    for name, text in UNITS.items():
        bench.run('sh', '-c', 'cat > "$1"', 'sh', f'/run/systemd/system/{name}', stdin=text)
        bench.at_end(bench.run, 'rm', '-f', f'/run/systemd/system/{name}')
    bench.at_end(bench.run, 'systemctl', 'stop', *UNITS, status=None)
    systemctl(bench, 'daemon-reload')
    bench.run('modprobe', 'vfio-pci')
    before = bench.snapshot()

    there_and_back(bench, before)
    a_container(bench)
    if bench.full:
        put_back(bench, before)
        no_main_process(bench)
