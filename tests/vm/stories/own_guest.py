# SPDX-License-Identifier: GPL-3.0-or-later
"""A person who runs the virtual machine himself may open the card with let-open, and not without."""

from bench import story

TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
# Less than the machine has. Releases differ in what they leave to a user: 12 gives him an eighth
# of all memory, 13 gives him 8 MiB.
LITTLE = 64 << 20


def expect_no_guest(bench, **keywords):
    try:
        with bench.guest(CARD, SOUND, user='u', **keywords):
            raise AssertionError('a virtual machine of u has opened the card')
    except story.NotStarted as error:
        return str(error)


def entries(bench, node):
    """The users who are named in the node's access list."""
    listed = bench.run('getfacl', '--omit-header', '--absolute-names', node).out
    return [line for line in listed.split() if line.startswith('user:') and '::' not in line]


def run(bench):
    node = f'/dev/vfio/{bench.function(CARD)["group"]}'
    with bench.agent('u'):
        bench.to_guest(CARD, user='u')
        bench.expect_guest(CARD, SOUND)
        assert entries(bench, node) == []
        assert 'Permission denied' in expect_no_guest(bench, memlock='unlimited')
        bench.to_host(CARD, user='u')

        offered = bench.batonctl('plan', 'guest', CARD, user='u').findings
        assert offered['let-open-offer']['args']['node'] == node, offered
        assert 'memlock-low' in offered, offered
        bench.to_guest(CARD, '--let-open', user='u')
        bench.expect_guest(CARD, SOUND)
        assert entries(bench, node) == ['user:u:rw-'], entries(bench, node)
        bench.run('runuser', '-u', 'other', '--', 'sh', '-c', f'exec 3<>{node}', status=2)
        # What the plan said about the limit of memory is so.
        assert 'Cannot allocate memory' in expect_no_guest(bench, memlock=LITTLE)

        with bench.guest(CARD, SOUND, user='u', memlock='unlimited') as guest:
            status = bench.run('cat', f'/proc/{guest.inside}/status').out
            assert 'Uid:\t1000\t1000\t1000\t1000' in status, status
            links = bench.run('sh', '-c', f'readlink /proc/{guest.inside}/fd/*').out
            assert 'anon_inode:[vfio-device]' in links, links
            refused = bench.to_host(CARD, user='u', status=story.REFUSED)
            args = refused.blockers['guest-has-card']['args']
            assert args['pid'] == str(guest.inside), args

        bench.to_host(CARD, user='u')
        bench.expect_driver('bochs-drm', CARD)
        bench.run('test', '!', '-e', node)
        # The consent was for that one time.
        bench.to_guest(CARD, user='u')
        assert entries(bench, node) == []
        expect_no_guest(bench, memlock='unlimited')
        bench.to_host(CARD, user='u')

    # Through sudo, root asks, and for u: sudo(8) says so in SUDO_UID.
    sudo = {'SUDO_UID': bench.run('id', '-u', 'u').out.strip()}
    bench.to_guest(CARD, '--let-open', env=sudo)
    assert entries(bench, node) == ['user:u:rw-'], entries(bench, node)
    with bench.guest(CARD, SOUND, user='u', memlock='unlimited'):
        pass
    bench.to_host(CARD, env=sudo)
    bench.run('test', '!', '-e', node)
    # Root asks for itself, and hears that nobody is given anything.
    alone = bench.batonctl('plan', 'guest', CARD, '--let-open')
    assert 'let-open-nobody' in alone.findings, alone.findings
    assert 'let-open' not in [step['kind'] for step in alone.plan['steps']], alone.plan
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
