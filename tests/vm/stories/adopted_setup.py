# SPDX-License-Identifier: GPL-3.0-or-later
"""What guides have their readers write is shown, moved aside and done by Baton, and put back to the byte."""

import json

from bench import story

IMAGES = ('12',)
SPOILS = True

CARD, SOUND = '0000:01:00.0', '0000:01:00.1'
SOUND_ID, OTHER_ID = '8086:2668', '1013:00b8'
ACTION = 'io.github.batongpu.Baton.adopt'
HELPER = '/usr/libexec/baton-helper'
HOOKS, KEPT = '/etc/libvirt/hooks', f'/etc/baton/adopted/{CARD}'
SCRIPT, CLAIMS = f'{HOOKS}/qemu.d/50-baton', '/etc/baton/claims'
DAEMON, NAME = 'libvirtd.service', 'bench'

CONF, DISPATCHER = f'{HOOKS}/kvm.conf', f'{HOOKS}/qemu'
START = f'{HOOKS}/qemu.d/{NAME}/prepare/begin/start.sh'
REVERT = f'{HOOKS}/qemu.d/{NAME}/release/end/revert.sh'
VFIO, LOAD, DRIVERCTL = '/etc/modprobe.d/vfio.conf', '/etc/modules-load.d/vfio.conf', f'/etc/driverctl.d/{SOUND}'
GRUB, MARK = '/etc/default/grub.d/vfio.cfg', '/run/by-hand'

# As the guides have them, but for what would end the bench; each says that it was called.
FILES = {
    DISPATCHER: ('755', '#!/bin/bash\nHOOKPATH="/etc/libvirt/hooks/qemu.d/$1/$2/$3"\n'
                        '[ ! -d "$HOOKPATH" ] || for file in "$HOOKPATH"/*; do "$file" "$@"; done\n'),
    CONF: ('644', '## Virsh devices\nVIRSH_GPU_VIDEO=pci_0000_01_00_0\nVIRSH_GPU_AUDIO=pci_0000_01_00_1\n'),
    START: ('755', f'#!/bin/bash\nset -x\nsource "{CONF}"\necho "$VIRSH_GPU_VIDEO" >> {MARK}\n'),
    REVERT: ('755', f'#!/bin/bash\nset -x\n# Rebinds 0000:01:00.0\nsource "{CONF}"\necho 01:00.0 >> {MARK}\n'),
    VFIO: ('600', f'# two of them\noptions vfio-pci ids={SOUND_ID},{OTHER_ID} disable_vga=1'),
    DRIVERCTL: ('644', 'vfio-pci\n'),
    LOAD: ('644', 'vfio-pci\n'),
    GRUB: ('644', f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX vfio-pci.ids={SOUND_ID}"\n'),
}
MOVED = (CONF, START, REVERT, DRIVERCTL)

# Everything in /etc, and what it holds: files that were put back are the same ones. What libvirt writes of its
# own when it runs is not looked at, but its hooks are.
ELSE = ('\\( -path /etc/cups -o -path /etc/apparmor.d/libvirt -o -path /etc/libvirt/qemu -o -path /etc/libvirt/nwfilter '
        '-o -path /etc/libvirt/secrets -o -path /etc/libvirt/storage \\) -prune -o')
ALL = (f"find /etc {ELSE} ! -type d -printf '%p %y %m %u:%g %l %i %T@\\n' | sort; "
       f"find /etc {ELSE} -type f -exec sha256sum {{}} + | sort")

# A RAM disk is packed in minutes (claimed-at-boot does it); here it is a list of what would be in it.
MAKE = '''#!/bin/sh
kernel=$3
{ echo init; cat /etc/modprobe.d/*.conf | sed 's/^/# /'; seq 400
  if [ -e /etc/baton/claims ]; then
    echo etc/baton/claims; echo usr/lib/baton/claim-at-boot
    echo usr/lib/modules/$kernel/kernel/drivers/vfio/pci/vfio-pci.ko
  fi; } > "$2"
'''
LIST = '#!/bin/sh\ncat "$1"\n'

HOSTDEV = """<hostdev mode='subsystem' type='pci' managed='yes'><source>
<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>"""
DOMAIN = f"""<domain type='qemu'><name>{NAME}</name><memory unit='MiB'>128</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/><audio id='1' type='none'/>
<video><model type='none'/></video>{HOSTDEV}</devices></domain>
"""


def run(bench):
    bench.at_end(bench.run, 'batonctl', 'undo-all', status=None)
    stand_in_for_images(bench)
    set_up(bench)
    before = etc(bench)
    shown(bench)
    who_may(bench, before)
    bench.run('systemctl', 'start', DAEMON)
    before = etc(bench)
    adopted(bench)
    if bench.full:
        started(bench)
    put_back(bench, before)
    changed_meanwhile(bench)
    before = etc(bench)
    adopt(bench)
    assert bench.batonctl('undo-all').code == 'all-undone'
    assert etc(bench) == before, sorted(etc(bench) ^ before)


def etc(bench):
    return set(bench.run('sh', '-c', ALL).out.splitlines())


def put(bench, path, mode, text):
    bench.run('sh', '-c', 'mkdir -p "${1%/*}" && cat > "$1" && chmod "$2" "$1"', 'sh', path, mode, stdin=text)


def stand_in_for_images(bench):
    release = bench.run('uname', '-r').out.strip()
    for program, text in (('/usr/sbin/mkinitramfs', MAKE), ('/usr/bin/lsinitramfs', LIST)):
        put(bench, f'/var/tmp/stand-in{program}', '755', text)
        bench.run('mount', '--bind', f'/var/tmp/stand-in{program}', program)
        bench.at_end(bench.run, 'umount', program)
    put(bench, f'/boot/initrd.img-{release}', '644', 'init\n' + '\n' * 500)
    bench.at_end(bench.run, 'rm', '-f', f'/boot/initrd.img-{release}')


def image(bench):
    return bench.run('sh', '-c', 'cat /boot/initrd.img-*').out


def set_up(bench):
    for path, (mode, text) in FILES.items():
        put(bench, path, mode, text)
    bench.at_end(bench.run, 'rm', '-rf', *FILES, f'{HOOKS}/qemu.d/{NAME}', MARK)


def shown(bench):
    """Every line, with what Baton does instead; nothing is asked for and nothing is done."""
    before = etc(bench)
    looked = bench.batonctl('adopt', CARD, '--dry-run')
    lines = {(line['file'], line['line']): (line['instead'], line['by_hand'], line['functions'])
             for line in looked.machine['handmade'] if line['card'] == CARD}
    assert lines == {
        (CONF, 2): ('adopt-by-hook', False, [CARD]), (CONF, 3): ('adopt-by-hook', False, [SOUND]),
        (START, 3): ('adopt-by-hook', False, []), (REVERT, 5): ('adopt-by-hook', False, [CARD]),
        (DRIVERCTL, 1): ('adopt-by-claim', False, [SOUND]),
        (VFIO, 2): ('adopt-by-claim', False, [SOUND]), (GRUB, 1): ('adopt-command-line', True, [SOUND]),
    }, lines
    text = bench.run('batonctl', 'adopt', CARD, '--dry-run').out
    assert f'{VFIO}, line 2:' in text and f'ids={SOUND_ID},{OTHER_ID}' in text and 'update-grub' in text, text
    bench.run('batonctl', 'adopt', CARD, status=story.BAD_REQUEST)
    assert etc(bench) == before


def who_may(bench, before):
    """Nobody without an administrator's password, and nothing but what was shown."""
    asked = bench.run('runuser', '-u', 'other', '--', 'pkexec', '--disable-internal-agent', HELPER, 'adopt', CARD, '--undo',
                      status=127)
    assert asked.out == '', asked.out
    refused = bench.run(HELPER, 'adopt', CARD, '--expect', '0' * 64, status=story.REFUSED)
    assert json.loads(refused.out.splitlines()[-1])['code'] == 'adopt-changed', refused.out
    assert etc(bench) == before


def adopt(bench, *options, **keywords):
    return bench.batonctl('adopt', CARD, *options or ('--yes',), **keywords)


def adopted(bench):
    asked = adopt(bench)
    assert asked.code == 'adopted', asked.result
    assert sorted(asked.result['args']['files'].split(', ')) == sorted((*MOVED, VFIO)), asked.result
    bench.run('test', '-x', SCRIPT)
    for path in MOVED:
        bench.run('test', '!', '-e', path)
        assert bench.run('cat', KEPT + path[len('/etc'):]).out == FILES[path][1], path
    assert bench.run('cat', VFIO).out == f'# two of them\noptions vfio-pci ids={OTHER_ID} disable_vga=1\n'
    assert bench.run('stat', '--format=%a %U', VFIO, '/etc/baton/adopted').out == '600 root\n700 root\n'
    claimed = bench.run('grep', '-v', '^#', CLAIMS).out.split()
    assert claimed[0] == SOUND and len(claimed) == 2, claimed
    assert 'etc/baton/claims' in image(bench) and SOUND_ID not in image(bench), image(bench)
    said = [event['text'] for event in asked.events if event['type'] == 'log']
    assert any(GRUB in text and 'update-grub' in text for text in said), said
    assert adopt(bench, status=story.REFUSED).code == 'adopt-already'


def started(bench):
    """A guest gets the card by Baton's hook, and nothing of what was there is called."""
    bench.run('systemctl', 'restart', DAEMON)
    with bench.file('/tmp/bench.xml', DOMAIN):
        bench.run('virsh', 'create', '/tmp/bench.xml', timeout=300)
    bench.expect_driver('vfio-pci', CARD, SOUND)
    assert adopt(bench, '--undo', status=story.REFUSED).code == 'adopt-with-guest'
    bench.run('virsh', 'destroy', NAME)
    bench.expect_driver('bochs-drm', CARD)
    bench.expect_driver('snd_hda_intel', SOUND)
    bench.run('test', '!', '-e', MARK)


def put_back(bench, before):
    assert adopt(bench, '--undo').code == 'adopt-undone'
    assert etc(bench) == before, sorted(etc(bench) ^ before)
    bench.run('test', '!', '-e', '/etc/baton/adopted')
    assert 'etc/baton/claims' not in image(bench) and SOUND_ID in image(bench), image(bench)
    if bench.full:
        bench.run(DISPATCHER, NAME, 'prepare', 'begin', '-')
        assert bench.run('cat', MARK).out == 'pci_0000_01_00_0\n'
    assert adopt(bench, '--undo').code == 'not-adopted'


def changed_meanwhile(bench):
    adopt(bench)
    put(bench, CONF, '644', 'VIRSH_GPU_VIDEO=pci_0000_09_00_0\n')
    now = etc(bench)
    refused = adopt(bench, '--undo', status=story.REFUSED)
    assert refused.code == 'adopt-file-in-the-way' and refused.result['args']['file'] == CONF, refused.result
    assert etc(bench) == now
    bench.run('rm', CONF)
    adopt(bench, '--undo')
