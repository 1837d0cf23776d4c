# SPDX-License-Identifier: GPL-3.0-or-later
"""A login screen that ends again and again gives way to a text console that says what helps."""

from bench import screen, story

SESSION = True
TOPOLOGY = 'named'
IMAGES = ('12',)
# lightdm's session is another one, and so is what it had begun.
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
DRIVER = 'virtio-pci'
XORG_OF_BENCH = '/etc/X11/xorg.conf.d/10-bench.conf'
DROP_IN = '/run/systemd/system/lightdm.service.d/zz-bench.conf'
ACTIVE = '/sys/class/tty/tty0/active'
NOTE = '/run/baton/console'
# It is started without end, as GNOME's is where its shell cannot draw.
ENDS_AGAIN = """[Unit]
StartLimitIntervalSec=0
[Service]
Type=exec
BusName=
ExecStartPre=
ExecStart=
ExecStart=/bin/sleep 0.3
Restart=always
RestartSec=0
"""
# It runs, as one whose display server hangs.
SHOWS_NOTHING = ENDS_AGAIN.replace('0.3', 'infinity')


def run(bench):
    # Xorg takes every card that there is.
    bench.run('rm', XORG_OF_BENCH)
    bench.run('systemctl', 'restart', 'lightdm.service')
    shown(bench)
    breaks(bench, ENDS_AGAIN)
    handed_over(bench)
    by_keys(bench)
    if bench.full:
        returned_without(bench)
        tried_again(bench)
        shows_nothing(bench)
    returned(bench)


def shown(bench):
    pid = bench.call('session.wait_for_desktop', seconds=240, timeout=300)
    node = bench.call('sysfs.node_of', address=CARD, kind='dri/card')
    bench.call('session.wait_for_use', path=node, pid=pid, seconds=240, timeout=300)


def breaks(bench, text):
    bench.run('mkdir', '-p', DROP_IN.rpartition('/')[0])
    bench.run('sh', '-c', 'cat > "$1"', 'sh', DROP_IN, stdin=text)
    bench.run('systemctl', 'daemon-reload')


def mended(bench):
    bench.run('rm', DROP_IN)
    bench.run('systemctl', 'daemon-reload')


def active(bench):
    return bench.run('cat', ACTIVE).out.strip()


def state_of_login_screen(bench):
    return bench.run('systemctl', 'show', '--property=ActiveState', '--value', 'lightdm.service').out.strip()


def console_of(bench):
    """Number of the text console that says so: one of those that logind starts nothing on."""
    number = int(bench.run('cat', NOTE).out)
    assert number >= 8, number
    return number


def expect_notice(bench, *lines):
    """On the screen, as its reader has it."""
    number = console_of(bench)
    assert active(bench) == f'tty{number}', active(bench)
    text = bench.run('cat', f'/dev/vcs{number}').out
    # A sentence goes on in the next row.
    words = ' '.join(text.split())
    for line in ('The login screen (lightdm.service)', *lines):
        assert line in text or line in words, text
    # Rows follow each other there without an end; a line that is too long would go on in the next.
    assert all(' ' <= letter <= '~' for letter in text), text
    expect_picture(bench)


def expect_picture(bench):
    """What is on the screen has the two colours of a text, and few of the light one."""
    pixels = screen.pixels(bench)
    light = sum(pixels[at] > 127 for at in range(0, len(pixels), 3))
    share = 3 * light / len(pixels)
    bench.say(f'text console on the screen: {100 * share:.1f} % of it is light')
    assert 0.002 < share < 0.2, share


def handed_over(bench):
    asked = bench.to_guest(CARD, '--end-session', status=story.DEGRADED)
    assert asked.code == 'handed-over-with-problems', asked.result
    bench.expect_guest(CARD, SOUND)
    said = [event['text'] for event in asked.events if event['type'] == 'log']
    assert any(f'Text console {console_of(bench)} says so' in text for text in said), said
    expect_notice(bench, f'    sudo batonctl host {CARD}', 'Ctrl+Alt+F2', 'is with virtual machines')
    # Nobody takes it away from its reader any more.
    assert state_of_login_screen(bench) in ('inactive', 'failed'), state_of_login_screen(bench)


def by_keys(bench):
    """As it says there: a prompt to log in at, and back to what it said."""
    screen.press(bench, 'ctrl', 'alt', 'f2')
    screen.wait_for_text(bench, 2, 'login:')
    assert active(bench) == 'tty2', active(bench)
    number = console_of(bench)
    screen.press(bench, 'alt', f'f{number}')
    bench.run('timeout', '30', 'sh', '-c', f'until grep -qx tty{number} {ACTIVE}; do sleep 0.2; done')


def returned(bench):
    """The command that is shown brings back the card, the login screen and the empty console."""
    number = console_of(bench)
    mended(bench)
    bench.to_host(CARD)
    bench.expect_driver(DRIVER, CARD)
    shown(bench)
    expect_cleared(bench, number)


def expect_cleared(bench, number):
    bench.run('test', '-e', NOTE, status=1)
    assert active(bench) != f'tty{number}', active(bench)
    assert 'sudo' not in bench.run('cat', f'/dev/vcs{number}', status=None).out


def shows_nothing(bench):
    """One that runs and shows nothing is left to run: it may still come."""
    breaks(bench, SHOWS_NOTHING)
    asked = bench.to_guest(CARD, '--end-session', status=story.DEGRADED)
    assert asked.code == 'handed-over-with-problems', asked.result
    assert [trouble['code'] for trouble in asked.result['troubles']] == ['login-screen-dark'], asked.result
    bench.expect_guest(CARD, SOUND)
    expect_notice(bench, f'    sudo batonctl host {CARD}', 'two minutes')
    assert state_of_login_screen(bench) == 'active'
    bench.run('systemctl', 'stop', 'lightdm.service')


def returned_without(bench):
    """It does not come back with the card either, and that is said, with what helps now."""
    asked = bench.to_host(CARD, status=story.DEGRADED)
    assert asked.code == 'returned-with-problems', asked.result
    bench.expect_driver(DRIVER, CARD)
    expect_notice(bench, '    sudo systemctl restart lightdm.service', 'is with this computer')


def tried_again(bench):
    """By the command that is shown."""
    told = active(bench)
    mended(bench)
    bench.run('systemctl', 'restart', 'lightdm.service')
    shown(bench)
    assert active(bench) != told, active(bench)
