# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking wakes nothing; a handoff wakes what sleeps."""

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DEVICE = f'/sys/bus/pci/devices/{CARD}'
DRIVERS = '/sys/bus/pci/drivers'

LOOKS = (('list',), ('show', CARD), ('groups',), ('holders', CARD), ('plan', 'guest', CARD),
         ('plan', 'host', CARD))


def write(bench, path, text):
    bench.call('sysfs.write', path=path, text=text)


def power(bench, name):
    return bench.call('sysfs.read', path=f'{DEVICE}/power/{name}')


def watch(bench):
    """A watcher that is there for one look and for what comes after it."""
    process = bench.spawn('/usr/libexec/baton-helper', 'watch')
    assert any('"type":"machine"' in line for line in process.lines(120)), process.err
    bench.batonctl('list')
    process.close_stdin()
    process.signal(15)
    process.wait()


def run(bench):
    control = power(bench, 'control')
    bench.to_guest(CARD)

    # vfio-pci lets a card sleep that nobody has open. Half of it goes astray.
    write(bench, f'/sys/bus/pci/devices/{SOUND}/driver_override', '\n')
    write(bench, f'{DRIVERS}/vfio-pci/unbind', SOUND)
    write(bench, f'{DRIVERS}/snd_hda_intel/bind', SOUND)
    bench.call('power.wait', address=CARD, status='suspended')

    awake = power(bench, 'runtime_active_time')
    for argv in LOOKS:
        looked = bench.batonctl(*argv)
        assert power(bench, 'runtime_status') == 'suspended', argv
        if argv[:2] == ('plan', 'guest'):
            assert 'asleep' in looked.findings, looked.findings.keys()
    watch(bench)
    assert power(bench, 'runtime_status') == 'suspended'
    assert power(bench, 'runtime_active_time') == awake

    # Its owner wants it awake, and so it stays until it is back.
    write(bench, f'{DEVICE}/power/control', 'on')
    bench.call('power.wait', address=CARD, status='active')
    bench.batonctl('list')
    assert power(bench, 'control') == 'on'
    write(bench, f'{DEVICE}/power/control', 'auto')
    bench.call('power.wait', address=CARD, status='suspended')

    # Both ways from here: the rest follows, and all of it comes back awake.
    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    bench.call('power.wait', address=CARD, status='suspended')
    back = bench.to_host(CARD)
    assert f'hold-power:{CARD}' in back.steps('ok'), back.steps()
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert power(bench, 'control') == control
