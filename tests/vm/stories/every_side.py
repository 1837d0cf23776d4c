# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ways work from every side: host, guest, split and none."""

import contextlib

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
HOST = {CARD: 'bochs-drm', SOUND: 'snd_hda_intel'}
DEVICES = '/sys/bus/pci/devices'
DRIVERS = '/sys/bus/pci/drivers'

# Where each function is put by hand, as a script that broke off leaves it.
SIDES = (
    ('guest', {CARD: 'vfio-pci', SOUND: 'vfio-pci'}),
    ('split', {CARD: 'vfio-pci', SOUND: 'snd_hda_intel'}),
    ('split', {CARD: 'bochs-drm', SOUND: 'vfio-pci'}),
    ('split', {CARD: None, SOUND: 'vfio-pci'}),
    ('none', {CARD: None, SOUND: None}),
    ('none', {CARD: None, SOUND: 'snd_hda_intel'}),
    ('host', {CARD: 'bochs-drm', SOUND: None}),
    ('host', HOST),
)
# One of each kind; what the others come to is told by the plan's unit tests as well.
QUICK = (0, 2, 4, 6)


def write(bench, path, text):
    bench.call('sysfs.write', path=path, text=text)


def put(bench, address, driver):
    """Puts a function on a driver with raw writes and forgets how it was."""
    function = bench.function(address)
    if function['driver'] == driver:
        return
    if function['driver'] is not None:
        write(bench, f'{DRIVERS}/{function["driver"]}/unbind', address)
    if driver == 'vfio-pci':
        write(bench, f'{DEVICES}/{address}/driver_override', driver)
    elif function['override'] is not None:
        write(bench, f'{DEVICES}/{address}/driver_override', '\n')
    if driver is not None:
        write(bench, f'{DRIVERS}/{driver}/bind', address)


def side_of(bench):
    machine = bench.batonctl('list').machine
    return next(card['side'] for card in machine['cards'] if card['address'] == CARD)


@contextlib.contextmanager
def in_use(bench, drivers):
    """Somebody uses what the host's drivers have, as a desktop does."""
    address, kind = (CARD, 'dri/card') if drivers[CARD] == HOST[CARD] else (SOUND, 'snd/control')
    node = bench.call('sysfs.node_of', address=address, kind=kind)
    with bench.holding('fd', node) as holder:
        yield
        assert holder.status is None, f'whoever used {node} was ended'


def run(bench):
    bench.run('modprobe', 'vfio-pci')
    for side, drivers in SIDES if bench.full else [SIDES[number] for number in QUICK]:
        for to, goal in (('guest', {CARD: 'vfio-pci', SOUND: 'vfio-pci'}), ('host', HOST)):
            for address, driver in drivers.items():
                put(bench, address, driver)
            assert side_of(bench) == side, (drivers, side_of(bench))
            is_used = side == 'split' and to == 'host' and None not in drivers.values()
            with in_use(bench, drivers) if is_used else contextlib.nullcontext():
                handoff = bench.batonctl(to, CARD, '--yes')
            if drivers == goal:
                # There already: nothing is done, and said so.
                assert handoff.steps() == [] and handoff.plan['steps'] == [], handoff.events
                assert 'already-there' in handoff.findings
                for address, driver in drivers.items():
                    bench.expect_driver(driver, address)
                continue
            if side == to:
                # Its part that is missing is all that comes back.
                assert 'companion-lost-driver' in handoff.findings, handoff.findings
                assert f'bind:{SOUND}' in handoff.steps('ok'), handoff.steps()
                assert f'bind:{CARD}' not in handoff.steps(), handoff.steps()
            for address, driver in goal.items():
                bench.expect_driver(driver, address)
            if to == 'guest':
                bench.expect_guest(CARD, SOUND)
            else:
                assert bench.function(CARD)['override'] is None
                assert bench.function(SOUND)['override'] is None

    for address, driver in HOST.items():
        put(bench, address, driver)
