/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <stdio.h>
#include <string.h>

/* References used below:
 *  NV-PROC - open-gpu-kernel-modules kernel-open/nvidia/nv-procfs.c,
 *    nv_procfs_read_gpu_info(): "Device Minor", after rm_ref_dynamic_power(), which takes
 *    the card out of runtime suspend
 *  NV-MINOR - kernel-open/nvidia/nv.c: a card gets the lowest minor number that is free
 */

#define MAX_INFORMATION_BYTES 16384

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
read_minor (BatonLook *self, const BatonFunction *function, guint *ret_minor)
{
  g_autofree char *path =
      g_strconcat ("driver/nvidia/gpus/", function->address, "/information", NULL);
  g_autofree char *text = NULL;
  const char *line;

  text = baton_root_read_file (self->root, BATON_ROOT_PROC, path, MAX_INFORMATION_BYTES, NULL,
                               NULL);
  line = text != NULL ? strstr (text, "Device Minor:") : NULL;

  return line != NULL && sscanf (line + strlen ("Device Minor:"), "%u", ret_minor) == 1;
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
      else if (read_minor (self, function, &minor) && minor < G_MAXUINT)
        {
          g_hash_table_insert (self->nvidia_minors, function->address,
                               GUINT_TO_POINTER (minor + 1));
        }
    }

  if (n_sleepers != 1)
    return;
  for (minor = 0; is_taken (self, minor); minor++)
    continue;
  g_hash_table_insert (self->nvidia_minors, sleeper->address, GUINT_TO_POINTER (minor + 1));
}
