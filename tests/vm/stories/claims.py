# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever else decides about the card is named, with file and line."""

IMAGES = ('12',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# The file, what stands in it, the finding and what it must say.
FILES = (
    ('/etc/modprobe.d/bench-ids.conf', '# mine\noptions vfio-pci ids=10de:1b80,1234:1111\n',
     'claimed-by-ids', {'line': '2', 'value': '10de:1b80,1234:1111'}),
    ('/etc/modprobe.d/bench-stub.conf', 'options pci-stub ids=1234:1111\n',
     'claimed-by-ids', {'line': '1', 'what': 'pci-stub.ids'}),
    ('/etc/modprobe.d/bench-blacklist.conf', '\n\nblacklist bochs\n',
     'host-driver-only-loaded', {'line': '3', 'module': 'bochs'}),
    (f'/etc/driverctl.d/pci-{SOUND}', 'vfio-pci\n',
     'managed-by-driverctl', {'driver': 'vfio-pci'}),
    ('/etc/libvirt/hooks/bench', '#!/bin/sh\nvirsh nodedev-detach pci_0000_01_00_0\n',
     'managed-by-hook', {'line': '2'}),
)

# About another device, so about nobody here.
STRANGERS = (
    ('/etc/modprobe.d/bench-other.conf', 'options vfio-pci ids=10de:1b80\nblacklist nouveau\n'),
    ('/etc/driverctl.d/pci-0000:00:02.0', 'vfio-pci\n'),
)

CLAIMS = {'claimed-by-ids', 'claimed-on-command-line', 'managed-by-driverctl', 'managed-by-hook',
          'managed-by-program', 'host-driver-only-loaded', 'host-driver-blacklisted'}


def plan(bench):
    before = bench.snapshot()
    handoff = bench.batonctl('plan', 'guest', CARD)
    bench.expect_same(before)
    return handoff.findings


def run(bench):
    assert not CLAIMS & set(plan(bench)), plan(bench)

    for path, text, code, wanted in FILES:
        with bench.file(path, text):
            found = plan(bench)
            assert code in found, f'{path}: {sorted(found)}'
            args = found[code]['args']
            assert args['file'] == path, args
            assert args.items() >= wanted.items(), args
            assert path in found[code]['text'], found[code]

    for path, text in STRANGERS:
        with bench.file(path, text):
            assert not CLAIMS & set(plan(bench)), path

    # A program is known by its name alone; this one only sleeps.
    bench.run('cp', '/bin/sleep', '/tmp/supergfxd')
    bench.at_end(bench.run, 'rm', '/tmp/supergfxd')
    program = bench.spawn('/tmp/supergfxd', 'infinity').started()
    try:
        assert plan(bench)['managed-by-program']['args']['program'] == 'supergfxd'
    finally:
        program.signal(15)
        program.wait()
    assert 'managed-by-program' not in plan(bench)
