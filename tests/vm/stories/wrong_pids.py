# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent to close something else than a holder closes nothing."""

from bench import contract, story

IMAGES = ('13',)

CARD = '0000:01:00.0'
HELPER = '/usr/libexec/baton-helper'


def start_time(bench, pid):
    """Field 22 of the process's stat; its name may hold anything but ends with the last `)`."""
    return bench.run('cat', f'/proc/{pid}/stat').out.rpartition(')')[2].split()[19]


def run(bench):
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    thread = bench.run('pgrep', '-x', 'kthreadd').out.strip()
    with bench.holding('fd', node) as holder, bench.holding('fd', '/dev/null') as bystander:
        digest = bench.batonctl('plan', 'guest', CARD, '--close', holder.pid).plan['digest']
        before = bench.snapshot()
        own = start_time(bench, holder.pid)

        wrong = [f'{thread}:{start_time(bench, thread)}',
                 f'{bystander.pid}:{start_time(bench, bystander.pid)}',
                 # The pid that was shown, given to another process meanwhile.
                 f'{holder.pid}:{int(own) - 1}', f'{holder.pid}:{int(own) + 1}']
        for close in wrong:
            refuse(bench, digest, ('--close', close), story.REFUSED)
        for close in (f'1:{start_time(bench, 1)}', f'0:{own}', f'-1:{own}', f'4194305:{own}',
                      f'{holder.pid}', f'{holder.pid}:', f':{own}', f'{holder.pid}:{own}x'):
            refuse(bench, digest, ('--close', close), None)
        # Consent to several of them at once is consent to none that holds.
        refuse(bench, digest, sum((('--close', close) for close in wrong[:3]), ()), story.REFUSED)
        for one in (holder, bystander):
            bench.run('test', '-d', f'/proc/{one.pid}/fd')
            assert one.status is None
        bench.expect_same(before, allow=('files:/run/baton*', 'files:/var/lib/baton*'))


def refuse(bench, digest, options, status):
    asked = bench.run(HELPER, 'hand', 'guest', CARD, *options, '--expect', digest, status=status)
    assert asked.status in (story.BAD_REQUEST, story.REFUSED), (options, asked.status, asked.out)
    reader = contract.Reader()
    for line in asked.out.splitlines():
        reader.take(line)
    assert reader.finish()['exit'] == asked.status
