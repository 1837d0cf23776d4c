# SPDX-License-Identifier: GPL-3.0-or-later
"""Over ssh the password is asked in the terminal: a wrong one is refused, a right one hands over."""

from bench import ssh, story

TIER = 'full'
SESSION = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'


def run(bench):
    with ssh.server(bench):
        refused(bench)
        there_and_back(bench)


def refused(bench):
    before = bench.function(CARD), bench.function(SOUND)
    # Who answers no is asked for no password.
    done = ssh.over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'n'])
    assert 'Nothing was done' in done.out and 'Password' not in done.out, done.out
    done = ssh.over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'y'], ['Password:', 'wrong'])
    assert done.status == story.REFUSED and 'not allowed' in done.out, (done.status, done.out)
    # Without a terminal nobody can be asked, and it says what to do.
    done = ssh.without_terminal(bench, 'batonctl guest 01:00.0 --yes')
    assert done.status == story.REFUSED and 'sudo' in done.out, (done.status, done.out)
    assert (bench.function(CARD), bench.function(SOUND)) == before


def there_and_back(bench):
    done = ssh.over_ssh(bench, 'batonctl guest 01:00.0', ['[y/N]', 'y'], ssh.ASKED)
    assert done.status == story.DONE, (done.status, done.out, done.err)
    bench.expect_guest(CARD, SOUND)
    done = ssh.over_ssh(bench, 'batonctl host 01:00.0 --yes', ssh.ASKED)
    assert done.status == story.DONE, (done.status, done.out, done.err)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
