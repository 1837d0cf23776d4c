# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package installs, works, and takes everything with it when purged."""

IMAGES = ('12',)
PACKAGE = True
# A group of the system outlives its package.
LEAVES = ('files:/etc/group*', 'files:/etc/gshadow*')

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
# The one that programs can draw with.
OTHER = '0000:02:00.0'
GUARD = f'baton-guest@{CARD}.service'
OURS = ('/usr/bin/baton', '/usr/bin/batonctl', '/usr/libexec/baton-helper',
        '/usr/share/polkit-1/actions/io.github.batongpu.Baton.policy')

# Every file that could be left behind; packages of the machine that rebuild a
# cache of theirs when one comes or goes, and dpkg's own books, may have changed theirs.
LIST = ('find / -xdev ( -path /tmp -o -path /run -o -path /var/log -o -path /var/cache'
        ' -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /var/tmp -o -path /home'
        ' -o -path /root ) -prune -o -print').split()
CACHES = ('/usr/share/applications/mimeinfo.cache', '/usr/share/icons/hicolor/icon-theme.cache')


def run(bench):
    before = files(bench)
    assert not [path for path in before if 'baton' in path.lower()], before
    bench.run('dpkg', '-i', f'/bench/baton-{bench.release}.deb')
    bench.run('ls', *OURS)
    # What lets programs in to a card that they are kept off.
    assert 'cap_setgid=p' in bench.run('getcap', '/usr/libexec/baton-grant').out
    bench.run('getent', 'group', 'baton-cards')
    # The boot unit is what settles a handoff that a power cut left half way; as the next boot
    # reads the units:
    bench.run('systemctl', 'daemon-reload')
    wanted = bench.run('systemctl', 'show', '--property=Wants', '--value', 'multi-user.target').out
    assert 'baton-recover.service' in wanted.split(), wanted
    active = bench.run('systemctl', 'is-active', 'baton-recover.service', status=None).out
    assert active.strip() == 'inactive', active
    actions = bench.run('pkaction').out.split()
    assert 'io.github.batongpu.Baton.watch' in actions, actions

    bench.to_guest(CARD)
    bench.expect_guest(CARD, SOUND)
    # An upgrade in the middle of it all leaves the card where it is.
    bench.run('dpkg', '-i', f'/bench/baton-{bench.release}.deb')
    bench.expect_guest(CARD, SOUND)
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)

    if bench.full:
        removed_meanwhile(bench)

    # With the package goes what kept programs off a card.
    bench.batonctl('isolate', OTHER, '--programs')
    assert group_of(bench) == 'baton-cards', group_of(bench)
    bench.run('dpkg', '--purge', 'baton')
    bench.run('udevadm', 'settle')
    assert group_of(bench) == 'render', group_of(bench)
    assert (left := sorted(files(bench) - before - set(CACHES))) == [], left
    assert (gone := sorted(before - files(bench))) == [], gone


def removed_meanwhile(bench):
    """What watches over a card that a guest may have goes with the package, and the card stays."""
    bench.to_guest(CARD)
    guard = bench.run('systemctl', 'show', '--property=MainPID', '--value', GUARD).out.strip()
    assert int(guard) > 0
    bench.run('dpkg', '--remove', 'baton')
    bench.run('tail', f'--pid={guard}', '-f', '/dev/null')
    bench.expect_guest(CARD, SOUND)
    bench.run('dpkg', '-i', f'/bench/baton-{bench.release}.deb')
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)


def group_of(bench):
    node = bench.call('sysfs.node_of', address=OTHER, kind='dri/renderD')
    return bench.run('stat', '-c', '%G', node).out.strip()


def files(bench):
    return set(bench.run(*LIST).out.splitlines())
