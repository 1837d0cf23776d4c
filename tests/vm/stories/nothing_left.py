# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred round trips leave nothing behind, counted: no descriptor, use, unit, lock or file."""

TIER = 'full'

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'

# The directories of the last eight handoffs stay, so that many come before the first count.
BEFORE = 5
ROUNDS = 100

# What others do meanwhile: a timer that fires, a stream of the journal's. One thing left behind
# by every tenth trip is more than that.
SLACK = 4


def run(bench):
    # It is started when it is asked for the first time, and root asks nobody.
    bench.run('systemctl', 'start', 'polkit.service')
    watch = bench.start_batonctl('watch')
    lines = watch.lines(300)
    assert any('"type":"machine"' in line for line in lines), watch.err
    watch.started()
    try:
        trips(bench, BEFORE)
        before = bench.call('counts.take', watch=watch.pid)
        trips(bench, ROUNDS)
        after = bench.call('counts.take', watch=watch.pid)
    finally:
        watch.signal(15)
        watch.wait()
    expect_no_more(before, after)
    bench.say(f'{len(after)} things were counted, {ROUNDS} round trips apart')
    # What is counted is there at all.
    for name in ('descriptors of systemd', 'descriptors of systemd-logind', 'descriptors of polkitd',
                 'descriptors of dbus-daemon', 'descriptors of watch 0', 'uses of vfio_pci',
                 'units: active .service', 'files in /run/baton', 'kernel: groups'):
        assert before.get(name) is not None, (name, before)


def trips(bench, times):
    for _ in range(times):
        bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
        bench.to_host(CARD)
        bench.expect_driver('bochs-drm', CARD)
        bench.expect_driver('snd_hda_intel', SOUND)


def expect_no_more(before, after):
    grown = [f'{name}: {before.get(name, 0)} → {count}' for name, count in sorted(after.items())
             if count > before.get(name, 0) + slack(name)]
    assert not grown, 'there is more than before:\n' + '\n'.join(grown)


def slack(name):
    """Uses, locks, failed units and Baton's own files are nobody else's: there is one more or not."""
    is_ours = name.startswith(('uses of', 'units: failed', 'kernel:')) or name in (
        'inhibitors', 'processes of Baton', 'jobs of systemd', 'files in /var/lib/baton',
        'files in /run/baton', 'files in /tmp', 'files in /etc')
    return 0 if is_ours else SLACK
