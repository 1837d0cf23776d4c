# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever asks sees the same plan, and what concerns him alone."""

SESSION = True
TIER = 'full'

CARD = '0000:01:00.0'
HIS_OWN = {'memlock-low', 'let-open-offer', 'holders-incomplete'}


def run(bench):
    group = bench.function(CARD)['group']
    limit = int(bench.run('sh', '-c', 'ulimit -l', user='u').out) // 1024
    before = bench.snapshot()

    root = bench.batonctl('plan', 'guest', CARD)
    user = bench.batonctl('plan', 'guest', CARD, user='u')
    # Nobody has no session and no agent: batonctl looks with his own rights.
    nobody = bench.finish(bench.spawn('runuser', '-u', 'nobody', '--',
                                      'batonctl', '--json', 'plan', 'guest', CARD))
    bench.expect_same(before)

    assert not HIS_OWN & set(root.findings), root.findings.keys()
    assert user.findings['memlock-low']['args']['limit'].startswith(f'{limit}.'), user.findings
    assert user.findings['let-open-offer']['args']['node'] == f'/dev/vfio/{group}'
    assert nobody.events[0]['by'] == 'self' and user.events[0]['by'] == 'helper'
    assert 'holders-incomplete' in nobody.findings

    # So a preview without any rights has the digest of what root would do.
    assert root.plan['digest'] == user.plan['digest'] == nobody.plan['digest']
    assert root.plan['steps'] == nobody.plan['steps']
    for one in (root, user, nobody):
        assert [finding for finding in one.plan['findings'] if finding['code'] not in HIS_OWN] == [
            finding for finding in root.plan['findings'] if finding['code'] not in HIS_OWN]
