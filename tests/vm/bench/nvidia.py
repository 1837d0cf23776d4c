# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories about NVIDIA's driver have in common: each is about one generation of it."""

from . import fault, story

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
BOOT_DISPLAY = '0000:00:02.0'
DRIVER = '/sys/bus/pci/drivers/nvidia'
LOCK = f'/proc/driver/nvidia/gpus/{CARD}/unbindLock'
SERVICES = ('nvidia-persistenced.service', 'nvidia-powerd.service')

# Nobody remembers the last handoff and vfio but the machine itself.
ALLOWED = (*story.HANDOFF_LEAVES, 'files:/run/baton*', 'units:baton-settle.service')

# As distributions have it; and a mark, so that it is known to have been followed.
RULE, FOLLOWED = '/etc/udev/rules.d/71-nvidia.rules', '/run/bench-rule-followed'
RULE_TEXT = ('ACTION=="add", DEVPATH=="/module/nvidia", RUN+="/sbin/modprobe nvidia-drm", '
             f'RUN+="/usr/bin/touch {FOLLOWED}"\n')


def tell(bench, version, leaves):
    """The driver of @version, which @leaves with a card or stays without it."""
    # The second card is nobody's until it is needed.
    bench.run('sh', '-c', f'echo none > /sys/bus/pci/devices/{OTHER}/driver_override')
    bench.call('nvidia.install', version=version)
    bench.call('nvidia.start_services')
    bench.run('modprobe', 'vfio-pci')
    bench.expect_driver('nvidia', CARD)

    there_and_back(bench, leaves, 5 if bench.full else 1)
    if leaves:
        loaded_by_udev(bench)
        upgraded(bench, version)
    sleeping(bench)
    holders_block(bench)
    if bench.full:
        console(bench)
        failed_writes(bench)
        failed_modules(bench, leaves)
        killed_worker(bench)
    second_card(bench, leaves)
    use_without_descriptor(bench)
    if bench.full and not leaves:
        opened_too_late(bench, settles=version < '595')
    if not (bench.full and version >= '595'):
        stuck_count(bench)


def there_and_back(bench, leaves, rounds):
    """The card goes and comes, and all that stood on its driver with it, as it was."""
    was = bench.call('nvidia.state')
    assert set(was['services'].values()) == {'active'}, was
    assert was['modules']['nvidia_drm']['modeset'] == 'Y', was
    before = bench.snapshot()
    for _ in range(rounds):
        handoff = bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
        now = bench.call('nvidia.state')
        assert 'nvidia_drm' not in now['modules'], now
        assert ('nvidia' in now['modules']) != leaves, now
        assert set(now['services'].values()) == {'inactive'}, now
        steps = handoff.steps('ok')
        assert [step for step in steps if step.startswith('stop-unit:')] == [
            f'stop-unit:{service}' for service in reversed(SERVICES)], steps
        assert steps.index(f'prove-unused:{CARD}') < steps.index(f'unbind:{SOUND}'), steps
        bench.to_host(CARD)
        bench.expect_driver('nvidia', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
        assert bench.call('nvidia.state') == was, bench.call('nvidia.state')
        assert bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    bench.expect_same(before, allow=ALLOWED)


def loaded_by_udev(bench):
    """Whoever loads the modules first: udev knows none of the settings that they had."""
    was = bench.call('nvidia.state')
    with bench.file(RULE, RULE_TEXT):
        bench.run('udevadm', 'control', '--reload')
        for method in ('bind', 'rescan'):
            bench.run('rm', '-f', FOLLOWED)
            with bench.file('/etc/baton.conf', f'[{CARD}]\nreturn-method={method}\n'):
                bench.to_guest(CARD)
                bench.to_host(CARD)
            bench.call('setup.settle')
            bench.run('test', '-e', FOLLOWED)
            bench.expect_driver('nvidia', CARD)
            bench.expect_driver('snd_hda_intel', SOUND)
            now = bench.call('nvidia.state')
            assert now == was, (method, now)
    bench.run('udevadm', 'control', '--reload')


def upgraded(bench, version):
    """Another version is installed under Debian's name while this one is loaded."""
    assert 'driver-replaced' not in bench.batonctl('plan', 'guest', CARD).findings
    bench.call('nvidia.upgrade', version='580.105.08')
    told = bench.batonctl('plan', 'guest', CARD, status=story.REFUSED).findings
    assert told['driver-replaced']['args']['module'] == 'nvidia', told
    bench.call('nvidia.upgrade', version=version)
    assert 'driver-replaced' not in bench.batonctl('plan', 'guest', CARD).findings


def sleeping(bench):
    """What the driver says about a card would wake it, so it is not asked but for a handoff."""
    control = f'/sys/bus/pci/devices/{CARD}/power/control'
    bench.call('sysfs.write', path=control, text='auto')
    bench.call('power.wait', address=CARD, status='suspended')
    for argv in (('list',), ('show', CARD), ('holders', CARD), ('plan', 'guest', CARD)):
        looked = bench.batonctl(*argv)
        nodes = [node for card in looked.machine['cards'] if card['address'] == CARD
                 for node in card['nodes']] if looked.machine else ['/dev/nvidia0']
        assert '/dev/nvidia0' in nodes, nodes
    assert bench.call('sysfs.read', path='/sys/module/nvidia/parameters/wakes') == '0'
    bench.to_guest(CARD)
    bench.to_host(CARD)
    assert bench.call('sysfs.read', path=control) == 'auto'
    bench.call('sysfs.write', path=control, text='on')


def holders_block(bench):
    """Whoever has a node is named, and nothing moves; the service's own process is no holder."""
    before = bench.snapshot()
    drm = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    nodes = ('/dev/nvidia0', '/dev/nvidia-uvm', drm, '/dev/nvidiactl', '/dev/nvidia-modeset',
             '/dev/nvidia-caps/nvidia-cap1')
    for node in nodes if bench.full else nodes[:3]:
        with bench.holding('fd', node) as holder:
            refused = bench.to_guest(CARD, status=story.REFUSED)
            named = [finding['args'] for finding in refused.blockers.values()]
            assert [args.get('pid') for args in named] == [str(holder.pid)], (node, named)
            assert node in named[0]['nodes'], named
    bench.expect_same(before, allow=ALLOWED)


def console(bench):
    """The text console that the driver brings (fbdev=1): where it is the only one it is told of,
    goes with its card and comes with it; else it is on the boot display, and stays there."""
    before = bench.snapshot()
    was = bench.call('nvidia.state')
    bochs = '/sys/bus/pci/drivers/bochs-drm'
    bench.call('nvidia.load_display_part', fbdev=1)
    other = bench.call('sysfs.node_of', address=BOOT_DISPLAY, kind='fb')
    assert bench.call('sysfs.console_framebuffer') == other
    handoff = bench.to_guest(CARD)
    assert 'console-goes' not in handoff.findings, handoff.findings
    bench.to_host(CARD)
    assert bench.call('sysfs.console_framebuffer') == other

    # A program that has the framebuffer open keeps the module, and is named.
    with bench.holding('fd', bench.call('sysfs.node_of', address=CARD, kind='fb')) as holder:
        refused = bench.to_guest(CARD, status=story.REFUSED)
        named = [finding['args'] for finding in refused.blockers.values()]
        assert [args.get('pid') for args in named] == [str(holder.pid)], named

    # A console that has lost its framebuffer goes to none, but to one that comes.
    bench.run('sh', '-c', f'echo {BOOT_DISPLAY} > {bochs}/unbind')
    bench.call('nvidia.load_display_part', fbdev=1)
    here = bench.call('sysfs.node_of', address=CARD, kind='fb')
    assert bench.call('sysfs.console_framebuffer') == here
    with_console = bench.call('nvidia.state')
    assert with_console['modules']['nvidia_drm']['fbdev'] == 'Y', with_console
    handoff = bench.to_guest(CARD)
    assert 'console-goes' in handoff.findings, handoff.findings
    bench.expect_guest(CARD, SOUND)
    assert bench.call('sysfs.console_framebuffer') != here
    bench.to_host(CARD)
    here = bench.call('sysfs.node_of', address=CARD, kind='fb')
    assert bench.call('sysfs.console_framebuffer') == here
    assert bench.call('nvidia.state') == with_console, bench.call('nvidia.state')

    # The boot display comes late, and has the console all the same.
    bench.run('sh', '-c', f'echo {BOOT_DISPLAY} > {bochs}/bind')
    other = bench.call('sysfs.node_of', address=BOOT_DISPLAY, kind='fb')
    assert bench.call('sysfs.console_framebuffer') == other
    handoff = bench.to_guest(CARD)
    assert 'console-goes' not in handoff.findings, handoff.findings
    assert bench.call('sysfs.console_framebuffer') == other
    bench.to_host(CARD)
    assert bench.call('sysfs.console_framebuffer') == other

    # As it was: the boot display's framebuffer is the first again.
    bench.run('sh', '-c', f'echo {BOOT_DISPLAY} > {bochs}/unbind')
    bench.call('nvidia.load_display_part', fbdev=0)
    bench.run('sh', '-c', f'echo {BOOT_DISPLAY} > {bochs}/bind')
    assert bench.call('nvidia.state') == was, bench.call('nvidia.state')
    bench.expect_same(before, allow=ALLOWED)


def failed_writes(bench):
    """Every write to /sys and to the driver's own file fails once, and all is as it was."""
    was = bench.call('nvidia.state')
    before = bench.snapshot()
    with fault.traced(bench, '-e', f'trace={fault.WRITES}') as trace:
        bench.to_guest(CARD)
        trace.drain()
        paths = list(dict.fromkeys(path for path, _ in trace.writes('/')
                                   if path.startswith(('/sys/', '/proc/driver/'))))
    bench.to_host(CARD)
    assert len(paths) >= 5 and any(path.endswith('/unbindLock') for path in paths), paths
    for path in paths:
        with fault.failing(bench, path) as trace:
            failed = bench.to_guest(CARD, status=None)
            trace.drain()
        assert trace.injected(), (path, failed.result)
        assert failed.result['exit'] == story.ROLLED_BACK, (path, failed.result)
        expect_put_back(bench, was, before)


def failed_modules(bench, leaves):
    """A module that does not go stops the handoff, and one that does not come the return."""
    was = bench.call('nvidia.state')
    before = bench.snapshot()
    failed = hand_with_fault(bench, bench.to_guest, 'delete_module', 'EAGAIN')
    assert failed.result['exit'] == story.ROLLED_BACK, failed.result
    assert failed.result['at_step'].startswith('unload-module:nvidia_'), failed.result
    expect_put_back(bench, was, before)

    bench.to_guest(CARD)
    # Found anew, the card would have its modules from udev, whom the fault does not meet.
    with bench.file('/etc/baton.conf',
                    f'[{CARD}]\nreturn-method=bind\nreset-before-return=false\n'):
        failed = hand_with_fault(bench, bench.to_host, 'finit_module,init_module', 'ENOMEM')
    if leaves:
        # Without its driver the card is no use to the host.
        assert failed.result['exit'] == story.ROLLED_BACK, failed.result
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD)
        assert bench.call('nvidia.state') == was, bench.call('nvidia.state')
        return
    # The card is back, and what it lacks is told; what was remembered is still known.
    assert failed.result['exit'] == story.DEGRADED, failed.result
    bench.expect_driver('nvidia', CARD)
    assert 'nvidia_drm' not in bench.call('nvidia.state')['modules']
    bench.call('nvidia.load')
    bench.run('systemctl', 'start', *SERVICES)
    expect_put_back(bench, was, before)


def hand_with_fault(bench, hand, calls, error):
    """What comes of @hand where each of @calls fails."""
    with fault.traced(bench, '-e', f'trace={calls}', '-e',
                      f'inject={calls}:error={error}') as trace:
        failed = hand(CARD, status=None)
        trace.drain()
    assert trace.injected(), failed.result
    return failed


def killed_worker(bench):
    """The worker is killed where it has done something and not yet written that down."""
    was = bench.call('nvidia.state')
    before = bench.snapshot()
    # The first record is the plan's; then there is one before and one after each effect.
    when = 3
    while True:
        with fault.killed(bench, fault.JOURNAL, when) as trace:
            ended = bench.to_guest(CARD, status=None)
            trace.drain()
        if ended.result['exit'] == story.DONE:
            break
        assert trace.injected() and ended.result['exit'] == story.ROLLED_BACK, (when, ended.result)
        bench.run('test', '!', '-e', fault.JOURNAL)
        expect_put_back(bench, was, before)
        when += 2
    assert when > 15, when
    bench.to_host(CARD)


def expect_put_back(bench, was, before):
    bench.expect_driver('nvidia', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert bench.call('nvidia.state') == was, bench.call('nvidia.state')
    bench.expect_same(before, allow=ALLOWED)


def second_card(bench, leaves):
    """A driver that can only leave as a whole does not while it has another card, nor does a
    display part that shows desktops: both are said before anything is done."""
    device = f'/sys/bus/pci/devices/{OTHER}'
    bench.run('sh', '-c',
              f'echo > {device}/driver_override && echo {OTHER} > {DRIVER}/bind')
    code = 'nvidia-other-card' if leaves else 'nvidia-modeset-shared'
    refused = bench.to_guest(CARD, status=story.REFUSED)
    assert code in refused.blockers, refused.blockers
    assert refused.blockers[code]['args']['address'] == OTHER
    assert not refused.steps()
    bench.expect_driver('nvidia', CARD, OTHER)
    bench.run('sh', '-c',
              f'echo {OTHER} > {DRIVER}/unbind; echo none > {device}/driver_override')


def use_without_descriptor(bench):
    """Persistence mode: nobody has the card open, and the driver says that it is in use."""
    was = bench.call('nvidia.state')
    bench.call('nvidia.set_parameter', parameter='persistence', value=1)
    failed = bench.to_guest(CARD, status=story.ROLLED_BACK)
    assert failed.result['at_step'] == f'prove-unused:{CARD}', failed.result
    assert not any(step.startswith('unbind:') for step in failed.steps('start'))
    bench.expect_driver('nvidia', CARD)
    bench.call('nvidia.set_parameter', parameter='persistence', value=0)
    assert bench.call('nvidia.state') == was


def opened_too_late(bench, settles):
    """Somebody opens the card between the driver's word that nobody has it and the unbind.

    The driver then waits in its remove: until the card is closed, or, where it has forgotten the
    card before, for ever.
    """
    with fault.traced(bench, '-P', LOCK, '-e', 'trace=read') as trace:
        bench.to_guest(CARD)
        trace.drain()
    bench.to_host(CARD)
    reads = sum('read(' in line and 'unbindLock' in line for line in trace.seen)
    with fault.stopped(bench, LOCK, reads, calls='read') as worker:
        handoff = bench.follow(bench.start_batonctl('guest', CARD, '--yes'))
        worker.wait_stopped()
        with bench.holding('fd', '/dev/nvidia0') as holder:
            worker.go_on()
            handoff.until(type='step', state='stalled', id=f'unbind:{CARD}')
            assert bench.call('sysfs.link',
                              path=f'/sys/bus/pci/devices/{CARD}/driver') is None
            holder.close_stdin()
            holder.wait()
        result = handoff.end()
    if settles:
        assert result['code'] == 'handed-over', result
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD)
    else:
        assert (result['code'], result['exit']) == ('stuck', story.STUCK), result
        assert result['at_step'] == f'unbind:{CARD}', result


def stuck_count(bench):
    """Uses that nothing explains are told of before services are stopped in vain; there is no way
    back from them."""
    bench.call('nvidia.set_parameter', parameter='stuck', value=36)
    before = bench.snapshot()
    refused = bench.to_guest(CARD, status=story.REFUSED)
    stuck = refused.blockers['nvidia-count-stuck']
    assert stuck['args'] == {'module': 'nvidia', 'count': '36'}, stuck
    assert not refused.steps()
    bench.expect_driver('nvidia', CARD)
    bench.expect_same(before, allow=ALLOWED)
