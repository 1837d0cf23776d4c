# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest of libvirt's fetches its card when it is started, and gives it back when it has stopped."""

import json
import time

from bench import story

IMAGES = ('12',)
SPOILS = True

CARD, SOUND, OTHER = '0000:01:00.0', '0000:01:00.1', '0000:03:00.0'
ACTION = 'io.github.batongpu.Baton.install-hook'
HELPER = '/usr/libexec/baton-helper'
HOOKS = '/etc/libvirt/hooks'
SCRIPT, STATE = f'{HOOKS}/qemu.d/50-baton', '/var/lib/baton/libvirt-hook.json'
DAEMON = 'libvirtd.service'
NAME = 'bench'

HOSTDEV = """<hostdev mode='subsystem' type='pci' managed='{managed}'><source>
<address domain='0x0000' bus='0x{bus}' slot='0x00' function='0x{function}'/></source></hostdev>"""
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>128</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/><audio id='1' type='none'/>
<video><model type='none'/></video>
{devices}
</devices></domain>
"""

PARSER, PROFILE = '/usr/sbin/apparmor_parser', '/etc/apparmor.d/usr.sbin.libvirtd'

SAID = f'libvirt’s hook asks for it, for the virtual machine “{NAME}”.'

# What an operation other than the two that count may be told.
OTHERS = (('start', 'begin'), ('started', 'begin'), ('stopped', 'end'), ('reconnect', 'begin'), ('migrate', 'begin'),
          ('attach', 'begin'), ('prepare', 'end'), ('release', 'begin'), ('unheard-of', '-'), ('', ''))

# What libvirt's daemon makes of its own when it runs for the first time, and a guest's profile of AppArmor.
ALLOWED = (*story.HANDOFF_LEAVES, 'units:*', 'files:/etc/apparmor.d/libvirt/libvirt-*',
           *(f'files:/etc/libvirt/{name}*' for name in ('nwfilter', 'qemu', 'secrets', 'storage')))


def run(bench):
    before = bench.snapshot()
    bench.at_end(bench.run, 'batonctl', 'install-hook', '--undo', status=None)
    installed = install(bench)
    assert installed.code == 'hook-installed', installed.result
    mode = bench.run('stat', '--format=%a %U:%G', SCRIPT).out
    assert mode == '755 root:root\n', mode
    without_libvirt(bench)
    bench.run('systemctl', 'start', DAEMON)
    for managed in ('no', 'yes') if bench.full else ('yes',):
        there_and_back(bench, managed)
    refused(bench)
    if bench.full:
        who_may(bench)
        beside_another(bench)
        by_hand(bench)
        restarted(bench)
        timed(bench)
        others_scripts(bench)
        confined(bench)
    taken_away(bench, before)


def install(bench, *options, **keywords):
    return bench.batonctl('install-hook', *options, **keywords)


def domain(*devices, managed='no', name=NAME):
    return DOMAIN.format(name=name, devices=''.join(HOSTDEV.format(managed=managed, bus=device[5:7], function=device[-1])
                                                    for device in devices))


def start(bench, *devices, status=0, **keywords):
    with bench.file('/tmp/bench.xml', domain(*devices, **keywords)):
        return bench.run('virsh', 'create', '/tmp/bench.xml', status=status, timeout=300)


def stop(bench, name=NAME):
    bench.run('virsh', 'destroy', name)


def expect_host(bench):
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert bench.function(CARD)['override'] is None
    bench.run('test', '!', '-e', f'/run/baton/cards/{CARD}.json')


def hook(bench, operation, stage, xml='', status=0):
    """The script as libvirt calls it."""
    called = bench.run(SCRIPT, NAME, operation, stage, '-', stdin=xml, status=status)
    # What a script writes there, libvirt may take for the guest's new XML.
    assert called.out == '', called.out
    return called


def without_libvirt(bench):
    """By itself: two operations do something, and all others nothing, whatever they are told."""
    for operation, stage in OTHERS:
        called = hook(bench, operation, stage, '<domain')
        assert called.err == '', (operation, stage, called.err)
    for xml in ('', '<domain', '<!DOCTYPE x [<!ENTITY x "y">]><domain>&x;</domain>', ' ' * (1 << 20) + '<domain/>'):
        assert 'could not be read' in hook(bench, 'prepare', 'begin', xml, status=1).err
    hook(bench, 'prepare', 'begin', domain())
    expect_host(bench)
    if bench.full:
        hook(bench, 'prepare', 'begin', domain(CARD, SOUND))
        bench.expect_guest(CARD, SOUND)
        hook(bench, 'release', 'end')
        expect_host(bench)


def there_and_back(bench, managed):
    """Whoever watches sees it happen."""
    watch = bench.start_batonctl('watch')
    seen = bench.follow(watch)
    # libvirt names what it is told to hand over itself: the sound goes along where it is not named.
    devices = (CARD, SOUND) if managed == 'no' else (CARD,)
    start(bench, *devices, managed=managed)
    seen.until(type='log', text=SAID)
    seen.until(type='step', id=f'verify:{CARD}', state='ok')
    bench.expect_driver('vfio-pci', CARD, SOUND)
    pid = bench.run('cat', f'/run/libvirt/qemu/{NAME}.pid').out.strip()
    links = bench.run('sh', '-c', f'readlink /proc/{pid}/fd/*').out
    assert 'anon_inode:[vfio-device]' in links, links
    stop(bench)
    seen.until(type='log', text=SAID)
    expect_host(bench)
    watch.signal(15)
    watch.wait()


def refused(bench):
    """The reason is in libvirt's own error, and nothing was changed."""
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    with bench.holding('fd', node) as holder:
        before = bench.snapshot()
        error = start(bench, CARD, status=1).err
        assert f'process {holder.pid}' in error and node in error and 'Baton: ' in error, error
        bench.expect_same(before, allow=ALLOWED)
        assert holder.status is None
    expect_host(bench)


def who_may(bench):
    """Nobody without an administrator's password."""
    asked = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent', HELPER, 'install-hook',
                      '--undo', status=127)
    assert asked.out == '', asked.out
    for arguments in (('--und',), ('--undo', '--undo'), (SCRIPT,), ('',)):
        bench.run(HELPER, 'install-hook', *arguments, status=story.BAD_REQUEST)
    bench.run('test', '-e', SCRIPT)


def beside_another(bench):
    """Who hands something else over at that moment is waited for."""
    other = begun(bench, 'guest')
    start(bench, CARD, SOUND)
    assert other.end()['code'] == 'handed-over'
    # The guest has them open: nobody else can ask the kernel whether it could.
    bench.expect_driver('vfio-pci', CARD, SOUND, OTHER)
    back = begun(bench, 'host')
    stop(bench)
    assert back.end()['code'] == 'returned'
    expect_host(bench)


def begun(bench, side):
    """One that has the lock: whom libvirt's hook is before would be told that it is busy."""
    other = bench.follow(bench.start_batonctl(side, OTHER, '--yes'))
    other.until(type='step', state='start')
    return other


def by_hand(bench):
    """What a person handed over stays until a person takes it back."""
    bench.to_guest(CARD)
    start(bench, CARD, SOUND)
    stop(bench)
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    expect_host(bench)


def restarted(bench):
    """libvirtd calls the hook for the guests that it finds again: they run on."""
    start(bench, CARD, SOUND)
    pid = bench.run('cat', f'/run/libvirt/qemu/{NAME}.pid').out
    bench.run('systemctl', 'restart', DAEMON)
    assert 'running' in bench.run('virsh', 'domstate', NAME).out
    assert bench.run('cat', f'/run/libvirt/qemu/{NAME}.pid').out == pid
    bench.expect_driver('vfio-pci', CARD, SOUND)
    # A guest that dies gives its card back as well.
    bench.run('kill', '-KILL', pid.strip())
    deadline = time.monotonic() + 60
    while bench.function(CARD)['driver'] != 'bochs-drm' or bench.run('test', '-e', '/run/baton/cards/' + CARD + '.json',
                                                                     status=None).status == 0:
        assert time.monotonic() < deadline, bench.function(CARD)
        time.sleep(0.5)
    expect_host(bench)


def others_scripts(bench):
    """A script that names the card is told of, and one that lies where ours would is left alone."""
    with bench.file(f'{HOOKS}/qemu', f'#!/bin/sh\nvirsh nodedev-detach pci_0000_01_00_0 # {CARD}\n'):
        again = install(bench)
        said = [event['text'] for event in again.events if event['type'] == 'log']
        assert any(f'{HOOKS}/qemu names' in text and 'line 2' in text for text in said), said
        assert again.code == 'hook-installed-later' and again.result['args']['unit'] == DAEMON, again.result
    bench.run('sh', '-c', 'echo "# and this is mine" >> "$1"', 'sh', SCRIPT)
    for options in ((), ('--undo',)):
        kept = install(bench, *options, status=story.REFUSED)
        assert kept.code == 'hook-foreign-file' and 'changed since' in kept.result['text'], kept.result
    bench.run('sed', '-i', '$d', SCRIPT)


def confined(bench):
    """Under libvirtd's own profile, enforced: from there no program of Baton's could be started."""
    bench.run(PARSER, '--replace', PROFILE)
    bench.at_end(bench.run, PARSER, '--remove', PROFILE)
    bench.run('systemctl', 'restart', DAEMON)
    pid = bench.run('systemctl', 'show', '--property=MainPID', '--value', DAEMON).out.strip()
    assert bench.run('cat', f'/proc/{pid}/attr/current').out.strip() == 'libvirtd (enforce)'
    there_and_back(bench, 'yes')
    refused(bench)


def seconds(bench, *devices):
    """How long a guest takes to start, and what of it was the handoff itself."""
    begin = time.monotonic()
    start(bench, *devices)
    took = time.monotonic() - begin
    report = json.loads(bench.run('cat', '/var/lib/baton/report.json').out)
    stop(bench)
    return took, report['elapsed_ms'] / 1000


def timed(bench):
    """What a guest's start takes longer than without the hook; of an emulated processor, so as a ratio, too."""
    with_card, handoff = seconds(bench, CARD, SOUND)
    no_card, _ = seconds(bench)
    bench.run('mv', SCRIPT, '/root/script')
    try:
        bench.to_guest(CARD)
        begin = time.monotonic()
        bench.run('batonctl', 'list')
        listed = time.monotonic() - begin
        without, _ = seconds(bench, CARD, SOUND)
        without_either, _ = seconds(bench)
        bench.to_host(CARD)
    finally:
        bench.run('mv', '/root/script', SCRIPT)
    more = with_card - handoff - without
    bench.say(f'start {without:.2f} s, with the hook {with_card:.2f} s, of which the handoff {handoff:.2f} s: '
              f'{more:.2f} s more; without a card {no_card - without_either:.2f} s more; batonctl list {listed:.2f} s')
    assert more < 8 * listed + 1, (more, listed)


def taken_away(bench, before):
    bench.run('systemctl', 'stop', DAEMON)
    assert install(bench, '--undo').code == 'hook-removed'
    for path in (SCRIPT, STATE):
        bench.run('test', '!', '-e', path)
    bench.expect_same(before, allow=ALLOWED)
    assert install(bench, '--undo').code == 'hook-not-installed'
