# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver whose file is not the one that was loaded is told of, both ways, and may be consented to."""

import os

from bench import story

IMAGES = ('12',)

CARD, DRIVER = '0000:01:00.0', 'bochs-drm'
NOTE = '/sys/module/bochs/notes/.note.gnu.build-id'

# Where modules are packed, as on Debian 13, nobody can tell what the new file holds.
PACKED = '.xz'

# Another build, as a package would install it: the same module with another id.
UPGRADE = '''
import sys
path, note = sys.argv[1:]
note = open(note, 'rb').read()
text = open(path, 'rb').read()
assert path.endswith('.xz') or text.count(note) == 1
open(path + '.new', 'wb').write(text.replace(note, note[:-1] + bytes([note[-1] ^ 255])))
'''


def run(bench):
    assert 'driver-replaced' not in bench.batonctl('plan', 'guest', CARD).findings
    path = bench.run('modinfo', '--field=filename', 'bochs').out.strip()
    saved = f'/run/{os.path.basename(path)}'
    bench.run('cp', '--preserve', path, saved)
    bench.at_end(bench.run, 'depmod')
    bench.at_end(bench.run, 'mv', saved, path)
    bench.run('python3', '-c', UPGRADE, path, NOTE)
    bench.run('mv', f'{path}.new', path)
    bench.run('depmod')

    if path.endswith(PACKED):
        told = bench.to_guest(CARD).findings
        assert told['driver-file-newer']['args']['module'] == 'bochs', told
        bench.expect_guest(CARD)
        bench.to_host(CARD)
        bench.expect_driver(DRIVER, CARD)
        return

    before = bench.snapshot()
    refused = bench.to_guest(CARD, status=story.REFUSED)
    assert refused.blockers['driver-replaced']['args']['module'] == 'bochs', refused.blockers
    bench.expect_same(before, allow=story.HANDOFF_LEAVES)
    bench.expect_driver(DRIVER, CARD)

    bench.to_guest(CARD, '--may-not-return')
    bench.expect_guest(CARD)
    returned = bench.to_host(CARD)
    assert returned.findings['return-driver-replaced']['args']['module'] == 'bochs'
    bench.expect_driver(DRIVER, CARD)
