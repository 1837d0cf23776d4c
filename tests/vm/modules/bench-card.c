// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench-card: a driver without a screen, whose probe and whose remove fail when a story says so,
 * and which has an I2C adapter as drivers of real cards have for their monitors.
 *
 * It takes what the stand-in for NVIDIA's driver takes, an emulated ATI Rage 128, and is kept
 * apart from it: a story installs the one or the other.
 */
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/pci.h>

/* With which error the next probes fail, as a positive number; 0 is none. */
static unsigned int probe_error;
module_param(probe_error, uint, 0644);

/* The card whose remove never comes back: the kernel kills who asked for it and says so, and what
 * that task has locked stays locked (make_task_dead() in kernel/exit.c). */
static char oopses[16];
module_param_string(oopses, oopses, sizeof(oopses), 0644);

/* No monitor is connected. */
static int bench_card_transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	return -ENXIO;
}

static u32 bench_card_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C;
}

static const struct i2c_algorithm bench_card_algorithm = {
	.master_xfer = bench_card_transfer,
	.functionality = bench_card_functionality,
};

static int bench_card_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct i2c_adapter *adapter;

	if (READ_ONCE(probe_error))
		return -(int)READ_ONCE(probe_error);
	adapter = devm_kzalloc(&pdev->dev, sizeof(*adapter), GFP_KERNEL);
	if (!adapter)
		return -ENOMEM;
	adapter->owner = THIS_MODULE;
	adapter->algo = &bench_card_algorithm;
	adapter->dev.parent = &pdev->dev;
	strscpy(adapter->name, "bench-card", sizeof(adapter->name));
	return devm_i2c_add_adapter(&pdev->dev, adapter);
}

static void bench_card_remove(struct pci_dev *pdev)
{
	BUG_ON(sysfs_streq(oopses, pci_name(pdev)));
}

static const struct pci_device_id bench_card_ids[] = {{PCI_DEVICE(PCI_VENDOR_ID_ATI, 0x5046)}, {}};
MODULE_DEVICE_TABLE(pci, bench_card_ids);

static struct pci_driver bench_card_driver = {
	.name = "bench-card",
	.id_table = bench_card_ids,
	.probe = bench_card_probe,
	.remove = bench_card_remove,
};
module_pci_driver(bench_card_driver);

MODULE_DESCRIPTION("A driver that fails when it is told to");
MODULE_LICENSE("GPL");
