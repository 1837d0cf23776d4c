# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong, foreign and hostile addresses are refused in one sentence, and nothing changes."""

from bench import story

IMAGES = ('13',)

ADDRESSES = ('0000:99:00.0', '0000:01:00.9', '../../../../etc/passwd', '0000:01:00.0/../..',
             '0000:01:00.0\n0000:02:00.0', '%n%s', '', '--', '0000:00:10.0', '0000:00:03.0',
             '0' * 5000)


def run(bench):
    before = bench.snapshot()
    for address in ADDRESSES:
        for verb in (('guest', '--yes'), ('host', '--yes'), ('plan', 'guest'), ('show',), ('holders',)):
            # That names no address, and asks about every card.
            if (verb, address) == (('holders',), '--'):
                continue
            refused = bench.batonctl(*verb, address, status=None)
            assert refused.result['exit'] in (story.BAD_REQUEST, story.REFUSED), refused.result
            assert refused.result['text'], refused.result
    bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))
