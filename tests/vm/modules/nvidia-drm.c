// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nvidia-drm: gives each card its nodes in /dev/dri.
 *
 * The cards that are there when it is loaded get theirs, and no others, unless the driver is one
 * that tells of new ones (STAND_IN_UNPLUGS). With modeset=1 each stays in use for as long, and with
 * fbdev=1 as well it gets a framebuffer, on which the kernel may put its text console.
 */
#include <linux/fb.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>

#include "stand-in.h"

/* Readable for root alone, like the real ones (nvidia-drm-linux.c). */
static bool modeset = STAND_IN_AT_LEAST(595, 45);
module_param(modeset, bool, 0400);
static bool fbdev = STAND_IN_AT_LEAST(570, 86);
module_param(fbdev, bool, 0400);

enum { WIDTH = 640, HEIGHT = 480 };

struct display {
	struct list_head list;
	struct drm_device *drm;
	struct pci_dev *pdev;
	struct fb_info *framebuffer;
};

static LIST_HEAD(displays);
static DEFINE_MUTEX(displays_lock);

DEFINE_DRM_GEM_FOPS(display_fops);

static const struct drm_driver display_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER,
	.fops = &display_fops,
	.name = "nvidia-drm",
	.desc = "Stand-in for NVIDIA's DRM driver",
	.major = 0,
	.minor = 0,
};

/* The console is no user of the module, and a program is (drm_fbdev_generic.c, fb_open()). */
static int framebuffer_open(struct fb_info *info, int user)
{
	return user && !try_module_get(THIS_MODULE) ? -ENODEV : 0;
}

static int framebuffer_release_user(struct fb_info *info, int user)
{
	if (user)
		module_put(THIS_MODULE);
	return 0;
}

/* Nobody looks at it. */
static void draw_rectangle(struct fb_info *info, const struct fb_fillrect *rectangle)
{
}

static void draw_copy(struct fb_info *info, const struct fb_copyarea *area)
{
}

static void draw_image(struct fb_info *info, const struct fb_image *image)
{
}

static void framebuffer_destroy(struct fb_info *info)
{
	vfree(info->screen_buffer);
	framebuffer_release(info);
}

static const struct fb_ops framebuffer_ops = {
	.fb_open = framebuffer_open,
	.fb_release = framebuffer_release_user,
	.fb_fillrect = draw_rectangle,
	.fb_copyarea = draw_copy,
	.fb_imageblit = draw_image,
	.fb_destroy = framebuffer_destroy,
};

static struct fb_info *make_framebuffer(struct pci_dev *pdev)
{
	struct fb_info *info = framebuffer_alloc(0, &pdev->dev);

	if (!info)
		return NULL;
	strscpy(info->fix.id, "nvidia-drmdrmfb", sizeof(info->fix.id));
	info->fix.type = FB_TYPE_PACKED_PIXELS;
	info->fix.visual = FB_VISUAL_TRUECOLOR;
	info->fix.line_length = WIDTH * 4;
	info->fix.smem_len = WIDTH * 4 * HEIGHT;
	info->var = (struct fb_var_screeninfo){
		.xres = WIDTH,
		.yres = HEIGHT,
		.xres_virtual = WIDTH,
		.yres_virtual = HEIGHT,
		.bits_per_pixel = 32,
		.red = {.offset = 16, .length = 8},
		.green = {.offset = 8, .length = 8},
		.blue = {.length = 8},
	};
	info->fbops = &framebuffer_ops;
	info->flags = FBINFO_VIRTFB;
	info->screen_size = info->fix.smem_len;
	info->screen_buffer = vzalloc(info->screen_size);
	if (!info->screen_buffer || register_framebuffer(info)) {
		framebuffer_destroy(info);
		return NULL;
	}
	return info;
}

static void appear(struct pci_dev *pdev)
{
	struct display *self = kzalloc(sizeof(*self), GFP_KERNEL);

	if (!self)
		return;
	self->pdev = pdev;
	self->drm = drm_dev_alloc(&display_driver, &pdev->dev);
	if (IS_ERR(self->drm)) {
		kfree(self);
		return;
	}
	if (drm_dev_register(self->drm, 0)) {
		drm_dev_put(self->drm);
		kfree(self);
		return;
	}
	if (modeset)
		nvkms_use(pdev);
	if (modeset && fbdev)
		self->framebuffer = make_framebuffer(pdev);
	mutex_lock(&displays_lock);
	list_add(&self->list, &displays);
	mutex_unlock(&displays_lock);
}

static void take_off(struct display *self)
{
	list_del(&self->list);
	if (self->framebuffer)
		unregister_framebuffer(self->framebuffer);
	drm_dev_unplug(self->drm);
	drm_dev_put(self->drm);
	if (modeset)
		nvkms_unuse(self->pdev);
	kfree(self);
}

static void vanish(struct pci_dev *pdev)
{
	struct display *self, *next;

	mutex_lock(&displays_lock);
	list_for_each_entry_safe (self, next, &displays, list)
		if (self->pdev == pdev)
			take_off(self);
	mutex_unlock(&displays_lock);
}

static const struct stand_in_display callbacks = {.appear = appear, .vanish = vanish};

/* Nothing is bound by it: it says whose display part this is (nv-pci-table.c). */
static const struct pci_device_id display_ids[] = {{PCI_DEVICE(PCI_VENDOR_ID_ATI, 0x5046)}, {}};
MODULE_DEVICE_TABLE(pci, display_ids);

static int __init display_init(void)
{
	nvkms_set_display(&callbacks);
	nvkms_for_each_card(appear);
	return 0;
}

static void __exit display_exit(void)
{
	struct display *self, *next;

	nvkms_set_display(NULL);
	mutex_lock(&displays_lock);
	list_for_each_entry_safe (self, next, &displays, list)
		take_off(self);
	mutex_unlock(&displays_lock);
}

module_init(display_init);
module_exit(display_exit);
MODULE_DESCRIPTION("Stand-in for NVIDIA's DRM driver");
MODULE_VERSION(STAND_IN_VERSION);
MODULE_LICENSE("GPL");
