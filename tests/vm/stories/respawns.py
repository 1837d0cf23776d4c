# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole application is closed with one consent, and what comes back each time is named."""

from bench import story

TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def holders(bench):
    """The processes that hold the card, by pid."""
    events = bench.batonctl('plan', 'guest', CARD, status=None).events
    return {holder['pid']: holder for event in events
            if event['type'] == 'holders' and event['card'] == CARD
            for holder in event['holders'] if holder['kind'] != 'kernel'}


def members(bench, scope):
    """The processes of a scope of u, as the kernel lists them."""
    path = f'/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/{scope}/cgroup.procs'
    return bench.run('cat', path).out.split()


def failed_for(handoff):
    """Why the step that failed did."""
    code, = [event['code'] for event in handoff.events
             if event['type'] == 'step' and event['state'] == 'fail']
    return code


def is_running(bench, pid):
    """Not one that has ended and whose parent has not heard of it yet."""
    stat = bench.run('cat', f'/proc/{pid}/stat', status=None).out
    return stat != '' and stat.rpartition(')')[2].split()[0] != 'Z'


def run(bench):
    a_whole_application(bench)
    comes_back_each_time(bench)
    another_of_no_application(bench)
    its_service_starts_it(bench)


def a_whole_application(bench):
    """Two of its processes have the card, the one that leads them does not."""
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    scope, other = 'app-example-4711.scope', 'app-example-4712.scope'
    with bench.holding('family', node, user='u', scope=scope) as family, \
         bench.holding('family', '/dev/null', user='u', scope=other) as bystander:
        application = members(bench, scope)
        assert len(application) == 3, application
        found = holders(bench)
        assert len(found) == 2, found
        assert {holder['unit'] for holder in found.values()} == {scope}, found
        bench.to_guest(CARD, '--close', str(min(found)))
        family.wait(30)
        bench.expect_guest(CARD, SOUND)
        assert not [pid for pid in application if is_running(bench, pid)], application
        assert len(members(bench, other)) == 3, members(bench, other)
        assert bystander.status is None
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)


def comes_back_each_time(bench):
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    scope = 'app-phoenix-4713.scope'
    with bench.holding('respawning', node, user='u', scope=scope) as phoenix:
        before = bench.function(CARD), bench.function(SOUND)
        first, = holders(bench)
        failed = bench.to_guest(CARD, '--close', str(first), status=story.ROLLED_BACK)
        assert failed_for(failed) == 'respawns'
        # Three were closed, and the fourth has it.
        second, = holders(bench)
        assert second != first and str(second) in members(bench, scope), (first, second)
        assert (bench.function(CARD), bench.function(SOUND)) == before
        assert phoenix.status is None


def another_of_no_application(bench):
    """What was started outside any application is consented to alone: its successor is a new holder."""
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    with bench.holding('respawning', node) as phoenix:
        before = bench.function(CARD), bench.function(SOUND)
        first, = holders(bench)
        failed = bench.to_guest(CARD, '--close', str(first), status=story.ROLLED_BACK)
        assert failed_for(failed) == 'new-holder'
        second, = holders(bench)
        assert second != first and phoenix.status is None, (first, second)
        assert (bench.function(CARD), bench.function(SOUND)) == before


def its_service_starts_it(bench):
    """An application that is a service of its user's: it is named with that, and with what stops it."""
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    unit = 'app-phoenix@4714.service'
    bench.run('systemd-run', '--user', '--quiet', f'--unit={unit}', '-p', 'Restart=always', '-p', 'RestartSec=0',
              '-p', 'StartLimitIntervalSec=0', 'sh', '-c', f'exec 3<{node}; exec sleep infinity', user='u')
    bench.at_end(bench.run, 'systemctl', '--user', 'stop', unit, user='u', status=None)
    bench.run('timeout', '60', 'sh', '-c',
              'until ls -l /proc/$(systemctl --user show -P MainPID "$1")/fd | grep -q /dev/dri/; do sleep 0.2; done',
              'sh', unit, user='u')
    before = bench.function(CARD), bench.function(SOUND)
    first, = holders(bench)
    failed = bench.to_guest(CARD, '--close', str(first), status=story.ROLLED_BACK)
    assert failed_for(failed) in ('respawns-in-service', 'new-holder-in-service'), failed.result
    said, = [event['text'] for event in failed.events if event['type'] == 'step' and event['state'] == 'fail']
    assert unit in said, said
    assert (bench.function(CARD), bench.function(SOUND)) == before
