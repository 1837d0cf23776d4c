/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>

/* References used below:
 *  PARAMETERS - Linux Documentation/admin-guide/kernel-parameters.txt
 *  ACPI - tables DMAR (VT-d specification) and IVRS (AMD I/O Virtualization Technology)
 *  NOIOMMU - Linux drivers/vfio/group.c: group named "vfio-noiommu"
 */

#define TABLES "firmware/acpi/tables"

typedef struct
{
  const char *cpu_vendor;
  const char *kind;
  const char *table;      /* ACPI */
  const char *class_name; /* prefix in class/iommu */
  const char *parameter;  /* PARAMETERS */
} Vendor;

static const Vendor vendors[] = {
  { "GenuineIntel", "intel", "DMAR", "dmar", "intel_iommu" },
  { "AuthenticAMD", "amd", "IVRS", "ivhd", "amd_iommu" },
};

static const Vendor *
find_vendor (const BatonSystem *system)
{
  for (guint i = 0; i < G_N_ELEMENTS (vendors); i++)
    {
      if (g_strcmp0 (system->cpu_vendor, vendors[i].cpu_vendor) == 0)
        return &vendors[i];
    }

  return NULL;
}

static gboolean
has_table (BatonLook *self, const Vendor *vendor)
{
  g_autofree char *path = g_build_filename (TABLES, vendor->table, NULL);

  return baton_root_exists (self->root, BATON_ROOT_SYS, path);
}

/* The table that is there, of the processor's vendor first. The kernel takes any (detect_intel_iommu()
 * in Linux drivers/iommu/intel/dmar.c asks for no vendor): a virtual machine may have one vendor's
 * processor and the other's IOMMU. */
static const Vendor *
find_table (BatonLook *self, const Vendor *vendor)
{
  if (vendor != NULL && has_table (self, vendor))
    return vendor;

  for (guint i = 0; i < G_N_ELEMENTS (vendors); i++)
    {
      if (has_table (self, &vendors[i]))
        return &vendors[i];
    }

  return NULL;
}

static char *
find_kind (BatonLook *self, const Vendor *vendor)
{
  g_autoptr (GPtrArray) names = NULL;

  names = baton_root_list (self->root, BATON_ROOT_SYS, "class/iommu", NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (vendors); j++)
        {
          if (g_str_has_prefix (g_ptr_array_index (names, i), vendors[j].class_name))
            return g_strdup (vendors[j].kind);
        }
    }

  /* A paravirtual or ARM IOMMU has another name in the class; a tree that was recorded
   * without the class leaves the processor to tell. */
  if (names != NULL && names->len > 0)
    return g_strdup ("other");

  return g_strdup (vendor != NULL ? vendor->kind : "other");
}

/* The last word of a kind wins, as in the kernel. `iommu=off` counts for every vendor. */
static char *
find_off_word (const BatonSystem *system, const Vendor *vendor)
{
  g_auto (GStrv) words = g_strsplit_set (system->command_line, " \t\n", -1);
  g_autofree char *own = NULL;
  g_autofree char *general = NULL;

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *value = strchr (words[i], '=');
      gsize length = value != NULL ? (gsize) (value - words[i]) : 0;
      gboolean is_own = FALSE;

      for (guint j = 0; j < G_N_ELEMENTS (vendors); j++)
        {
          if ((vendor == NULL || vendor == &vendors[j]) &&
              length == strlen (vendors[j].parameter) &&
              strncmp (words[i], vendors[j].parameter, length) == 0)
            is_own = TRUE;
        }

      if (is_own)
        {
          g_clear_pointer (&own, g_free);
          if (strcmp (value, "=off") == 0)
            own = g_strdup (words[i]);
        }
      else if (length == strlen ("iommu") && strncmp (words[i], "iommu", length) == 0)
        {
          g_clear_pointer (&general, g_free);
          if (strcmp (value, "=off") == 0)
            general = g_strdup (words[i]);
        }
    }

  return own != NULL ? g_steal_pointer (&own) : g_steal_pointer (&general);
}

/* The firmware's word comes first: without its table no word on the command line helps.
 * The table stays visible when the kernel was told not to use it. */
static void
explain_absence (BatonLook *self, BatonMachine *machine, const Vendor *vendor)
{
  const Vendor *table = find_table (self, vendor);
  g_autofree char *off_word = find_off_word (machine->system, table != NULL ? table : vendor);

  if (table == NULL && vendor != NULL && baton_root_exists (self->root, BATON_ROOT_SYS, TABLES))
    {
      machine->iommu_reason = g_strdup ("no-table");
      machine->iommu_detail = g_strdup (vendor->table);
    }
  else if (off_word != NULL)
    {
      machine->iommu_reason = g_strdup ("command-line");
      machine->iommu_detail = g_steal_pointer (&off_word);
    }
  else if (table != NULL)
    {
      machine->iommu_reason = g_strdup ("not-enabled");
      machine->iommu_detail = g_strdup (table->table);
    }
  else
    {
      machine->iommu_reason = g_strdup ("unknown");
    }
}

/* VFIO's mode without an IOMMU makes groups that isolate nothing: they do not count. */
static void
drop_group_without_iommu (BatonLook *self, BatonFunction *function)
{
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;

  if (function->group == NULL)
    return;

  path = g_strconcat ("kernel/iommu_groups/", function->group, "/name", NULL);
  name = baton_root_read_line (self->root, BATON_ROOT_SYS, path, NULL);
  if (g_strcmp0 (name, "vfio-noiommu") == 0)
    g_clear_pointer (&function->group, g_free);
}

/* Says whether functions are in groups and, where none is, why. */
void
baton_look_read_iommu (BatonLook *self, BatonMachine *machine)
{
  const Vendor *vendor = find_vendor (machine->system);
  gboolean any_group = FALSE;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);

      drop_group_without_iommu (self, function);
      any_group = any_group || function->group != NULL;
    }

  machine->iommu_enabled = any_group;
  if (any_group)
    machine->iommu_kind = find_kind (self, vendor);
  else
    explain_absence (self, machine, vendor);
}
