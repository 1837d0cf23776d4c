/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-boot-tool.h"

#include <string.h>

/* References used below:
 *  INITRAMFS-TOOLS - mkinitramfs(8), lsinitramfs(8); update-initramfs(8) makes
 *    /boot/initrd.img-VERSION and then runs what is in /etc/initramfs/post-update.d
 *  DRACUT - dracut(8): /boot/initramfs-VERSION.img where nothing else is asked for, Debian's packages
 *    ask for initrd.img-VERSION; lsinitrd(1) lists as ls(1) does
 *  MKINITCPIO - mkinitcpio(8): -k takes a kernel's file; its presets name initramfs-NAME.img for
 *    vmlinuz-NAME; lsinitcpio(1)
 */

/* In the place of what is known of one image only. */
#define OUTPUT "OUTPUT"
#define KERNEL "KERNEL"
#define KERNEL_FILE "KERNEL-FILE"

struct _BatonBootTool
{
  const char *name;
  const char *program; /* both below /usr */
  const char *lister;
  const char *prefix; /* of an image's name, before its kernel's */
  const char *suffix;
  gboolean by_kernel_file; /* the kernel's name is that of vmlinuz-NAME */
  const char *arguments[6];
};

static const BatonBootTool tools[] = {
  { "initramfs-tools",
    "sbin/mkinitramfs",
    "bin/lsinitramfs",
    "initrd.img-",
    "",
    FALSE,
    { "-o", OUTPUT, KERNEL } },
  { "mkinitcpio",
    "bin/mkinitcpio",
    "bin/lsinitcpio",
    "initramfs-",
    ".img",
    TRUE,
    { "-k", KERNEL_FILE, "-g", OUTPUT } },
  { "dracut",
    "bin/dracut",
    "bin/lsinitrd",
    "initramfs-",
    ".img",
    FALSE,
    { "--force", OUTPUT, KERNEL } },
  { "dracut",
    "bin/dracut",
    "bin/lsinitrd",
    "initrd.img-",
    "",
    FALSE,
    { "--force", OUTPUT, KERNEL } },
};

/**
 * baton_boot_tool_get:
 * @n: which, from 0 on
 *
 * Returns: (transfer none) (nullable): it; %NULL where there are no more
 */
const BatonBootTool *
baton_boot_tool_get (guint n)
{
  return n < G_N_ELEMENTS (tools) ? &tools[n] : NULL;
}

/**
 * baton_boot_tool_get_name:
 * @self: a tool
 *
 * Returns: (transfer none): what people call it
 */
const char *
baton_boot_tool_get_name (const BatonBootTool *self)
{
  return self->name;
}

/**
 * baton_boot_tool_is_installed:
 * @self: a tool
 * @root: the roots
 *
 * Returns: whether this system has it
 */
gboolean
baton_boot_tool_is_installed (const BatonBootTool *self, BatonRoot *root)
{
  return baton_root_exists (root, BATON_ROOT_USR, self->program);
}

/**
 * baton_boot_tool_goes_by_file:
 * @self: a tool
 *
 * Returns: whether it takes a kernel's file and calls the image like that (MKINITCPIO), and not like the
 *   kernel's release
 */
gboolean
baton_boot_tool_goes_by_file (const BatonBootTool *self)
{
  return self->by_kernel_file;
}

/* It becomes part of a file's name and of a program's arguments. */
static gboolean
is_kernel_name (const char *text)
{
  return *text != '\0' && *text != '-' && *text != '.' &&
         strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._+~-") == strlen (text);
}

static gboolean
has_kernel (const BatonBootTool *self, BatonRoot *root, const char *kernel)
{
  g_autofree char *modules = g_build_filename ("modules", kernel, NULL);
  g_autofree char *file = g_strconcat ("vmlinuz-", kernel, NULL);

  return self->by_kernel_file ? baton_root_exists (root, BATON_ROOT_BOOT, file)
                              : baton_root_exists (root, BATON_ROOT_LIB, modules);
}

/**
 * baton_boot_tool_dup_kernel:
 * @self: a tool
 * @root: the roots
 * @image: name of a file in `/boot`
 *
 * Returns: (transfer full) (nullable): the kernel that it is the image of; %NULL where its name is not one
 *   that @self gives, or the kernel is not there
 */
char *
baton_boot_tool_dup_kernel (const BatonBootTool *self, BatonRoot *root, const char *image)
{
  gsize around = strlen (self->prefix) + strlen (self->suffix);
  g_autofree char *kernel = NULL;

  if (!g_str_has_prefix (image, self->prefix) || !g_str_has_suffix (image, self->suffix) ||
      strlen (image) <= around)
    return NULL;
  kernel = g_strndup (image + strlen (self->prefix), strlen (image) - around);

  return is_kernel_name (kernel) && has_kernel (self, root, kernel) ? g_steal_pointer (&kernel)
                                                                    : NULL;
}

/**
 * baton_boot_tool_build_command:
 * @self: a tool
 * @root: the roots
 * @kernel: a kernel
 * @output: path of the image that is to be made
 *
 * Returns: (transfer full) (element-type utf8): program and arguments, and a %NULL behind them
 */
GPtrArray *
baton_boot_tool_build_command (const BatonBootTool *self,
                               BatonRoot *root,
                               const char *kernel,
                               const char *output)
{
  g_autofree char *file_name = g_strconcat ("vmlinuz-", kernel, NULL);
  g_autofree char *kernel_file = baton_root_build_path (root, BATON_ROOT_BOOT, file_name);
  GPtrArray *command = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (command, baton_root_build_path (root, BATON_ROOT_USR, self->program));
  for (guint i = 0; self->arguments[i] != NULL; i++)
    {
      const char *argument = self->arguments[i];

      g_ptr_array_add (command, g_strdup (strcmp (argument, OUTPUT) == 0        ? output
                                          : strcmp (argument, KERNEL) == 0      ? kernel
                                          : strcmp (argument, KERNEL_FILE) == 0 ? kernel_file
                                                                                : argument));
    }
  g_ptr_array_add (command, NULL);

  return command;
}

/**
 * baton_boot_tool_build_lister:
 * @self: a tool
 * @root: the roots
 *
 * Returns: (transfer full): path of the program that lists what is in an image of its
 */
char *
baton_boot_tool_build_lister (const BatonBootTool *self, BatonRoot *root)
{
  return baton_root_build_path (root, BATON_ROOT_USR, self->lister);
}
