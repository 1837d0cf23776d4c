/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-kept-off.h"
#include "baton-record-tree.h"

/* The words of a command line that say something about devices. The rest has the names of
 * disks, hosts and people in it. */
static const char *const told_words[] = {
  "iommu",
  "intel_iommu",
  "amd_iommu",
  "vfio-pci.",
  "vfio_pci.",
  "pci-stub.",
  "pcie_acs_override",
  "rd.driver.pre",
  "module_blacklist",
  "pci=",
  "modprobe.blacklist",
  "nomodeset",
  "video=",
  "i915.",
  "amdgpu.",
  "radeon.",
  "nouveau.",
  "nvidia",
  "pcie_aspm",
  "vga=",
};

static void
write_part (BatonRecordTree *tree, BatonRootPart part, const char *path, const char *text)
{
  g_autofree char *full = baton_record_tree_build_path (part, path);

  baton_record_tree_write (tree, full, text);
}

static void
write_line (BatonRecordTree *tree, BatonRootPart part, const char *path, const char *value)
{
  g_autofree char *line = g_strconcat (value != NULL ? value : "", "\n", NULL);

  if (value != NULL)
    write_part (tree, part, path, line);
}

static void
write_command_line (BatonRecordTree *tree, const BatonSystem *system)
{
  g_auto (GStrv) words = g_strsplit_set (system->command_line, " \t\n", -1);
  g_autoptr (GString) told = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (told_words); j++)
        {
          if (g_str_has_prefix (words[i], told_words[j]))
            {
              g_string_append_printf (told, "%s%s", told->len > 0 ? " " : "", words[i]);
              break;
            }
        }
    }

  write_line (tree, BATON_ROOT_PROC, "cmdline", told->str);
}

/* lines: path below the top -> (element-type utf8), a place for each line up to the last */
static void
add_line (GHashTable *files, const char *path, guint line, const char *text)
{
  GPtrArray *lines = g_hash_table_lookup (files, path);
  char **place;

  if (lines == NULL)
    {
      lines = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (files, g_strdup (path), lines);
    }

  while (lines->len < MAX (line, 1))
    g_ptr_array_add (lines, NULL);
  place = (char **) &g_ptr_array_index (lines, MAX (line, 1) - 1);
  if (*place != NULL)
    {
      g_autofree char *before = *place;

      *place = g_strconcat (before, " ", text, NULL);
    }
  else
    {
      *place = g_strdup (text);
    }
}

/* The directory that a hook is in is named for a virtual machine, and its file by its
 * owner. */
static char *
hide_names (const char *path)
{
  const char *directory = strstr (path, ".d/");

  if (directory == NULL)
    return g_strdup (path);

  return g_strdup_printf ("%.*s.d/guest/%u", (int) (directory - path), path,
                          g_str_hash (directory) % 10000);
}

static void
write_files (BatonRecordTree *tree, GHashTable *files)
{
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      GPtrArray *lines = value;
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint i = 0; i < lines->len; i++)
        {
          const char *line = g_ptr_array_index (lines, i);

          g_string_append_printf (text, "%s\n", line != NULL ? line : "");
        }
      baton_record_tree_write (tree, path, text->str);
    }
}

static char *
describe_claim (const BatonClaim *claim)
{
  const char *module = claim->kind == BATON_CLAIM_VFIO_IDS ? "vfio-pci" : "pci-stub";
  gboolean is_modprobe = claim->file != NULL && g_str_has_suffix (claim->file, ".conf");

  switch (claim->kind)
    {
    case BATON_CLAIM_VFIO_IDS:
    case BATON_CLAIM_PCI_STUB_IDS:
      return g_strdup_printf ("%s%s ids=%s", is_modprobe ? "options " : "", module,
                              claim->value);
    case BATON_CLAIM_DRIVERCTL:
      return g_strdup (claim->value);
    case BATON_CLAIM_HOOK:
      return g_strdup (claim->address);
    case BATON_CLAIM_DRIVER_PRE:
    case BATON_CLAIM_SUPERGFXD:
    case BATON_CLAIM_CARDWIRED:
    default:
      return NULL;
    }
}

static void
write_claims (BatonRecordTree *tree, const BatonSystem *system)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                        (GDestroyNotify) g_ptr_array_unref);
  g_autofree char *command_line = baton_root_dup_shown_path (BATON_ROOT_PROC, "cmdline");

  for (guint i = 0; i < system->claims->len; i++)
    {
      const BatonClaim *claim = g_ptr_array_index (system->claims, i);
      g_autofree char *text = describe_claim (claim);
      g_autofree char *path = NULL;

      if (claim->file == NULL)
        {
          g_autofree char *comm = g_strdup_printf ("%u/comm", 1000 + i);

          write_line (tree, BATON_ROOT_PROC, comm, claim->value);
        }
      else if (text != NULL && strcmp (claim->file, command_line) != 0)
        {
          path = claim->kind == BATON_CLAIM_HOOK ? hide_names (claim->file + 1)
                                                 : g_strdup (claim->file + 1);
          add_line (files, path, claim->line, text);
        }
    }

  for (guint i = 0; i < system->blacklists->len; i++)
    {
      const BatonBlacklist *blacklist = g_ptr_array_index (system->blacklists, i);
      g_autofree char *text = g_strconcat ("blacklist ", blacklist->module, NULL);

      if (strcmp (blacklist->file, command_line) != 0)
        add_line (files, blacklist->file + 1, blacklist->line, text);
    }

  write_files (tree, files);
}

static void
write_iommu (BatonRecordTree *tree, const BatonMachine *machine)
{
  const char *cpu = machine->system->cpu_vendor;
  const char *table = g_strcmp0 (cpu, "AuthenticAMD") == 0 ? "IVRS" : "DMAR";
  const char *unit = g_strcmp0 (machine->iommu_kind, "intel") == 0 ? "dmar0"
                     : g_strcmp0 (machine->iommu_kind, "amd") == 0 ? "ivhd0"
                                                                   : "iommu0";
  g_autofree char *path = g_build_filename ("firmware/acpi/tables", table, NULL);
  g_autofree char *below = g_build_filename ("devices/virtual/iommu", unit, NULL);
  g_autofree char *device = baton_record_tree_build_path (BATON_ROOT_SYS, below);
  g_autofree char *class_entry = g_build_filename ("class/iommu", unit, NULL);
  g_autofree char *link = baton_record_tree_build_path (BATON_ROOT_SYS, class_entry);

  if (machine->iommu_enabled)
    {
      g_autofree char *uevent = g_build_filename (device, "uevent", NULL);

      baton_record_tree_write (tree, uevent, "");
      baton_record_tree_link (tree, link, device);
    }

  if (g_strcmp0 (machine->iommu_reason, "no-table") == 0)
    write_part (tree, BATON_ROOT_SYS, "firmware/acpi/tables/FACP", "");
  else if (g_strcmp0 (machine->iommu_reason, "unknown") != 0)
    write_part (tree, BATON_ROOT_SYS, path, "");
}

static void
write_modules (BatonRecordTree *tree, const BatonSystem *system)
{
  g_autofree char *index = g_build_filename (
      "modules", system->vfio == BATON_VFIO_OTHER_KERNEL ? "another" : system->kernel_release,
      "modules.dep", NULL);

  if (system->vfio == BATON_VFIO_READY)
    write_part (tree, BATON_ROOT_SYS, "bus/pci/drivers/vfio-pci/bind", "");
  if (system->kernel_release != NULL)
    write_part (tree, BATON_ROOT_LIB, index,
                system->vfio == BATON_VFIO_LOADABLE ? "kernel/drivers/vfio/pci/vfio-pci.ko:\n"
                                                    : "");

  for (guint i = 0; system->modules_loaded[i] != NULL; i++)
    {
      g_autofree char *uevent =
          g_build_filename ("module", system->modules_loaded[i], "uevent", NULL);

      write_part (tree, BATON_ROOT_SYS, uevent, "");
    }

  for (guint i = 0; system->modules_without_remove[i] != NULL; i++)
    {
      const char *driver = system->modules_without_remove[i];
      g_autofree char *symbols = g_strdup_printf ("0 t %s_pci_probe\t[%s]\n", driver, driver);

      write_part (tree, BATON_ROOT_PROC, "kallsyms", symbols);
    }
}

static void
write_framebuffer (BatonRecordTree *tree, BatonMachine *machine)
{
  const BatonSystem *system = machine->system;
  g_autofree char *memory = NULL;

  if (system->framebuffer == NULL)
    return;

  if (g_str_has_suffix (system->framebuffer, ".0"))
    {
      g_autofree char *below = g_build_filename ("devices/platform", system->framebuffer, NULL);
      g_autofree char *device = baton_record_tree_build_path (BATON_ROOT_SYS, below);
      g_autofree char *uevent = g_build_filename (device, "uevent", NULL);
      g_autofree char *entry =
          g_build_filename ("bus/platform/devices", system->framebuffer, NULL);
      g_autofree char *link = baton_record_tree_build_path (BATON_ROOT_SYS, entry);

      baton_record_tree_write (tree, uevent, "");
      baton_record_tree_link (tree, link, device);
      if (system->framebuffer_driver != NULL)
        {
          g_autofree char *driver =
              g_build_filename ("bus/platform/drivers", system->framebuffer_driver, NULL);
          g_autofree char *directory = baton_record_tree_build_path (BATON_ROOT_SYS, driver);
          g_autofree char *name = g_build_filename (device, "driver", NULL);

          baton_record_tree_link (tree, name, directory);
        }
    }
  if (system->framebuffer_function == NULL)
    return;

  memory = g_strdup_printf (
      "00000000-00000000 : %s\n  00000000-00000000 : %s\n", system->framebuffer_function,
      g_str_has_suffix (system->framebuffer, ".0") ? "efifb" : system->framebuffer);
  write_part (tree, BATON_ROOT_PROC, "iomem", memory);
}

static void
write_kept_off (BatonRecordTree *tree, const BatonMachine *machine)
{
  g_autoptr (GPtrArray) cards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
  g_autofree char *rules = NULL;

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (card->kept_off)
        g_ptr_array_add (cards, baton_kept_off_new_for_card (card));
    }
  rules = baton_kept_off_build_rules (cards);
  if (cards->len > 0)
    write_part (tree, BATON_ROOT_ETC, BATON_KEPT_OFF_RULES, rules);
}

static void
write_boot_claims (BatonRecordTree *tree, GPtrArray *claims)
{
  g_autofree char *text = claims->len > 0 ? baton_boot_claims_build (claims) : NULL;
  g_autoptr (GString) report = g_string_new (NULL);

  for (guint i = 0; i < claims->len; i++)
    {
      const BatonBootClaim *claim = g_ptr_array_index (claims, i);

      if (claim->outcome != NULL)
        g_string_append_printf (report, "%s %s\n", claim->address, claim->outcome);
    }
  if (text != NULL)
    write_part (tree, BATON_ROOT_ETC, BATON_BOOT_CLAIMS, text);
  if (report->len > 0)
    write_part (tree, BATON_ROOT_RUN, BATON_BOOT_CLAIM_REPORT, report->str);
}

/* Writes what a plan depends on besides the devices. */
void
baton_record_write_system (BatonRecordTree *tree, const BatonMachine *machine)
{
  const BatonSystem *system = machine->system;
  g_autofree char *memory =
      g_strdup_printf ("MemTotal: %" G_GUINT64_FORMAT " kB", system->memory_bytes / 1024);
  g_autofree char *cpu = system->cpu_vendor != NULL
                             ? g_strconcat ("vendor_id\t: ", system->cpu_vendor, NULL)
                             : NULL;

  write_line (tree, BATON_ROOT_PROC, "sys/kernel/osrelease", system->kernel_release);
  write_line (tree, BATON_ROOT_PROC, "1/comm", system->pid1);
  write_line (tree, BATON_ROOT_PROC, "meminfo", memory);
  write_line (tree, BATON_ROOT_PROC, "cpuinfo", cpu);
  write_command_line (tree, system);
  write_claims (tree, system);
  write_iommu (tree, machine);
  write_modules (tree, system);
  write_kept_off (tree, machine);
  write_boot_claims (tree, machine->boot_claims);
  baton_record_write_nvidia (tree, system->nvidia);
  write_framebuffer (tree, (BatonMachine *) machine);
}
