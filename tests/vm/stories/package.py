# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package installs, works, and takes everything with it when purged."""

TIER = 'full'
IMAGES = ('12',)
PACKAGE = True
SPOILS = True

OURS = ('/usr/bin/baton', '/usr/bin/batonctl', '/usr/libexec/baton-helper',
        '/usr/share/polkit-1/actions/io.github.batongpu.Baton.policy')


def run(bench):
    bench.run('dpkg', '-i', f'/bench/baton-{bench.release}.deb')
    bench.run('ls', *OURS)
    # The boot unit is what settles a handoff that a power cut left half way.
    bench.run('systemctl', 'daemon-reload')
    wanted = bench.run('systemctl', 'show', '--property=Wants', '--value', 'multi-user.target').out
    assert 'baton-recover.service' in wanted.split(), wanted
    actions = bench.run('pkaction').out.split()
    assert 'io.github.batongpu.Baton.watch' in actions, actions

    bench.to_guest('0000:01:00.0')
    bench.expect_guest('0000:01:00.0', '0000:01:00.1')
    bench.to_host('0000:01:00.0')
    bench.expect_driver('bochs-drm', '0000:01:00.0')

    bench.run('dpkg', '--purge', 'baton')
    left = bench.run('find', '/usr', '/etc', '/var/lib', '-iname', '*baton*',
                     '-not', '-path', '/var/lib/dpkg/*')
    assert left.out == '', left.out
