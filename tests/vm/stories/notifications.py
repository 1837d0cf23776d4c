# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop tells once how a handoff ended: while it runs, or at the next login."""

from bench import desktop, fault

SESSION = True
TIER = 'full'
LEAVES = ('files:/run/user/*',)

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
FIRST_WRITE_BACK = f'/sys/bus/pci/devices/{CARD}/driver_override'


def run(bench):
    # The stories before this one have left a report that nobody has to be told of.
    bench.run('baton', '--report', user='u')
    bench.at_end(bench.run, 'rm', '-rf', '/home/u/.local/state/baton')
    desktop.make_room(bench)
    with desktop.agent(bench, 'u'), desktop.notifications(bench) as shown:
        somebody_else(bench, shown)
        nobody_there(bench, shown)


def somebody_else(bench, shown):
    """Root hands the card over while the window is out of sight; its owner takes it back."""
    with desktop.window(bench) as window:
        window.expect('wait', 'Hand to VM…')
        bench.to_guest(CARD)
        bench.expect_guest(CARD, SOUND)
        window.expect('wait', 'Parked for a virtual machine')
        # Who looks at the window has seen it there.
        shown.expect_nothing_more()

        window.expect('minimise', '')
        bench.to_host(CARD)
        bench.expect_driver('bochs-drm', CARD)
        told = shown.next()
        assert told['title'] == 'Card Is Back', told
        assert told['entry'] == 'io.github.batongpu.Baton', told
        assert told['urgency'] == 'normal' and 'Show Report' in told['buttons'], told
        shown.expect_nothing_more()

        # A handoff goes on without the window that asked for it, and is told of.
        window.expect('restore', '')
        with fault.stopped(bench, FIRST_WRITE_BACK) as worker:
            window.expect('press', 'Hand to VM…')
            window.expect('wait', 'Hand Over')
            window.expect('press', 'Hand Over')
            assert worker.wait_stopped() is not None, worker.seen
            window.expect('key', 'ctrl+q')
            window.expect('gone', 'Close')
            worker.go_on()
            told = shown.next()
        assert told['title'] == 'Card Is Ready for a Virtual Machine', told
        assert 'Return to Host' in told['buttons'], told
        bench.expect_guest(CARD, SOUND)
        # There is no window, and nothing left to wait for.
        window.expect('ended', '0')
    desktop.log_in(bench)
    shown.expect_nothing_more()


def nobody_there(bench, shown):
    """The next login tells, once."""
    bench.to_host(CARD)
    bench.expect_driver('bochs-drm', CARD)
    shown.expect_nothing_more()

    desktop.log_in(bench)
    told = shown.next()
    assert told['title'] == 'Card Is Back', told
    assert told['entry'] == 'io.github.batongpu.Baton', told
    desktop.log_in(bench)
    shown.expect_nothing_more()
