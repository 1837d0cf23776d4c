# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred watchers at once leave root its inotify instances, and hold no rights."""

TIER = 'full'
SESSION = True
# Each of two hundred logs in by itself, and has a process of systemd's and of pkexec's beside its own.
MEMORY_MB = 4096
CARD = '0000:01:00.0'

# As many as begin at the same moment: systemd hangs up on more that ask it for a unit.
BATCH = 20


def begin(bench):
    started = [bench.spawn('pkexec', '/usr/libexec/baton-helper', 'watch', user='u')
               for _ in range(BATCH)]
    for process in started:
        # The machine has been looked at: it watches from here on.
        assert any('"type":"machine"' in line for line in process.lines(300)), process.err
    return started


def run(bench):
    started = []
    try:
        while len(started) < (200 if bench.full else BATCH):
            started += begin(bench)
        pids = bench.run('pgrep', '-x', 'baton-helper').out.split()
        assert len(pids) >= len(started), pids
        for pid in pids[:3]:
            status = bench.run('cat', f'/proc/{pid}/status').out
            fields = dict(line.split(':\t', 1) for line in status.splitlines() if ':\t' in line)
            assert fields['Uid'].split() == ['1000'] * 4, fields['Uid']
            assert fields['NoNewPrivs'] == '1' and fields['Seccomp'] == '2', fields
            # CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, and nothing else for ever.
            for kind in ('CapPrm', 'CapEff', 'CapBnd'):
                assert int(fields[kind], 16) & ~(1 << 2 | 1 << 19) == 0, (kind, fields[kind])
        bench.run('python3', '-c', 'import ctypes, sys\n'
                  'sys.exit(ctypes.CDLL(None).inotify_init() < 0)')
        bench.to_guest(CARD)
        bench.to_host(CARD)
    finally:
        for process in started:
            process.close_stdin()
            process.signal(15)
