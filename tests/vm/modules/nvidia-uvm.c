// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nvidia-uvm: shared memory for computing; here, a node whose descriptors keep it busy.
 */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "stand-in.h"

/* /dev/nvidia-uvm and /dev/nvidia-uvm-tools; the major number is whichever is free (uvm.c). */
#define N_NODES 2

static dev_t numbers;
static struct cdev nodes;

/* One of the real module's many, so that there is something to lose. */
static unsigned int uvm_perf_prefetch_threshold = 51;
module_param(uvm_perf_prefetch_threshold, uint, 0444);

static const struct file_operations node_ops = {
	.owner = THIS_MODULE,
	.llseek = noop_llseek,
};

static void touch(struct pci_dev *pdev)
{
	dev_dbg(&pdev->dev, "can be shared\n");
}

static int __init uvm_init(void)
{
	int error = alloc_chrdev_region(&numbers, 0, N_NODES, "nvidia-uvm");

	if (error)
		return error;
	nvidia_for_each_card(touch);
	cdev_init(&nodes, &node_ops);
	nodes.owner = THIS_MODULE;
	error = cdev_add(&nodes, numbers, N_NODES);
	if (error)
		unregister_chrdev_region(numbers, N_NODES);
	return error;
}

static void __exit uvm_exit(void)
{
	cdev_del(&nodes);
	unregister_chrdev_region(numbers, N_NODES);
}

module_init(uvm_init);
module_exit(uvm_exit);
MODULE_DESCRIPTION("Stand-in for NVIDIA's unified memory");
MODULE_VERSION(STAND_IN_VERSION);
MODULE_LICENSE("GPL");
