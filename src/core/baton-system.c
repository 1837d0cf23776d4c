/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system.h"

#include <string.h>

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

static char *
find_word (const char *command_line, const char *key)
{
  g_auto (GStrv) words = g_strsplit_set (command_line, " \t\n", -1);
  char *value = NULL;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (g_str_has_prefix (words[i], key) && words[i][strlen (key)] == '=')
        {
          g_free (value);
          value = g_strdup (words[i] + strlen (key) + 1);
        }
    }

  return value;
}

static BatonVfio
read_vfio (BatonRoot *root, const char *release)
{
  g_autofree char *directory = g_build_filename ("modules", release, NULL);

  if (baton_root_exists (root, BATON_ROOT_SYS, "bus/pci/drivers/vfio-pci"))
    return BATON_VFIO_READY;
  if (release == NULL || !baton_root_exists (root, BATON_ROOT_LIB, directory))
    return BATON_VFIO_OTHER_KERNEL;

  return BATON_VFIO_LOADABLE;
}

static GStrv
read_loaded_modules (BatonRoot *root)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, "module", NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_strv_builder_add (builder, names->pdata[i]);

  return g_strv_builder_end (builder);
}

/**
 * baton_system_new:
 * @root: where to look
 * @error: return location for an error
 *
 * Reads what else of the system a plan depends on. What is missing is unknown.
 *
 * Returns: (transfer full): the system
 */
BatonSystem *
baton_system_new (BatonRoot *root, GError **error)
{
  BatonSystem *self = g_new0 (BatonSystem, 1);

  self->claims = g_ptr_array_new_with_free_func ((GDestroyNotify) free_claim);
  self->blacklists = g_ptr_array_new_with_free_func ((GDestroyNotify) free_blacklist);
  self->modules_without_remove = g_new0 (char *, 1);
  self->kernel_release =
      baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/osrelease", NULL);
  self->command_line = baton_root_read_line (root, BATON_ROOT_PROC, "cmdline", NULL);
  if (self->command_line == NULL)
    self->command_line = g_strdup ("");
  self->cpu_vendor = read_cpu_vendor (root);
  self->acs_override = find_word (self->command_line, "pcie_acs_override");
  self->pid1 = baton_root_read_line (root, BATON_ROOT_PROC, "1/comm", NULL);
  self->memory_bytes = read_memory (root);
  self->vfio = read_vfio (root, self->kernel_release);
  self->modules_loaded = read_loaded_modules (root);

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
  g_free (self->framebuffer_function);
  g_free (self->handoff);
  g_strfreev (self->modules_without_remove);
  g_strfreev (self->modules_loaded);
  g_free (self);
}
