// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nvidia-modeset: stands between the driver and its display part, and keeps the cards in use that
 * the latter shows something on (NVKMS does, by nvkms_open_gpu()).
 */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "stand-in.h"

#define NVIDIA_MAJOR 195
#define NVIDIA_MODESET 254

static struct cdev node;

/* One of the real module's many, so that there is something to lose. */
static bool disable_hdmi_frl;
module_param(disable_hdmi_frl, bool, 0400);

void nvkms_set_display(const struct stand_in_display *display)
{
	nvidia_set_display(display);
}
EXPORT_SYMBOL_GPL(nvkms_set_display);

void nvkms_use(struct pci_dev *pdev)
{
	nvidia_use(pdev);
}
EXPORT_SYMBOL_GPL(nvkms_use);

void nvkms_unuse(struct pci_dev *pdev)
{
	nvidia_unuse(pdev);
}
EXPORT_SYMBOL_GPL(nvkms_unuse);

void nvkms_for_each_card(void (*call)(struct pci_dev *pdev))
{
	nvidia_for_each_card(call);
}
EXPORT_SYMBOL_GPL(nvkms_for_each_card);

static const struct file_operations node_ops = {
	.owner = THIS_MODULE,
	.llseek = noop_llseek,
};

static int __init nvkms_init(void)
{
	cdev_init(&node, &node_ops);
	node.owner = THIS_MODULE;
	return cdev_add(&node, MKDEV(NVIDIA_MAJOR, NVIDIA_MODESET), 1);
}

static void __exit nvkms_exit(void)
{
	cdev_del(&node);
}

module_init(nvkms_init);
module_exit(nvkms_exit);
MODULE_DESCRIPTION("Stand-in for NVIDIA's mode setting");
MODULE_VERSION(STAND_IN_VERSION);
MODULE_LICENSE("GPL");
