/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-kernel.h"

#include <string.h>

#include "baton-text-consoles.h"

/* References used below:
 *  HOLDERS  - Linux kernel/module/main.c, add_usage_links(): /sys/module/M/holders
 *  VFIO-REF - Linux drivers/vfio/vfio_main.c, vfio_device_open(): one use for each open device
 *  VFIO-PCI - Linux drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable() enables a function for
 *    who opens it first, vfio_pci_core_disable() disables it when the last one closes it
 *  ENABLE   - Linux drivers/pci/pci-sysfs.c, enable_show(): a counter that takes no lock
 */

#define MAX_MODULES 32

static void
add_kernel_holder (BatonHolders *self, const char *name, guint how, const char *node)
{
  const char *nodes[] = { node, NULL };
  BatonHolder *holder = g_new0 (BatonHolder, 1);

  holder->name = g_strdup (name);
  holder->command = g_strdup ("");
  holder->uid = G_MAXUINT;
  holder->user = g_strdup ("");
  holder->kind = BATON_HOLDER_KERNEL;
  holder->how = how;
  holder->nodes = g_strdupv ((char **) nodes);
  g_ptr_array_add (self->holders, holder);
}

static int
read_refcount (BatonRoot *root, const char *module)
{
  g_autofree char *path = g_strdup_printf ("module/%s/refcnt", module);
  g_autofree char *text = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);
  gint64 refcount;

  if (text == NULL ||
      !g_ascii_string_to_signed (g_strstrip (text), 10, 0, G_MAXINT, &refcount, NULL))
    return -1;

  return (int) refcount;
}

static gboolean
has_module (const BatonHolders *self, const char *name)
{
  for (guint i = 0; i < self->modules->len; i++)
    if (g_str_equal (((const BatonModuleUse *) self->modules->pdata[i])->name, name))
      return TRUE;

  return FALSE;
}

static void
add_module (BatonHolders *self, BatonRoot *root, const char *name)
{
  BatonModuleUse *use;

  if (has_module (self, name) || self->modules->len >= MAX_MODULES)
    return;

  use = g_new0 (BatonModuleUse, 1);
  use->name = g_strdup (name);
  use->refcount = read_refcount (root, name);
  g_ptr_array_add (self->modules, use);
}

/**
 * baton_holders_add_modules:
 * @self: the holders of @card
 * @root: where to look
 * @card: a card
 *
 * Adds the modules that drive @card's functions, and those that stand on them and use them:
 * for `nvidia` that is `nvidia_modeset`, `nvidia_uvm` and through the first `nvidia_drm`
 * (HOLDERS). A count without a holder in sight is a use inside the kernel.
 */
void
baton_holders_add_modules (BatonHolders *self, BatonRoot *root, const BatonCard *card)
{
  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = card->functions->pdata[i];

      if (function->driver_module != NULL)
        add_module (self, root, function->driver_module);
    }

  /* the list grows while it is gone through */
  for (guint i = 0; i < self->modules->len; i++)
    {
      const BatonModuleUse *use = self->modules->pdata[i];
      g_autofree char *path = g_strdup_printf ("module/%s/holders", use->name);
      g_autoptr (GPtrArray) users = baton_root_list (root, BATON_ROOT_SYS, path, NULL);

      for (guint j = 0; users != NULL && j < users->len; j++)
        add_module (self, root, users->pdata[j]);
    }
}

static gboolean
is_enabled (BatonRoot *root, const char *address)
{
  g_autofree char *path = g_strdup_printf ("bus/pci/devices/%s/enable", address);
  g_autofree char *text = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);
  gint64 count;

  return text != NULL &&
         g_ascii_string_to_signed (g_strstrip (text), 10, 0, G_MAXINT, &count, NULL) &&
         count > 0;
}

/* The driver's uses tell of every card that it has (VFIO-REF). One that is built in has no such
 * count, and then the functions themselves tell (VFIO-PCI, ENABLE); they are not the first to be
 * asked, because what a host's driver has enabled and left so stays enabled. */
static gboolean
is_used_out_of_sight (BatonRoot *root, const BatonCard *card)
{
  int refcount = read_refcount (root, "vfio_pci");

  for (guint i = 0; refcount < 0 && i < card->functions->len; i++)
    {
      const BatonFunction *function = card->functions->pdata[i];

      if (baton_function_is_on_vfio (function) && is_enabled (root, function->address))
        return TRUE;
    }

  return refcount > 0;
}

/**
 * baton_holders_add_kernel:
 * @self: the holders of @card
 * @root: where to look
 * @machine: the machine that @card is in
 * @card: a card
 * @vfio_seen: some process has a vfio device, of whatever kind
 *
 * Adds what the kernel itself does with @card: its text console, the framebuffer of the
 * firmware, and devices that are open at vfio while no process shows them, as when the
 * descriptor is on its way from one process to another, or KVM alone still has it (VFIO-REF).
 */
void
baton_holders_add_kernel (BatonHolders *self,
                          BatonRoot *root,
                          BatonMachine *machine,
                          const BatonCard *card,
                          gboolean vfio_seen)
{
  g_autofree char *console = baton_text_consoles_find_framebuffer (root, machine);

  for (guint i = 0; console != NULL && i < card->nodes->len; i++)
    {
      const BatonNode *node = card->nodes->pdata[i];

      if (g_strcmp0 (baton_text_consoles_get_framebuffer (node), console) == 0 &&
          baton_text_consoles_are_drawn (root))
        add_kernel_holder (self, "fbcon", BATON_HOW_CONSOLE, node->path);
    }

  if (machine->system != NULL && machine->system->framebuffer != NULL &&
      machine->system->framebuffer_function != NULL &&
      baton_card_travels (card, machine->system->framebuffer_function))
    add_kernel_holder (self, machine->system->framebuffer, BATON_HOW_FRAMEBUFFER, NULL);

  if (!vfio_seen && self->complete && baton_card_has_function_on_vfio (card) &&
      is_used_out_of_sight (root, card))
    add_kernel_holder (self, "vfio", BATON_HOW_VFIO, NULL);
}

/**
 * baton_module_use_free:
 * @self: how often a module is in use
 *
 * Frees @self.
 */
void
baton_module_use_free (BatonModuleUse *self)
{
  g_free (self->name);
  g_free (self);
}
