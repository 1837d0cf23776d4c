/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-kernel.h"

#include <string.h>

#include "baton-root-warily.h"

/* References used below:
 *  VTCON    - Linux Documentation/driver-api/tty/console.rst: `(M) frame buffer device`, bind
 *  BIND     - Linux drivers/tty/vt/vt.c: show_bind() takes console_lock(), which is held while the
 *    console's driver sets a mode, and for ever where it crashed meanwhile; show_name() takes none
 *  FBCON    - Linux drivers/video/fbdev/core/fbcon.c: fbcon_startup() takes the first framebuffer,
 *    fbcon_select_primary() that of the card that the computer booted with, which distributions
 *    have switched on (CONFIG_FRAMEBUFFER_CONSOLE_DETECT_PRIMARY)
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

static GStrv
find_framebuffer_consoles (BatonRoot *root)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autoptr (GPtrArray) consoles =
      baton_root_list (root, BATON_ROOT_SYS, "class/vtconsole", NULL);

  for (guint i = 0; consoles != NULL && i < consoles->len; i++)
    {
      const char *console = consoles->pdata[i];
      g_autofree char *name_path = g_strdup_printf ("class/vtconsole/%s/name", console);
      g_autofree char *bind_path = g_strdup_printf ("class/vtconsole/%s/bind", console);
      g_autofree char *name = baton_root_read_line (root, BATON_ROOT_SYS, name_path, NULL);

      if (name != NULL && strstr (name, "frame buffer device") != NULL)
        g_strv_builder_add (paths, bind_path);
    }

  return g_strv_builder_end (paths);
}

/* A console that does not answer is at work on its framebuffer (BIND), and so bound to it. */
static gboolean
is_console_on_framebuffer (BatonRoot *root)
{
  g_auto (GStrv) paths = find_framebuffer_consoles (root);
  g_autoptr (GPtrArray) heads = baton_root_read_warily (
      root, BATON_ROOT_SYS, (const char *const *) paths, BATON_ROOT_PATIENCE_MS);

  for (guint i = 0; i < heads->len; i++)
    {
      GBytes *bind = g_ptr_array_index (heads, i);
      gsize length = 0;
      const char *text = bind != NULL ? g_bytes_get_data (bind, &length) : NULL;

      if (bind == NULL || (length > 0 && *text == '1'))
        return TRUE;
    }

  return FALSE;
}

/* Returns: (nullable): the name of a framebuffer's node, as it is in class/graphics */
static const char *
get_framebuffer (const BatonNode *node)
{
  const char *slash = strrchr (node->path, '/');

  return node->kind == BATON_NODE_FRAMEBUFFER && slash != NULL ? slash + 1 : NULL;
}

static char *
find_first_framebuffer (BatonRoot *root)
{
  g_autoptr (GPtrArray) names = NULL;
  guint64 lowest = G_MAXUINT64;

  names = baton_root_list (root, BATON_ROOT_SYS, "class/graphics", NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      guint64 number;

      if (g_str_has_prefix (name, "fb") &&
          g_ascii_string_to_unsigned (name + 2, 10, 0, G_MAXINT, &number, NULL))
        lowest = MIN (lowest, number);
    }

  return lowest != G_MAXUINT64 ? g_strdup_printf ("fb%" G_GUINT64_FORMAT, lowest) : NULL;
}

/* The boot display's, whenever that came, else the one that came first (FBCON); which one was chosen
 * by hand (fbcon=map, con2fbmap) the kernel tells nobody but by an ioctl on the node. */
static char *
find_console_framebuffer (BatonRoot *root, const BatonMachine *machine)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];

      for (guint k = 0; card->display->boot_vga && k < card->nodes->len; k++)
        if (get_framebuffer (card->nodes->pdata[k]) != NULL)
          return g_strdup (get_framebuffer (card->nodes->pdata[k]));
    }

  return find_first_framebuffer (root);
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
  g_autofree char *console = find_console_framebuffer (root, machine);

  for (guint i = 0; console != NULL && i < card->nodes->len; i++)
    {
      const BatonNode *node = card->nodes->pdata[i];

      if (g_strcmp0 (get_framebuffer (node), console) == 0 && is_console_on_framebuffer (root))
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
