# SPDX-License-Identifier: GPL-3.0-or-later
"""In the desktop's session a card goes to the guest and comes back by two buttons."""

import base64
import os
import pathlib

from bench.desktop import agent, window

SESSION = True
TIER = 'full'
LEAVES = ('files:/run/user/*',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def picture(bench, shown, name):
    """For the README: BATON_PICTURES=DIRECTORY tests/vm/run --image 12 --story window."""
    directory = os.environ.get('BATON_PICTURES')
    if directory:
        path = f'/tmp/{name}.png'
        shown.expect('picture', path)
        saved = bench.run('base64', path).out
        (pathlib.Path(directory) / f'{name}.png').write_bytes(base64.b64decode(saved))
        bench.run('rm', path)


def run(bench):
    with agent(bench, 'u'), window(bench) as shown:
        shown.expect('wait', 'Used by this computer')
        shown.expect('wait', 'Hand to VM…')
        shown.expect_names()
        picture(bench, shown, 'card')
        # Without a mouse, and it is the plan that Return opens.
        shown.expect('reach', 'Hand to VM…')
        shown.expect('key', 'Return')
        shown.expect('wait', 'Hand Over')
        shown.expect_names()
        picture(bench, shown, 'plan')
        shown.expect('press', 'Hand Over')
        shown.expect('wait', 'Card Is Ready for a Virtual Machine')
        bench.expect_guest(CARD, SOUND)
        shown.expect_names()
        picture(bench, shown, 'ready')

        # Somebody uses the card: the window says so by itself.
        shown.expect('press', 'OK')
        with bench.guest(CARD, SOUND):
            shown.expect('wait', 'With “guest-of-the-bench”')
            shown.expect('wait', 'Return When It Stops')
            picture(bench, shown, 'guest')
        shown.expect('wait', 'Parked for a virtual machine')

        shown.expect('press', 'Return to Host')
        shown.expect('wait', 'Card Is Back')
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)

    if os.environ.get('BATON_PICTURES'):
        with window(bench, 'ADW_DEBUG_COLOR_SCHEME=prefer-dark') as shown:
            shown.expect('wait', 'Hand to VM…')
            picture(bench, shown, 'card-dark')
        with window(bench) as shown:
            shown.expect('wait', 'Hand to VM…')
            shown.expect('narrow', '')
            picture(bench, shown, 'card-narrow')
