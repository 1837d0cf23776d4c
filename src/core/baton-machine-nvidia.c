/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <stdio.h>
#include <string.h>

#include "baton-root-warily.h"

/* References used below:
 *  NV-PROC - open-gpu-kernel-modules kernel-open/nvidia/nv-procfs.c,
 *    nv_procfs_read_gpu_info(): "Device Minor", after rm_ref_dynamic_power(), which takes
 *    the card out of runtime suspend; what it asks for before (rm_get_gpu_uuid()) takes the locks
 *    of NVIDIA's resource manager, which a card that hangs may keep
 *  NV-MINOR - kernel-open/nvidia/nv.c: a card gets the lowest minor number that is free
 */

static gboolean
is_nvidia (const BatonFunction *function)
{
  return g_strcmp0 (function->driver, "nvidia") == 0;
}

static gboolean
is_asleep (const BatonFunction *function)
{
  return g_strcmp0 (function->runtime_status, "suspended") == 0 ||
         g_strcmp0 (function->runtime_status, "suspending") == 0 ||
         g_strcmp0 (function->runtime_status, "resuming") == 0;
}

static gboolean
parse_minor (GBytes *information, guint *ret_minor)
{
  g_autofree char *text = NULL;
  const char *line;

  if (information == NULL || g_bytes_get_size (information) == 0)
    return FALSE;
  text = g_strndup (g_bytes_get_data (information, NULL), g_bytes_get_size (information));
  line = strstr (text, "Device Minor:");

  return line != NULL && sscanf (line + strlen ("Device Minor:"), "%u", ret_minor) == 1 &&
         *ret_minor < G_MAXUINT;
}

/* Returns whether all of them told. */
static gboolean
read_minors (BatonLook *self, GPtrArray *functions)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) heads = NULL;
  g_auto (GStrv) paths = NULL;
  gboolean all = TRUE;

  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (functions, i);
      g_autofree char *path =
          g_strconcat ("driver/nvidia/gpus/", function->address, "/information", NULL);

      g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);

  heads = baton_root_read_warily (self->root, BATON_ROOT_PROC, (const char *const *) paths,
                                  BATON_ROOT_PATIENCE_MS);
  for (guint i = 0; i < heads->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (functions, i);
      guint minor;

      if (parse_minor (g_ptr_array_index (heads, i), &minor))
        g_hash_table_insert (self->nvidia_minors, function->address,
                             GUINT_TO_POINTER (minor + 1));
      else
        all = FALSE;
    }

  return all;
}

static gboolean
is_taken (BatonLook *self, guint minor)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->nvidia_minors);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      if (GPOINTER_TO_UINT (value) == minor + 1)
        return TRUE;
    }

  return FALSE;
}

/* Finds out which /dev/nvidiaN is whose. To ask a sleeping card would wake it (NV-PROC);
 * where just one sleeps, it has the number that the others leave free (NV-MINOR), and
 * where several do, nobody knows. Module use counts tell of their users all the same. */
void
baton_look_read_nvidia (BatonLook *self, BatonMachine *machine)
{
  g_autoptr (GPtrArray) awake = g_ptr_array_new ();
  BatonFunction *sleeper = NULL;
  guint n_sleepers = 0;
  guint minor = 0;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);

      if (!is_nvidia (function))
        continue;
      if (is_asleep (function))
        {
          sleeper = function;
          n_sleepers++;
        }
      else
        g_ptr_array_add (awake, function);
    }

  if (!read_minors (self, awake) || n_sleepers != 1)
    return;
  for (minor = 0; is_taken (self, minor); minor++)
    continue;
  g_hash_table_insert (self->nvidia_minors, sleeper->address, GUINT_TO_POINTER (minor + 1));
}
