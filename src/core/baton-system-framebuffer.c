/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <string.h>

#include "baton-pci-address.h"

/* References used below:
 *  SYSFB - Linux drivers/firmware/sysfb.c: platform devices of the firmware's framebuffer;
 *    since 6.11 their parent is the PCI device. A device that is there and has no driver was unbound
 *  IOMEM - Linux kernel/resource.c, /proc/iomem: two blanks a level; the addresses read 0
 *    without CAP_SYS_ADMIN, the names are shown to everybody
 */

#define EFI "efi-framebuffer.0"
#define VESA "vesa-framebuffer.0"

#define MAX_IOMEM_BYTES (4 * 1024 * 1024)
#define MAX_LEVELS 32

/* SYSFB: the device is gone as soon as a native driver has taken the screen over. */
static const char *const devices[] = { EFI, VESA, "simple-framebuffer.0" };

/* IOMEM: who holds the memory; BOOTFB stays when the driver of a simple-framebuffer was
 * unbound, and is in the way of the next one just as well. */
static const char *const resources[] = {
  "efifb", "vesafb", "simplefb", "simpledrm", "simple-framebuffer", "BOOTFB"
};

static char *
find_parent (BatonRoot *root, const char *device)
{
  g_autofree char *path = g_strconcat ("bus/platform/devices/", device, NULL);
  g_autofree char *target = baton_root_read_link (root, BATON_ROOT_SYS, path, NULL);
  g_autofree char *above = target != NULL ? g_path_get_dirname (target) : NULL;
  g_autofree char *parent = above != NULL ? g_path_get_basename (above) : NULL;

  return baton_pci_address_is_valid (parent) ? g_steal_pointer (&parent) : NULL;
}

static char *
read_driver (BatonRoot *root, const char *device)
{
  g_autofree char *path = g_strconcat ("bus/platform/devices/", device, "/driver", NULL);

  return baton_root_read_link_name (root, BATON_ROOT_SYS, path, NULL);
}

/* Finds the memory that a framebuffer holds and the PCI function whose memory that is. */
static char *
find_owner (const char *iomem, char **ret_function)
{
  g_auto (GStrv) lines = g_strsplit (iomem, "\n", -1);
  const char *owners[MAX_LEVELS] = { NULL };

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize level = strspn (lines[i], " ") / 2;
      const char *name = strstr (lines[i], " : ");

      if (name == NULL || level >= MAX_LEVELS)
        continue;
      name += strlen (" : ");
      owners[level] = baton_pci_address_is_valid (name) ? name
                      : level > 0                       ? owners[level - 1]
                                                        : NULL;
      for (guint j = 0; j < G_N_ELEMENTS (resources); j++)
        {
          if (strcmp (name, resources[j]) == 0 && owners[level] != NULL)
            {
              *ret_function = g_strdup (owners[level]);
              return g_strdup (name);
            }
        }
    }

  return NULL;
}

/* Says whether the firmware's framebuffer is still there, and on which function. */
void
baton_system_read_framebuffer (BatonSystem *self, BatonRoot *root)
{
  g_autofree char *iomem = NULL;
  g_autofree char *resource = NULL;
  g_autofree char *function = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (devices) && self->framebuffer == NULL; i++)
    {
      self->framebuffer_driver = read_driver (root, devices[i]);
      if (self->framebuffer_driver != NULL)
        {
          self->framebuffer = g_strdup (devices[i]);
          self->framebuffer_function = find_parent (root, devices[i]);
        }
    }
  if (self->framebuffer_function != NULL)
    return;

  iomem = baton_root_read_file (root, BATON_ROOT_PROC, "iomem", MAX_IOMEM_BYTES, NULL, NULL);
  if (iomem == NULL)
    return;
  resource = find_owner (iomem, &function);
  if (self->framebuffer == NULL)
    self->framebuffer = g_steal_pointer (&resource);
  self->framebuffer_function = g_steal_pointer (&function);
}

/**
 * baton_system_framebuffer_lets_go:
 * @framebuffer: (nullable): name of a platform device
 *
 * The memory of the firmware's framebuffer is its driver's, and free when that is unbound; but that of a
 * `simple-framebuffer.0` is the device's own (SYSFB, sysfb_simplefb.c), and goes with the device alone,
 * which no write can make the kernel remove.
 *
 * Returns: %TRUE if nothing of it stays when its driver is unbound, and it can be bound again
 */
gboolean
baton_system_framebuffer_lets_go (const char *framebuffer)
{
  return g_strcmp0 (framebuffer, EFI) == 0 || g_strcmp0 (framebuffer, VESA) == 0;
}
