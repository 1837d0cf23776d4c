# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever asked may be killed, frozen or starved half way: the worker is out of reach and finishes."""

import json

from bench import fault

IMAGES = ('12',)

SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
FIRST_WRITE = f'/sys/bus/pci/devices/{CARD}/driver_override'

RULE = '/etc/polkit-1/rules.d/49-story.rules'
RULE_TEXT = '''polkit.addRule (function (action, subject) {
  if (subject.user == "u" && action.id == "io.github.batongpu.Baton.hand")
    return polkit.Result.YES;
});
'''


QUICK = ('cgroup.kill',)


def run(bench):
    with bench.file(RULE, RULE_TEXT):
        for file in ('cgroup.kill', 'cgroup.freeze', 'pids.max') if bench.full else QUICK:
            goes_on_without_its_caller(bench, file)


def goes_on_without_its_caller(bench, file):
    """The user does to his own control group what he may do, and the front is in it."""
    with fault.stopped(bench, FIRST_WRITE) as worker:
        asked = bench.start_batonctl('guest', CARD, '--yes', user='u')
        worker.wait_stopped()
        group = control_group(bench, front(bench))
        assert 'user@1000.service' in group, group
        assert 'system.slice' in control_group(bench, worker.pid)

        bench.run('sh', '-c', f'echo 1 > /sys/fs/cgroup{group}/{file}', user='u')
        watch = bench.start_batonctl('watch')
        worker.go_on()
        wait_for_report(watch, 'handed-over')

    bench.expect_guest(CARD, SOUND)
    if file == 'cgroup.freeze':
        bench.run('sh', '-c', f'echo 0 > /sys/fs/cgroup{group}/{file}', user='u')
    asked.close_stdin()
    asked.wait()
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)


def front(bench):
    """The pid of the one front of a handoff."""
    pids = bench.run('pgrep', '-f', '^/usr/libexec/baton-helper hand ').out.split()
    assert len(pids) == 1, pids
    return pids[0]


def control_group(bench, pid):
    return bench.run('cat', f'/proc/{pid}/cgroup').out.strip().removeprefix('0::')


def wait_for_report(watch, code):
    for line in watch.lines(180):
        event = json.loads(line)
        if event['type'] == 'report' and event['code'] == code:
            break
    else:
        raise AssertionError(f'the watch ended without {code}: {watch.err}')
    watch.signal(15)
    watch.wait()
