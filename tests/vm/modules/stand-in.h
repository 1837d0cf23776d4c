/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the bench's stand-ins for NVIDIA's modules know of each other.
 *
 * They are named, depend on each other, count their users and answer in /proc as the real ones do
 * (NVIDIA/open-gpu-kernel-modules, kernel-open/nvidia), and they draw nothing. Facts that they
 * copy are named where they are copied.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <linux/pci.h>

/* 550.163.01 is 550 * 1000 + 163: the third number has never changed how a card is let go. */
#define STAND_IN_AT_LEAST(major, minor) (STAND_IN_NUMBER >= (major)*1000 + (minor))

/* From here on the driver takes its display part off a card by itself (nv-pci.c,
 * nv_pci_probe() and nv_pci_remove(): nvidia_modeset_probe, nvidia_modeset_remove). */
#define STAND_IN_UNPLUGS STAND_IN_AT_LEAST(580, 105)

/* From here on a card is forgotten before its users are waited for, so that their leaving is
 * never noticed (nv-pci.c, nv_pci_remove_helper()). */
#define STAND_IN_FORGETS STAND_IN_AT_LEAST(595, 0)

struct stand_in_display {
	void (*appear)(struct pci_dev *pdev);
	void (*vanish)(struct pci_dev *pdev);
};

/* nvidia */
void nvidia_set_display(const struct stand_in_display *display);
void nvidia_use(struct pci_dev *pdev);
void nvidia_unuse(struct pci_dev *pdev);
void nvidia_for_each_card(void (*call)(struct pci_dev *pdev));

/* nvidia-modeset */
void nvkms_set_display(const struct stand_in_display *display);
void nvkms_use(struct pci_dev *pdev);
void nvkms_unuse(struct pci_dev *pdev);
void nvkms_for_each_card(void (*call)(struct pci_dev *pdev));

#endif
