# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench is the machine that its topology promises.

Every other story rests on this: on groups that are as said, on drivers that
are the kernel's own, and on ways to hold a node that really hold it.
"""

TOPOLOGIES = ('plain', 'no-iommu', 'shared-group', 'twins')


def run(bench):
    functions = bench.call('sysfs.functions')
    groups = bench.call('sysfs.groups')
    shares = {address: groups.get(function['group'])
              for address, function in functions.items()}
    assert functions['0000:00:02.0']['boot_vga'] == '1'

    if bench.topology == 'plain':
        assert shares['0000:01:00.0'] == ['0000:01:00.0', '0000:01:00.1'], shares
        assert shares['0000:02:00.0'] == ['0000:02:00.0'], shares
        bench.expect_driver('bochs-drm', '0000:01:00.0')
        bench.expect_driver('snd_hda_intel', '0000:01:00.1')
        bench.expect_driver('virtio-pci', '0000:02:00.0')
        bench.expect_driver('cirrus', '0000:03:00.0')
        check_holders(bench)
    elif bench.topology == 'no-iommu':
        assert groups == {}, groups
    elif bench.topology == 'shared-group':
        assert {'0000:02:01.0', '0000:02:01.1', '0000:02:02.0'} <= set(shares['0000:02:01.0']), shares
        bench.expect_driver('xhci_hcd', '0000:02:02.0')
    elif bench.topology == 'twins':
        first, second = functions['0000:01:00.0'], functions['0000:02:00.0']
        assert first['device_id'] == second['device_id']
        assert first['group'] != second['group']


def check_holders(bench):
    node = bench.call('sysfs.node_of', address='0000:01:00.0', kind='dri/card')
    sound = bench.call('sysfs.node_of', address='0000:01:00.1', kind='snd/control')
    for how, path in (('fd', node), ('map', node), ('elsewhere', node), ('fd', sound)):
        with bench.holding(how, path) as holder:
            links = bench.run('sh', '-c', f'ls -l /proc/{holder.pid}/fd; cat /proc/{holder.pid}/maps')
            assert (path in links.out) == (how != 'elsewhere'), links.out
