# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that has the card keeps the computer awake; a card that nobody uses does not."""

from bench import confined

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
UNIT = f'baton-guest@{CARD}.service'
HELD = ['sleep:handle-lid-switch block']
ALLOWED = f'[{CARD}]\nsleep-while-guest=allow\n'
# What a program in its place may do of this it says.
TRY = '''for file in /etc/x /run/x /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity \\
  /sys/bus/pci/drivers_probe /sys/power/state /sys/fs/cgroup/cgroup.procs /dev/kmsg /dev/vfio/vfio
do (: >> $file) 2> /dev/null && echo $file; done
ls -A /home 2> /dev/null
ls -A /root 2> /dev/null
modprobe dummy 2> /dev/null && echo module
dmesg 2> /dev/null
echo tried'''
# In the place of Baton's own, and empty.
NO_RULE = '/etc/udev/rules.d/60-baton.rules'


def state(bench):
    return bench.run('systemctl', 'is-active', UNIT, status=None).out.strip()


def guard(bench):
    return bench.run('systemctl', 'show', '--property=MainPID', '--value', UNIT).out.strip()


def warnings(handed):
    return [event['text'] for event in handed.events
            if event['type'] == 'log' and event['level'] == 'warning']


def kept_awake(bench):
    """However the guest ends, and though the one who watches is killed meanwhile."""
    with bench.guest(CARD, SOUND) as guest:
        bench.call('inhibitors.wait', expected=HELD)
        bench.run('kill', '-KILL', guest.inside)
        guest.wait()
        bench.call('inhibitors.wait', expected=[])
    with bench.guest(CARD, SOUND):
        bench.call('inhibitors.wait', expected=HELD)
        bench.run('systemctl', 'kill', '--signal=KILL', UNIT)
        bench.call('inhibitors.wait', expected=[])
        bench.call('inhibitors.wait', expected=HELD)
    bench.call('inhibitors.wait', expected=[])


def there_and_back(bench):
    """Who watches is there when the handoff is done, and ends when the card is back."""
    handed = bench.to_guest(CARD)
    assert not warnings(handed), handed.events
    bench.expect_guest(CARD, SOUND)
    assert state(bench) == 'active', state(bench)
    assert bench.call('inhibitors.held') == []
    kept_awake(bench)
    pid = guard(bench)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.run('tail', f'--pid={pid}', '-f', '/dev/null')


def park(bench):
    """As a person does, or libvirt."""
    bench.call('sysfs.park', addresses=(CARD, SOUND))


def park_before_udev(bench):
    """As an initramfs does."""
    with bench.file(NO_RULE, ''):
        bench.run('udevadm', 'control', '--reload')
        park(bench)
        bench.call('setup.settle')
        assert state(bench) == 'inactive', state(bench)
    bench.run('udevadm', 'control', '--reload')
    bench.run('udevadm', 'trigger', '--action=add', f'/sys/bus/pci/devices/{CARD}')


def given_by_others(bench):
    """Whoever gave the card away: who watches is started all the same."""
    for give in (park, park_before_udev):
        give(bench)
        with bench.guest(CARD, SOUND):
            bench.call('inhibitors.wait', expected=HELD)
        bench.call('inhibitors.wait', expected=[])
        pid = guard(bench)
        bench.call('sysfs.unpark', addresses=(CARD, SOUND))
        bench.run('tail', f'--pid={pid}', '-f', '/dev/null')
        bench.expect_driver('bochs-drm', CARD)


def run(bench):
    for _ in range(2 if bench.full else 1):
        there_and_back(bench)
    given_by_others(bench)

    with bench.file('/etc/baton.conf', ALLOWED):
        bench.to_guest(CARD)
        # Whoever starts it, as udev does that comes to the card when the handoff is over.
        bench.run('systemctl', 'start', '--wait', UNIT)
        assert state(bench) == 'inactive', state(bench)
        with bench.guest(CARD, SOUND):
            assert bench.call('inhibitors.held') == []
        bench.to_host(CARD)

    tried = confined.tried(bench, 'baton-guest@.service', 'try', TRY)
    assert tried == 'tried\n', tried
    if bench.full:
        nobody_watches(bench)


def nobody_watches(bench):
    """Where nobody can be started the card goes all the same, and somebody is told."""
    bench.run('systemctl', 'mask', '--runtime', UNIT)
    bench.at_end(bench.run, 'systemctl', 'unmask', '--runtime', UNIT)
    told = warnings(bench.to_guest(CARD))
    assert len(told) == 1 and 'sleep' in told[0] and 'masked' in told[0], told
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    assert state(bench) == 'inactive', state(bench)
