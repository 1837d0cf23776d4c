/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record-tree.h"

/* Processes whose numbers nobody else of a record has (baton-record-system.c counts from 1000). */
#define FIRST_PID 900

static void
write_line (BatonRecordTree *tree, BatonRootPart part, const char *path, const char *value)
{
  g_autofree char *full = baton_record_tree_build_path (part, path);
  g_autofree char *line = g_strconcat (value != NULL ? value : "", "\n", NULL);

  if (value != NULL)
    baton_record_tree_write (tree, full, line);
}

static void
write_in_module (BatonRecordTree *tree,
                 const char *module,
                 const char *below,
                 const char *value)
{
  g_autofree char *path = g_build_filename ("module", module, below, NULL);

  write_line (tree, BATON_ROOT_SYS, path, value);
}

static void
write_module (BatonRecordTree *tree, const BatonNvidiaModule *module)
{
  g_autofree char *refcount = g_strdup_printf ("%d", module->refcount);

  write_in_module (tree, module->name, "refcnt", module->refcount >= 0 ? refcount : NULL);
  for (guint i = 0; module->users[i] != NULL; i++)
    {
      g_autofree char *holder = g_build_filename ("holders", module->users[i], NULL);

      write_in_module (tree, module->name, holder, "");
    }
}

static void
write_unit (BatonRecordTree *tree, const BatonNvidia *nvidia, const char *unit, guint pid)
{
  g_autofree char *file = g_build_filename ("systemd/system", unit, NULL);
  g_autofree char *comm = g_strdup_printf ("%u/comm", pid);
  g_autofree char *cgroup = g_strdup_printf ("%u/cgroup", pid);
  g_autofree char *path = g_strconcat ("0::/system.slice/", unit, NULL);
  g_autofree char *program = g_strndup (unit, MIN (strcspn (unit, "."), 15));

  write_line (tree, BATON_ROOT_ETC, file, "");
  if (!g_strv_contains ((const char *const *) nvidia->units, unit))
    return;
  write_line (tree, BATON_ROOT_PROC, comm, program);
  write_line (tree, BATON_ROOT_PROC, cgroup, path);
}

/* Writes what a plan depends on where NVIDIA's own driver is there. */
void
baton_record_write_nvidia (BatonRecordTree *tree, const BatonNvidia *nvidia)
{
  for (guint i = 0; i < nvidia->modules->len; i++)
    write_module (tree, g_ptr_array_index (nvidia->modules, i));
  write_in_module (tree, BATON_NVIDIA_DRIVER, "version", nvidia->version);
  write_in_module (tree, "nvidia_drm", "parameters/modeset", nvidia->modeset);
  write_in_module (tree, "nvidia_drm", "parameters/fbdev", nvidia->fbdev);
  for (guint i = 0; nvidia->installed_units[i] != NULL; i++)
    write_unit (tree, nvidia, nvidia->installed_units[i], FIRST_PID + i);
}
