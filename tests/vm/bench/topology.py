# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines that the bench can be: which cards stand where.

Every one has its boot display on the root bus (class 0300, boot_vga 1), so
that a card behind a root port is what a second card is on a real machine.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Topology:
    """Devices for QEMU's command line, the kernel's own, and the releases of a quick run.

    With UEFI, its firmware draws on the first display, and hands what it draws on over to the kernel.
    With a spare disk, "spare" is a drive for one of the devices: a copy of the machine's own that is
    thrown away with it. Late modules are loaded when the machine is up, and not before: whose driver comes
    first at boot decides what the kernel's text consoles do for as long as it runs.
    """

    devices: tuple[str, ...]
    spare: bool = False
    uefi: bool = False
    late: tuple[str, ...] = ()
    kernel: str = 'intel_iommu=on iommu=pt'
    images: tuple[str, ...] = ('12',)

    @property
    def keeps(self):
        """Whether QEMU can write down the state of all that is in it."""
        return not any(device.startswith(NOT_KEPT) for device in self.devices)


# The first it refuses to write down, and of the second it says nothing, and leaves it out.
NOT_KEPT = 'nvme', 'ati-vga'


def _port(number: int, slot: int) -> str:
    return f'pcie-root-port,id=rp{number},chassis={number},slot={number},bus=pcie.0,addr={slot:x}.0'


def _card_with_sound(number: int, bus: str, display: str = 'bochs-display',
                     slot: int = 0) -> tuple[str, ...]:
    """A display function and its sound function in one slot, one group."""
    return (f'{display},bus={bus},addr={slot:x}.0,multifunction=on',
            f'intel-hda,id=hda{number},bus={bus},addr={slot:x}.1',
            f'hda-duplex,bus=hda{number}.0,audiodev=sound')


BOOT_DISPLAY = 'VGA,bus=pcie.0,addr=2.0'

PLAIN = (BOOT_DISPLAY,
         _port(1, 3), *_card_with_sound(1, 'rp1'),
         _port(2, 4), 'virtio-gpu-pci,bus=rp2',
         _port(3, 5), 'cirrus-vga,bus=rp3')

NAMED = (BOOT_DISPLAY,
         _port(1, 3), *_card_with_sound(1, 'rp1', 'virtio-gpu-pci'))

TWINS = (BOOT_DISPLAY,
         _port(1, 3), *_card_with_sound(1, 'rp1'),
         _port(2, 4), *_card_with_sound(2, 'rp2'))

WITHOUT_DRIVER = 'intel_iommu=on iommu=pt modprobe.blacklist=bochs'

TOPOLOGIES = {
    # One card in a group of its own behind each root port.
    'plain': Topology(PLAIN, images=('12', '13')),
    # One card, and nothing else that could show anything.
    'single': Topology((BOOT_DISPLAY,)),
    # The plain one with no translation: there are no groups at all. Told of by whole runs alone.
    'no-iommu': Topology(PLAIN, kernel='intel_iommu=off', images=()),
    # What stands behind one conventional bridge shares a group: a card, its
    # sound, and a network card that has nothing to do with them.
    'shared-group': Topology((
        BOOT_DISPLAY,
        _port(1, 3), 'pcie-pci-bridge,id=bridge1,bus=rp1,addr=0.0',
        *_card_with_sound(1, 'bridge1', slot=1),
        'qemu-xhci,id=foreign,bus=bridge1,addr=2.0',
        _port(2, 4), 'virtio-gpu-pci,bus=rp2')),
    # Two cards behind one conventional bridge: a group of two.
    'two-in-one-group': Topology((
        BOOT_DISPLAY,
        _port(1, 3), 'pcie-pci-bridge,id=bridge1,bus=rp1,addr=0.0',
        *_card_with_sound(1, 'bridge1', slot=1), *_card_with_sound(2, 'bridge1', slot=2))),
    # Two cards that only their addresses tell apart.
    'twins': Topology(TWINS),
    # The same, started with the way out for who is left without a picture.
    'twins-unclaimed': Topology(TWINS, kernel='intel_iommu=on iommu=pt baton.claim=no', images=()),
    # Those with a port before them, whose bus shifts every bus behind it by one.
    'twins-behind-port': Topology((
        BOOT_DISPLAY,
        _port(9, 1),
        _port(1, 3), *_card_with_sound(1, 'rp1'),
        _port(2, 4), *_card_with_sound(2, 'rp2'))),
    # A card that the database of PCI ids knows by name, for pictures, and which a desktop can draw on
    # beside its first.
    'named': Topology(NAMED, late=('virtio_gpu',)),
    # The same where the second card's driver has come first, while the text console was on VGA still.
    'boot-display-late': Topology(NAMED, late=('bochs',)),
    # Cards that no driver takes until a story brings the stand-ins for NVIDIA's.
    'nvidia': Topology((
        BOOT_DISPLAY,
        _port(1, 3), *_card_with_sound(1, 'rp1', 'ati-vga,model=rage128p'),
        _port(2, 4), 'ati-vga,bus=rp2,model=rage128p')),
    # A card and its sound behind a port of a PCI Express switch.
    'switch': Topology((
        BOOT_DISPLAY,
        _port(1, 3), 'x3130-upstream,id=up1,bus=rp1',
        'xio3130-downstream,id=down1,bus=up1,chassis=11,slot=11',
        'xio3130-downstream,id=down2,bus=up1,chassis=12,slot=12',
        *_card_with_sound(1, 'down1'))),
    # A card, and two devices that a guest could have with it, each in a group of its own: a USB
    # controller with a keyboard on it, and a disk.
    'along': Topology((
        BOOT_DISPLAY,
        _port(1, 3), *_card_with_sound(1, 'rp1'),
        _port(2, 4), 'qemu-xhci,id=along,bus=rp2',
        'usb-kbd,bus=along.0',
        _port(3, 5), 'nvme,drive=spare,serial=bench,bus=rp3'),
        spare=True),
    # A first display that the firmware draws on and no driver, because it is not loaded by itself; and
    # a second card. vfio-pci takes the firmware's framebuffer off a card of class 0300 alone.
    'firmware-draws': Topology(('bochs-display,bus=pcie.0,addr=2.0', _port(2, 4), 'virtio-gpu-pci,bus=rp2'),
                               uefi=True, kernel=WITHOUT_DRIVER),
    'firmware-draws-vga': Topology((BOOT_DISPLAY, _port(2, 4), 'virtio-gpu-pci,bus=rp2'),
                                   uefi=True, kernel=WITHOUT_DRIVER),
    # Cards enough for each to be lost once: a port each, with nothing else behind it.
    'many': Topology((
        BOOT_DISPLAY,
        *(device for number in range(1, 14)
          for device in (_port(number, number + 2), f'bochs-display,bus=rp{number},vgamem=4M')))),
    # Cards whose drivers cannot be trusted with an unbind.
    'crashers': Topology((
        BOOT_DISPLAY,
        _port(1, 3), 'qxl,bus=rp1',
        _port(2, 4), 'ati-vga,bus=rp2,model=rv100')),
}
