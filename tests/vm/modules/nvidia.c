// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nvidia: the driver of the bench's NVIDIA cards.
 *
 * A card is an emulated ATI Rage 128, which no other driver of the bench's kernels takes. What
 * matters of the real driver is here: a module that every descriptor keeps busy, a use count for
 * each card beside it, a remove that waits for that count, and what is seen of both in /proc.
 */
#include <linux/cdev.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "stand-in.h"

/* Fixed numbers of the real driver (nv-linux.h): cards from 0 on, the control node last. */
#define NVIDIA_MAJOR 195
#define NVIDIA_N_CARDS 8
#define NVIDIA_CONTROL 255

/* The rights that can be given to processes have nodes of their own (nv-caps.c). */
#define NVIDIA_N_CAPS 2

#define WAIT_MS 500

struct card {
	struct pci_dev *pdev;
	struct proc_dir_entry *directory;
	unsigned int minor;
	unsigned int uses;
	bool locked;
	/* remove has begun with it: from STAND_IN_FORGETS on nobody finds it any more */
	bool forgotten;
};

static struct card *cards[NVIDIA_N_CARDS];
static DEFINE_MUTEX(cards_lock);
static const struct stand_in_display *display;
static struct proc_dir_entry *proc_top;
static struct proc_dir_entry *proc_gpus;
static struct cdev nodes;
static struct cdev control;
static dev_t caps_numbers;
static struct cdev caps;

/* Two of the real ones: none of them is to be seen in sysfs (nv-linux.h, NV_MODULE_PARAMETER). */
static int NVreg_EnableMSI = 1;
module_param(NVreg_EnableMSI, int, 0);
static char *NVreg_RegistryDwords;
module_param(NVreg_RegistryDwords, charp, 0);

/* How often a card was asked what wakes a sleeping one. */
static unsigned int wakes;
module_param(wakes, uint, 0444);

/* Uses of the module that nothing explains and nothing gives back: "holders gone, refcount 38". */
static int set_stuck(const char *text, const struct kernel_param *param)
{
	unsigned int count;
	int error = kstrtouint(text, 0, &count);

	for (; !error && count > 0; count--)
		__module_get(THIS_MODULE);
	return error;
}

static const struct kernel_param_ops stuck_ops = {.set = set_stuck};
module_param_cb(stuck, &stuck_ops, NULL, 0200);

/* A use of every card by no descriptor, as persistence mode is one. */
static bool persistence;

static void count_use(struct card *card, int by)
{
	if (by > 0 || card->uses > 0)
		card->uses += by;
}

static int set_persistence(const char *text, const struct kernel_param *param)
{
	bool before = persistence;
	int error = param_set_bool(text, param);
	unsigned int i;

	mutex_lock(&cards_lock);
	for (i = 0; !error && before != persistence && i < NVIDIA_N_CARDS; i++)
		if (cards[i])
			count_use(cards[i], persistence ? 1 : -1);
	mutex_unlock(&cards_lock);
	return error;
}

static const struct kernel_param_ops persistence_ops = {
	.set = set_persistence,
	.get = param_get_bool,
};
module_param_cb(persistence, &persistence_ops, &persistence, 0644);

static struct card *find_card(unsigned int minor)
{
	if (minor >= NVIDIA_N_CARDS || !cards[minor] || cards[minor]->forgotten)
		return NULL;
	return cards[minor];
}

static int nvidia_open(struct inode *inode, struct file *file)
{
	unsigned int minor = iminor(inode);
	struct card *card;
	int error = 0;

	if (minor == NVIDIA_CONTROL)
		return 0;
	mutex_lock(&cards_lock);
	card = find_card(minor);
	if (card)
		count_use(card, 1);
	else
		error = -ENODEV;
	mutex_unlock(&cards_lock);
	return error;
}

static int nvidia_release(struct inode *inode, struct file *file)
{
	struct card *card;

	mutex_lock(&cards_lock);
	card = find_card(iminor(inode));
	if (card)
		count_use(card, -1);
	mutex_unlock(&cards_lock);
	return 0;
}

static const struct file_operations node_ops = {
	.owner = THIS_MODULE,
	.open = nvidia_open,
	.release = nvidia_release,
	.llseek = noop_llseek,
};

static struct card *card_of(struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < NVIDIA_N_CARDS; i++)
		if (cards[i] && cards[i]->pdev == pdev)
			return cards[i];
	return NULL;
}

static void change_uses(struct pci_dev *pdev, int by)
{
	struct card *card;

	mutex_lock(&cards_lock);
	card = card_of(pdev);
	if (card)
		count_use(card, by);
	mutex_unlock(&cards_lock);
}

void nvidia_use(struct pci_dev *pdev)
{
	change_uses(pdev, 1);
}
EXPORT_SYMBOL_GPL(nvidia_use);

void nvidia_unuse(struct pci_dev *pdev)
{
	change_uses(pdev, -1);
}
EXPORT_SYMBOL_GPL(nvidia_unuse);

void nvidia_for_each_card(void (*call)(struct pci_dev *pdev))
{
	struct pci_dev *found[NVIDIA_N_CARDS];
	unsigned int n = 0, i;

	mutex_lock(&cards_lock);
	for (i = 0; i < NVIDIA_N_CARDS; i++)
		if (cards[i])
			found[n++] = cards[i]->pdev;
	mutex_unlock(&cards_lock);
	for (i = 0; i < n; i++)
		call(found[i]);
}
EXPORT_SYMBOL_GPL(nvidia_for_each_card);

void nvidia_set_display(const struct stand_in_display *wanted)
{
	WRITE_ONCE(display, wanted);
}
EXPORT_SYMBOL_GPL(nvidia_set_display);

static int show_information(struct seq_file *file, void *data)
{
	struct card *card = file->private;

	/* As nv_procfs_read_gpu_info() does, by rm_ref_dynamic_power(). */
	if (pm_runtime_suspended(&card->pdev->dev))
		wakes++;
	pm_runtime_get_sync(&card->pdev->dev);
	seq_printf(file,
		   "Model: \t\t NVIDIA Stand-in\nIRQ:   \t\t %u\nBus Type: \t PCIe\n"
		   "Bus Location: \t %s\nDevice Minor: \t %u\nGPU Excluded:\t No\n",
		   card->pdev->irq, pci_name(card->pdev), card->minor);
	pm_runtime_put(&card->pdev->dev);
	return 0;
}

static int show_unbind_lock(struct seq_file *file, void *data)
{
	struct card *card = file->private;

	seq_printf(file, "%d\n", card->locked);
	return 0;
}

static int open_unbind_lock(struct inode *inode, struct file *file)
{
	return single_open(file, show_unbind_lock, pde_data(inode));
}

/* Given only while nobody uses the card (rm_unbind_lock()). */
static ssize_t write_unbind_lock(struct file *file, const char __user *text, size_t length,
				 loff_t *offset)
{
	struct card *card = pde_data(file_inode(file));
	bool wanted;
	int error = kstrtobool_from_user(text, length, &wanted);

	if (error)
		return error;
	mutex_lock(&cards_lock);
	card->locked = wanted && card->uses == 0;
	mutex_unlock(&cards_lock);
	return length;
}

static const struct proc_ops unbind_lock_ops = {
	.proc_open = open_unbind_lock,
	.proc_read = seq_read,
	.proc_write = write_unbind_lock,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int show_version(struct seq_file *file, void *data)
{
	seq_puts(file, "NVRM version: NVIDIA UNIX x86_64 Kernel Module  " STAND_IN_VERSION
		       "  Stand-in of the bench\n");
	return 0;
}

static int show_params(struct seq_file *file, void *data)
{
	seq_printf(file, "EnableMSI: %u\nRegistryDwords: \"%s\"\n", NVreg_EnableMSI,
		   NVreg_RegistryDwords ? NVreg_RegistryDwords : "");
	return 0;
}

static int nvidia_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct card *card = kzalloc(sizeof(*card), GFP_KERNEL);
	const struct stand_in_display *now = READ_ONCE(display);
	unsigned int minor = 0;

	if (!card)
		return -ENOMEM;
	card->pdev = pdev;
	mutex_lock(&cards_lock);
	while (minor < NVIDIA_N_CARDS && cards[minor])
		minor++;
	if (minor < NVIDIA_N_CARDS)
		cards[minor] = card;
	card->minor = minor;
	card->uses = persistence;
	mutex_unlock(&cards_lock);
	if (minor == NVIDIA_N_CARDS) {
		kfree(card);
		return -ENOSPC;
	}
	pci_set_drvdata(pdev, card);
	card->directory = proc_mkdir(pci_name(pdev), proc_gpus);
	proc_create_single_data("information", 0444, card->directory, show_information, card);
	proc_create_data("unbindLock", 0644, card->directory, &unbind_lock_ops, card);
	/* A driver lets its cards sleep when it gives up the use that probing has. */
	pm_runtime_put_noidle(&pdev->dev);
	if (STAND_IN_UNPLUGS && now)
		now->appear(pdev);
	return 0;
}

static void wait_for_users(struct card *card)
{
	while (READ_ONCE(card->uses) > 0) {
		dev_warn(&card->pdev->dev,
			 "NVRM: Attempting to remove device with non-zero usage count!\n");
		msleep(WAIT_MS);
	}
}

static void nvidia_remove(struct pci_dev *pdev)
{
	struct card *card = pci_get_drvdata(pdev);
	const struct stand_in_display *now = READ_ONCE(display);

	if (STAND_IN_UNPLUGS && now)
		now->vanish(pdev);
	mutex_lock(&cards_lock);
	card->forgotten = STAND_IN_FORGETS;
	mutex_unlock(&cards_lock);
	wait_for_users(card);
	proc_remove(card->directory);
	mutex_lock(&cards_lock);
	cards[card->minor] = NULL;
	mutex_unlock(&cards_lock);
	pm_runtime_get_noresume(&pdev->dev);
	kfree(card);
}

static int nvidia_sleep(struct device *device)
{
	return 0;
}

static const struct dev_pm_ops nvidia_pm = {SET_RUNTIME_PM_OPS(nvidia_sleep, nvidia_sleep, NULL)};

static const struct pci_device_id nvidia_ids[] = {{PCI_DEVICE(PCI_VENDOR_ID_ATI, 0x5046)}, {}};
MODULE_DEVICE_TABLE(pci, nvidia_ids);

static struct pci_driver nvidia_driver = {
	.name = "nvidia",
	.id_table = nvidia_ids,
	.probe = nvidia_probe,
	.remove = nvidia_remove,
	.driver.pm = &nvidia_pm,
};

/* One number lies between these two: /dev/nvidia-modeset, which is its module's. */
static int add_nodes(void)
{
	int error;

	cdev_init(&nodes, &node_ops);
	nodes.owner = THIS_MODULE;
	error = cdev_add(&nodes, MKDEV(NVIDIA_MAJOR, 0), NVIDIA_N_CARDS);
	if (error)
		return error;
	cdev_init(&control, &node_ops);
	control.owner = THIS_MODULE;
	error = cdev_add(&control, MKDEV(NVIDIA_MAJOR, NVIDIA_CONTROL), 1);
	if (error)
		cdev_del(&nodes);
	return error;
}

static const struct file_operations cap_ops = {
	.owner = THIS_MODULE,
	.llseek = noop_llseek,
};

static int add_cap_nodes(void)
{
	int error = alloc_chrdev_region(&caps_numbers, 0, NVIDIA_N_CAPS, "nvidia-caps");

	if (error)
		return error;
	cdev_init(&caps, &cap_ops);
	caps.owner = THIS_MODULE;
	error = cdev_add(&caps, caps_numbers, NVIDIA_N_CAPS);
	if (error)
		unregister_chrdev_region(caps_numbers, NVIDIA_N_CAPS);
	return error;
}

static void remove_nodes(void)
{
	cdev_del(&caps);
	unregister_chrdev_region(caps_numbers, NVIDIA_N_CAPS);
	cdev_del(&control);
	cdev_del(&nodes);
}

static bool has_cards(void)
{
	unsigned int i = 0;
	bool found;

	mutex_lock(&cards_lock);
	while (i < NVIDIA_N_CARDS && !cards[i])
		i++;
	found = i < NVIDIA_N_CARDS;
	mutex_unlock(&cards_lock);
	return found;
}

static int __init nvidia_init(void)
{
	int error = add_nodes();

	if (error)
		return error;
	error = add_cap_nodes();
	if (error) {
		cdev_del(&control);
		cdev_del(&nodes);
		return error;
	}
	proc_top = proc_mkdir("driver/nvidia", NULL);
	proc_gpus = proc_mkdir("gpus", proc_top);
	proc_create_single("version", 0444, proc_top, show_version);
	proc_create_single("params", 0444, proc_top, show_params);
	error = pci_register_driver(&nvidia_driver);
	/* The real one does not stay without a card (nv.c, nvidia_init_module()). */
	if (!error && !has_cards()) {
		pr_err("NVRM: No NVIDIA devices probed.\n");
		pci_unregister_driver(&nvidia_driver);
		error = -ENODEV;
	}
	if (error) {
		proc_remove(proc_top);
		remove_nodes();
	}
	return error;
}

static void __exit nvidia_exit(void)
{
	pci_unregister_driver(&nvidia_driver);
	proc_remove(proc_top);
	remove_nodes();
}

module_init(nvidia_init);
module_exit(nvidia_exit);
MODULE_DESCRIPTION("Stand-in for NVIDIA's driver");
MODULE_VERSION(STAND_IN_VERSION);
MODULE_LICENSE("GPL");
