# SPDX-License-Identifier: GPL-3.0-or-later
"""What Baton lists is what lspci and /sys say, on every topology."""

import re

from bench import contract

TOPOLOGIES = ('plain', 'shared-group', 'twins', 'no-iommu')


def lspci(bench):
    """lspci's own words for every function, by address."""
    text = bench.run('lspci', '-D', '-nn', '-k', '-vmm').out
    records = {}
    for block in text.strip().split('\n\n'):
        fields = dict(line.split(':\t', 1) for line in block.splitlines() if ':\t' in line)
        records[fields['Slot']] = fields
    return records


def number(field):
    """The hexadecimal id that ends a name: "Display controller [0380]"."""
    return re.search(r'\[([0-9a-f]{4})\]$', field).group(1)


def name(fields):
    """What lspci calls a device, in the one line that it has without -vmm."""
    vendor, device = (fields[key].rsplit(' [', 1)[0] for key in ('Vendor', 'Device'))
    if vendor == 'Vendor':
        return f'Device {number(fields["Vendor"])}:{number(fields["Device"])}'
    return f'{vendor} {device}' if device != 'Device' else f'{vendor} Device {number(fields["Device"])}'


def run(bench):
    listed = lspci(bench)
    kernel = bench.call('sysfs.functions')
    machine = contract.merged(bench.batonctl('list').events, 'machine')

    displays = {address for address, fields in listed.items()
                if number(fields['Class']).startswith('03')}
    cards = {card['address']: card for card in machine['cards']}
    assert set(cards) == displays, (sorted(cards), sorted(displays))

    for address, card in cards.items():
        fields = listed[address]
        assert card['vendor_id'] == number(fields['Vendor']), (card, fields)
        assert card['device_id'] == number(fields['Device']), (card, fields)
        assert card['class'][:4] == number(fields['Class']), (card, fields)
        assert card['driver'] == fields.get('Driver'), (card, fields)
        assert card['group'] == fields.get('IOMMUGroup'), (card, fields)
        assert card['boot_display'] == (kernel[address]['boot_vga'] == '1'), card
        assert card['side'] == 'host', card
        slot = {other for other in listed if other.rsplit('.', 1)[0] == address.rsplit('.', 1)[0]}
        travels = {part['address']: part for part in card['functions'] if part['travels']}
        assert set(travels) == slot, (travels, slot)
        for part in travels.values():
            assert part['driver'] == kernel[part['address']]['driver'], part
            assert part['name'] == name(listed[part['address']]), (part, listed[part['address']])
        assert card['name'] == name(fields), (card, fields)
        for node in kernel[address]['nodes']:
            if node.startswith('/dev/dri/'):
                assert node in card['nodes'], (node, card['nodes'])

    groups = {group['id']: sorted(member['address'] for member in group['functions'])
              for group in machine['groups']}
    assert groups == bench.call('sysfs.groups'), (groups, bench.call('sysfs.groups'))
    assert machine['iommu']['enabled'] == (bench.topology != 'no-iommu'), machine['iommu']
