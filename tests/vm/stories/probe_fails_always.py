# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver that does not take its card again, whatever is tried, leaves the whole card with guests.

With each error that a probe may give: what a driver says, what the kernel
takes for "not mine", and what it would try again by itself.
"""

import errno

from bench import story

TOPOLOGY = 'nvidia'
TIER = 'full'
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DRIVER = 'bench-card'
EPROBE_DEFER = 517
# What a probe returns, and what the kernel makes of it (device_driver_attach() in drivers/base/dd.c).
ERRORS = ((errno.EIO, errno.EIO), (errno.ENOMEM, errno.ENOMEM), (errno.ENODEV, errno.ENODEV),
          (EPROBE_DEFER, errno.EAGAIN))


def run(bench):
    bench.call('bench_card.install')
    bench.expect_driver(DRIVER, CARD)
    for returned, told in ERRORS:
        bench.to_guest(CARD)
        bench.call('bench_card.set_parameter', parameter='probe_error', value=returned)
        kept = bench.to_host(CARD, status=story.ROLLED_BACK)
        bench.expect_guest(CARD, SOUND)
        failed = [event for event in kept.events if event.get('state') == 'fail' and
                  event['id'] == f'bind:{CARD}']
        assert failed and all((event['code'], event['errno']) == ('bind-refused', told)
                              for event in failed), (returned, failed)
        # It was found anew for the attempt, and given to nobody else.
        assert f'rescan-bus:{CARD[:7]}' in kept.steps('ok'), kept.steps()
        assert DRIVER in kept.result['text'], kept.result

        bench.call('bench_card.set_parameter', parameter='probe_error', value=0)
        bench.to_host(CARD)
        bench.expect_driver(DRIVER, CARD)
        bench.expect_driver('snd_hda_intel', SOUND)
