/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system.h"

#include <string.h>

#include "baton-system-private.h"
#include "baton-text-consoles.h"

#define MAX_CPUINFO_BYTES (16 * 1024 * 1024)
#define MAX_MEMINFO_BYTES 65536

static void
free_claim (BatonClaim *self)
{
  g_free (self->address);
  g_free (self->value);
  g_free (self->file);
  g_free (self);
}

static void
free_blacklist (BatonBlacklist *self)
{
  g_free (self->module);
  g_free (self->file);
  g_free (self);
}

static char *
dup_valid (const char *text)
{
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

/* Adds one claim; the texts come from files and become valid UTF-8. */
void
baton_system_add_claim (BatonSystem *self,
                        BatonClaimKind kind,
                        const char *address,
                        const char *value,
                        const char *file,
                        guint line)
{
  BatonClaim *claim;

  if (self->claims->len >= BATON_MAX_CLAIMS)
    return;

  claim = g_new0 (BatonClaim, 1);
  claim->kind = kind;
  claim->address = g_strdup (address);
  claim->value = dup_valid (value);
  claim->file = dup_valid (file);
  claim->line = line;
  g_ptr_array_add (self->claims, claim);
}

void
baton_system_add_blacklist (BatonSystem *self, const char *module, const char *file, guint line)
{
  BatonBlacklist *blacklist;

  if (*module == '\0' || self->blacklists->len >= BATON_MAX_CLAIMS)
    return;

  blacklist = g_new0 (BatonBlacklist, 1);
  blacklist->module = dup_valid (module);
  blacklist->file = dup_valid (file);
  blacklist->line = line;
  g_ptr_array_add (self->blacklists, blacklist);
}

static char *
read_cpu_vendor (BatonRoot *root)
{
  g_autofree char *text = NULL;
  const char *line, *value;

  text = baton_root_read_file (root, BATON_ROOT_PROC, "cpuinfo", MAX_CPUINFO_BYTES, NULL, NULL);
  line = text != NULL ? strstr (text, "vendor_id") : NULL;
  if (line == NULL)
    return NULL;

  value = line + strcspn (line, ":\n");
  if (*value != ':')
    return NULL;
  value += 1 + strspn (value + 1, " \t");

  return g_strndup (value, strcspn (value, " \t\n"));
}

static guint64
read_memory (BatonRoot *root)
{
  g_autofree char *text = NULL;
  const char *line;

  text = baton_root_read_file (root, BATON_ROOT_PROC, "meminfo", MAX_MEMINFO_BYTES, NULL, NULL);
  line = text != NULL ? strstr (text, "MemTotal:") : NULL;

  return line != NULL ? g_ascii_strtoull (line + strlen ("MemTotal:"), NULL, 10) * 1024 : 0;
}

/**
 * baton_system_new_to_show:
 * @root: where to look
 *
 * Reads what a card and its IOMMU are described with: the processor, the kernel's command line and
 * the firmware's framebuffer. All else is as if there were none of it.
 *
 * Returns: (transfer full): the system
 */
BatonSystem *
baton_system_new_to_show (BatonRoot *root)
{
  BatonSystem *self;

  g_return_val_if_fail (root != NULL, NULL);

  self = g_new0 (BatonSystem, 1);
  self->claims = g_ptr_array_new_with_free_func ((GDestroyNotify) free_claim);
  self->blacklists = g_ptr_array_new_with_free_func ((GDestroyNotify) free_blacklist);

  self->command_line = baton_root_read_line (root, BATON_ROOT_PROC, "cmdline", NULL);
  if (self->command_line == NULL)
    self->command_line = g_strdup ("");
  self->cpu_vendor = read_cpu_vendor (root);
  baton_system_read_framebuffer (self, root);

  return self;
}

/**
 * baton_system_new:
 * @root: where to look
 * @error: return location for an error
 *
 * Reads what else of the system a plan depends on. What is missing, or what this user may
 * not read, is unknown rather than an error.
 *
 * Returns: (transfer full): the system
 */
BatonSystem *
baton_system_new (BatonRoot *root, GError **error)
{
  BatonSystem *self;

  g_return_val_if_fail (root != NULL, NULL);

  self = baton_system_new_to_show (root);

  self->kernel_release =
      baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/osrelease", NULL);
  self->pid1 = baton_root_read_line (root, BATON_ROOT_PROC, "1/comm", NULL);
  self->memory_bytes = read_memory (root);

  baton_system_read_command_line (self);
  baton_system_read_modprobe (self, root);
  baton_system_read_driverctl (self, root);
  baton_system_read_hooks (self, root);
  baton_system_read_programs (self, root);
  baton_system_read_modules (self, root);
  baton_system_read_handoff (self, root);
  self->consoles_let_go = baton_text_consoles_can_let_go (root);
  self->desktop = baton_desktop_new (root);
  self->nvidia = baton_nvidia_new (root);

  return self;
}

/**
 * baton_system_free:
 * @self: (nullable): a system
 *
 * Frees @self.
 */
void
baton_system_free (BatonSystem *self)
{
  if (self == NULL)
    return;

  g_free (self->kernel_release);
  g_free (self->command_line);
  g_free (self->cpu_vendor);
  g_free (self->acs_override);
  g_free (self->pid1);
  g_clear_pointer (&self->claims, g_ptr_array_unref);
  g_clear_pointer (&self->blacklists, g_ptr_array_unref);
  g_free (self->framebuffer);
  g_free (self->framebuffer_driver);
  g_free (self->framebuffer_function);
  g_free (self->handoff);
  g_strfreev (self->modules_without_remove);
  g_strfreev (self->modules_loaded);
  g_strfreev (self->modules_replaced);
  g_strfreev (self->modules_untold);
  baton_desktop_free (self->desktop);
  baton_nvidia_free (self->nvidia);
  g_free (self);
}
