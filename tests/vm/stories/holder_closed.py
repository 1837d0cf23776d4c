# SPDX-License-Identifier: GPL-3.0-or-later
"""A holder is closed with consent alone, and one that is deaf to TERM is ended."""

from bench import story

IMAGES = ('13',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def run(bench):
    for how in ('fd', 'stubborn'):
        node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
        with bench.holding(how, node) as holder, bench.holding('fd', '/dev/null') as bystander:
            bench.to_guest(CARD, status=story.REFUSED)
            assert holder.status is None

            # Consent for another process is none for this one.
            refused = bench.to_guest(CARD, '--close', bystander.pid, status=None)
            assert refused.result['exit'] in (story.BAD_REQUEST, story.REFUSED), refused.result
            assert holder.status is None and bystander.status is None

            bench.to_guest(CARD, '--close', holder.pid)
            holder.wait(10)
            assert holder.status == (-15 if how == 'fd' else -9), holder.status
            assert bystander.status is None
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD)
        bench.expect_driver('bochs-drm', CARD)
