// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nvidia-peermem: lets network cards reach a card's memory; here, one more module that stands on
 * the driver and has to go before it can.
 */
#include <linux/module.h>

#include "stand-in.h"

/* The real module's own (nvidia-peermem.c), so that there is something to lose. */
static int peerdirect_support;
module_param(peerdirect_support, int, 0444);

static void reach(struct pci_dev *pdev)
{
	dev_dbg(&pdev->dev, "can be reached by its peers\n");
}

static int __init peermem_init(void)
{
	nvidia_for_each_card(reach);
	return 0;
}

static void __exit peermem_exit(void)
{
}

module_init(peermem_init);
module_exit(peermem_exit);
MODULE_DESCRIPTION("Stand-in for NVIDIA's peer memory");
MODULE_VERSION(STAND_IN_VERSION);
MODULE_LICENSE("GPL");
