# SPDX-License-Identifier: GPL-3.0-or-later
"""A real session's sound server lets go of the card when asked, and takes it again."""

import contextlib

from bench import story

TIER = 'full'
SESSION = True
# PipeWire has the sequencer's modules loaded, which stay.
LEAVES = ('files:/run/user/*', 'modules:snd_*')

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
SERVER = 'wireplumber'
TIMES = 5


@contextlib.contextmanager
def sound_server(bench):
    """PipeWire and its session manager, as a desktop has them; returns the manager's pid."""
    units = ('pipewire.service', 'wireplumber.service')
    bench.run('systemctl', '--user', 'start', *units, user='u')
    try:
        yield bench.call('sound.wait', address=SOUND, program=SERVER)
    finally:
        bench.run('systemctl', '--user', 'stop', *units, 'pipewire.socket', user='u')


def there_and_back(bench, pid):
    handed = bench.to_guest(CARD)
    assert f'reserve-sound:{SOUND}' in handed.steps('ok'), handed.steps()
    assert handed.findings['sound-lets-go']['args']['pid'] == str(pid), handed.findings
    bench.expect_guest(CARD, SOUND)
    # It was asked and not ended.
    assert bench.run('pgrep', '-x', SERVER).out.split() == [str(pid)]

    bench.to_host(CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    assert bench.call('sound.wait', address=SOUND, program=SERVER) == pid


def keeps_it(bench, pid):
    """One that does not answer is named, and nothing has moved."""
    before = bench.function(SOUND)
    bench.run('kill', '-STOP', pid)
    try:
        kept = bench.to_guest(CARD, status=story.ROLLED_BACK)
        assert bench.function(SOUND) == before
        bench.expect_driver('bochs-drm', CARD)
        said = [event for event in kept.events if event['type'] == 'step' and
                event['code'] == 'sound-kept']
        assert str(pid) in said[0]['text'], kept.events
    finally:
        bench.run('kill', '-CONT', pid)


def run(bench):
    with sound_server(bench) as pid:
        for _ in range(TIMES):
            there_and_back(bench, pid)
        keeps_it(bench, pid)
        # What it was asked when it slept leads to nothing that lasts.
        there_and_back(bench, bench.call('sound.wait', address=SOUND, program=SERVER))
