# SPDX-License-Identifier: GPL-3.0-or-later
"""In the desktop's session a card goes to the guest and comes back by two buttons."""

import base64
import os
import pathlib

from bench import fault
from bench.desktop import agent, window

SESSION = True
TIER = 'full'
TOPOLOGIES = ('plain', 'named')
# Of a node that comes anew udev or logind may be the first to set the rights, and what is left to its
# group differs.
LEAVES = ('files:/run/user/*', 'dev:/dev/dri/cardN')

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DRIVERS = {'plain': 'bochs-drm', 'named': 'virtio-pci'}


def look_at(bench, shown, name):
    """What is on screen has names, and is seen.

    For the README: BATON_PICTURES=DIRECTORY tests/vm/run --all --image 12 --topology named --story
    window.
    """
    path = f'/tmp/{name}.png'
    shown.expect_names()
    shown.expect('picture', path)
    directory = os.environ.get('BATON_PICTURES')
    if directory:
        saved = bench.run('base64', path).out
        (pathlib.Path(directory) / f'{name}.png').write_bytes(base64.b64decode(saved))
    bench.run('rm', path)


def look_into(bench, shown, key, title, name, close='Escape'):
    """A window of its own, opened and closed by keys."""
    shown.expect('key', key)
    shown.expect('wait', title)
    look_at(bench, shown, name)
    shown.expect('key', close)
    shown.expect('gone', title)


def look_at_blocked(bench, shown):
    """Somebody uses the card, and then something is in the way that no consent sets aside."""
    node = next(node for node in bench.function(CARD)['nodes'] if '/dri/card' in node)
    with bench.holding('fd', node):
        shown.expect('wait', 'python3')
        look_at(bench, shown, 'in-use')
    with bench.file('/etc/baton.conf', f'[{CARD}]\nclose-politely-ms=soon\n'):
        shown.expect('key', 'F5')
        shown.expect('wait', 'See What Is in the Way…')
        look_at(bench, shown, 'blocked')
    shown.expect('key', 'F5')
    shown.expect('wait', 'Hand to VM…')


def run(bench):
    # What the stories before this one have left to tell would come up over the window.
    bench.run('baton', '--report', user='u')
    bench.at_end(bench.run, 'rm', '-rf', '/home/u/.local/state/baton')
    with agent(bench, 'u'), window(bench) as shown:
        shown.expect('wait', 'Used by this computer')
        shown.expect('wait', 'Hand to VM…')
        look_at(bench, shown, 'card')
        look_into(bench, shown, 'ctrl+g', 'IOMMU Groups', 'groups', close='ctrl+w')
        look_into(bench, shown, 'F1', 'What Baton Does', 'help')
        look_at_blocked(bench, shown)
        # Without a mouse, and it is the plan that Return opens.
        shown.expect('reach', 'Hand to VM…')
        shown.expect('key', 'Return')
        shown.expect('wait', 'Hand Over')
        look_at(bench, shown, 'plan')
        with fault.stopped(bench, f'/sys/bus/pci/devices/{CARD}/driver_override') as worker:
            shown.expect('press', 'Hand Over')
            worker.wait_stopped()
            shown.expect('wait', 'Cancel')
            look_at(bench, shown, 'running')
            worker.go_on()
            shown.expect('wait', 'Card Is Ready for a Virtual Machine')
        bench.expect_guest(CARD, SOUND)
        look_at(bench, shown, 'ready')
        look_into(bench, shown, 'ctrl+l', 'Copy Report', 'report')

        shown.expect('press', 'OK')
        look_at_guest(bench, shown)

        shown.expect('press', 'Return to Host')
        shown.expect('wait', 'Card Is Back')
        bench.expect_driver(DRIVERS[bench.topology], CARD)
        bench.expect_driver('snd_hda_intel', SOUND)

    look_at_others(bench)


def look_at_guest(bench, shown):
    """Somebody uses the card: the window says so by itself."""
    with bench.guest(CARD, SOUND):
        shown.expect('wait', 'With “guest-of-the-bench”')
        shown.expect('wait', 'Return When It Stops')
        look_at(bench, shown, 'guest')
    shown.expect('wait', 'Parked for a virtual machine')


def look_at_others(bench):
    """In the dark, and where there is little room."""
    with window(bench, 'ADW_DEBUG_COLOR_SCHEME=prefer-dark') as shown:
        shown.expect('wait', 'Hand to VM…')
        look_at(bench, shown, 'card-dark')
    with window(bench) as shown:
        shown.expect('wait', 'Hand to VM…')
        shown.expect('narrow', '')
        look_at(bench, shown, 'card-narrow')
