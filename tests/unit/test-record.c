/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-kept-off.h"
#include "mock-machine.h"

#define SECRET "s3cr3t"

static GString *found;

static void
describe_function (GString *text, const BatonFunction *function)
{
  g_autofree char *identity = baton_function_dup_identity (function);
  g_autofree char *resets =
      function->reset_methods != NULL ? g_strjoinv (",", function->reset_methods) : NULL;
  g_autofree char *modules = g_strjoinv (",", function->modules);

  g_string_append_printf (
      text, "%s %06x %s %s|%s|%s|%s|%s|%s|%s|%d%d%d%d|%s|%s|%s|%s|%s|%s\n", function->address,
      function->class_code, identity, function->name, function->class_name, function->driver,
      function->driver_module, function->override, function->group, function->parent,
      function->is_bridge, function->boot_vga, function->removable, function->is_virtual,
      baton_power_to_string (function->power), function->runtime_status,
      function->power_control, function->d3cold_allowed, resets, modules);
  for (guint i = 0; i < function->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (function->nodes, i);

      g_string_append_printf (text, "  %s %d %u:%u\n", node->path, node->kind, node->major,
                              node->minor);
    }
}

static void
describe_nvidia (GString *text, const BatonNvidia *nvidia)
{
  g_autofree char *units = g_strjoinv (",", nvidia->units);
  g_autofree char *installed = g_strjoinv (",", nvidia->installed_units);

  g_string_append_printf (text, "%s %s %s %s %s\n", nvidia->version, nvidia->modeset,
                          nvidia->fbdev, units, installed);
  for (guint i = 0; i < nvidia->modules->len; i++)
    {
      const BatonNvidiaModule *module = g_ptr_array_index (nvidia->modules, i);
      g_autofree char *users = g_strjoinv (",", module->users);

      g_string_append_printf (text, "%s %d %s\n", module->name, module->refcount, users);
    }
}

static void
describe_system (GString *text, const BatonSystem *system)
{
  g_autofree char *loaded = g_strjoinv (",", system->modules_loaded);
  g_autofree char *stuck = g_strjoinv (",", system->modules_without_remove);

  g_string_append_printf (text, "%s %s %s %d %s %" G_GUINT64_FORMAT " %s %s\n%s %s\n",
                          system->kernel_release, system->cpu_vendor, system->acs_override,
                          system->vfio, system->pid1, system->memory_bytes, system->framebuffer,
                          system->framebuffer_function, loaded, stuck);
  describe_nvidia (text, system->nvidia);
  for (guint i = 0; i < system->claims->len; i++)
    {
      const BatonClaim *claim = g_ptr_array_index (system->claims, i);

      /* A hook's file is renamed on purpose. */
      g_string_append_printf (text, "%d %s %s %s:%u\n", claim->kind, claim->address,
                              claim->value, claim->kind == BATON_CLAIM_HOOK ? "" : claim->file,
                              claim->line);
    }
  for (guint i = 0; i < system->blacklists->len; i++)
    {
      const BatonBlacklist *blacklist = g_ptr_array_index (system->blacklists, i);

      g_string_append_printf (text, "%s %s:%u\n", blacklist->module, blacklist->file,
                              blacklist->line);
    }
}

static char *
describe (BatonMachine *machine)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%d %s %s %s\n", machine->iommu_enabled, machine->iommu_kind,
                          machine->iommu_reason, machine->iommu_detail);
  for (guint i = 0; i < machine->functions->len; i++)
    describe_function (text, g_ptr_array_index (machine->functions, i));
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      g_string_append_printf (text, "card %s %d %d %d %d %u\n", baton_card_get_address (card),
                              card->side, card->boot_display, card->only_display,
                              card->kept_off, card->functions->len);
      for (guint j = 0; j < card->outputs->len; j++)
        {
          const BatonOutput *output = g_ptr_array_index (card->outputs, j);

          g_string_append_printf (text, "  %s %d %s\n", output->name, output->connected,
                                  output->monitor);
        }
    }
  describe_system (text, machine->system);
  for (guint i = 0; i < machine->boot_claims->len; i++)
    {
      const BatonBootClaim *claim = g_ptr_array_index (machine->boot_claims, i);

      g_string_append_printf (text, "%s %s %s\n", claim->address, claim->identity,
                              claim->outcome);
    }

  return g_string_free (text, FALSE);
}

static void
add_everything (MockMachine *mock)
{
  mock_machine_add_bridge (mock, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_move_gpu_to_guest (mock, "0000:02:00.0");
  mock_machine_add_function (mock, "10000:e1:00.0", 0x010802, "1c5c:1959", NULL, "3", "nvme");
  mock_machine_add_function (mock, "0000:03:00.0", 0x030200, "10de:1d10:1043:1", "0000:00:01.0",
                             "4", "nvidia");
  mock_machine_write (mock, "proc/driver/nvidia/gpus/0000:03:00.0/information",
                      "Serial: " SECRET "\nDevice Minor: \t 1\n");
  mock_machine_set_attribute (mock, "0000:03:00.0", "removable", "removable");
  mock_machine_set_attribute (mock, "0000:03:00.0", "power_state", "D3cold");
  mock_machine_set_attribute (mock, "0000:03:00.0", "power/runtime_status", "suspended");
  mock_machine_write (mock, "usr/share/misc/pci.ids",
                      "1002  Vendor [One]\n\t73bf  Card One\n10de  Vendor Two\n"
                      "C 03  Display\n\t00  VGA\n\t02  3D\n");
}

static void
add_nvidia (MockMachine *mock)
{
  mock_machine_write (mock, "sys/module/nvidia/version", "595.45.04\n");
  mock_machine_write (mock, "sys/module/nvidia/refcnt", "3\n");
  mock_machine_write (mock, "sys/module/nvidia/holders/nvidia_modeset", "");
  mock_machine_write (mock, "sys/module/nvidia_modeset/refcnt", "1\n");
  mock_machine_write (mock, "sys/module/nvidia_modeset/holders/nvidia_drm", "");
  mock_machine_write (mock, "sys/module/nvidia_drm/refcnt", "0\n");
  mock_machine_write (mock, "sys/module/nvidia_drm/parameters/modeset", "Y\n");
  mock_machine_write (mock, "usr/lib/systemd/system/nvidia-persistenced.service",
                      "# " SECRET "\n");
  mock_machine_write (mock, "usr/lib/systemd/system/nvidia-powerd.service", "");
  mock_machine_write (mock, "proc/300/comm", "nvidia-persiste\n");
  mock_machine_write (mock, "proc/300/cgroup",
                      "0::/system.slice/nvidia-persistenced.service\n");
}

static void
add_claims (MockMachine *mock)
{
  mock_machine_set_command_line (
      mock, "root=UUID=" SECRET " ip=" SECRET
            " vfio-pci.ids=1:2 rd.driver.pre=vfio-pci pcie_acs_override=downstream "
            "module_blacklist=x intel_iommu=on");
  mock_machine_write (mock, "etc/modprobe.d/vfio.conf",
                      "# " SECRET "\noptions vfio-pci ids=3:4\nblacklist nouveau\n");
  mock_machine_write (mock, "etc/initramfs-tools/modules", "vfio-pci ids=5:6\n");
  mock_machine_write (mock, "etc/driverctl.d/0000:01:00.0", "vfio-pci\n");
  mock_machine_write (mock, "etc/libvirt/hooks/qemu.d/" SECRET "/prepare/begin/start.sh",
                      "#!/bin/sh\n# " SECRET "\nx 0000:01:00.0 01:00.1 " SECRET "\n");
  mock_machine_write (mock, "run/" BATON_BOOT_CLAIM_REPORT, "0000:01:00.0 late amdgpu\n");
  mock_machine_write (mock, "proc/77/comm", "supergfxd\n");
  mock_machine_write (mock, "proc/78/comm", SECRET "\n");
  mock_machine_write (mock, "proc/sys/kernel/hostname", SECRET "\n");
  mock_machine_write (mock, "proc/iomem", "0-0 : 0000:01:00.0\n  0-0 : BOOTFB\n");
}

static void
keep_off (MockMachine *mock, const char *address)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GPtrArray) cards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
  g_autofree char *rules = NULL;

  g_ptr_array_add (cards,
                   baton_kept_off_new_for_card (baton_machine_find_card (machine, address)));
  rules = baton_kept_off_build_rules (cards);
  mock_machine_write (mock, "etc/" BATON_KEPT_OFF_RULES, rules);
}

static void
claim_at_boot (MockMachine *mock, const char *address)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GPtrArray) claims = baton_boot_claims_new ();
  g_autofree char *text = NULL;

  g_ptr_array_add (claims, baton_boot_claim_new_for_function (
                               baton_machine_find_function (machine, address)));
  text = baton_boot_claims_build (claims);
  mock_machine_write (mock, "etc/" BATON_BOOT_CLAIMS, text);
}

static int
look_for_secret (const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  if (strstr (path, SECRET) != NULL)
    g_string_append_printf (found, "%s ", path);
  if (kind == FTW_F && g_file_get_contents (path, &text, &length, NULL) &&
      memmem (text, length, SECRET, strlen (SECRET)) != NULL)
    g_string_append_printf (found, "%s ", path);

  return 0;
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
  return remove (path);
}

static char *
record (MockMachine *mock, BatonMachine *machine)
{
  g_autoptr (GError) error = NULL;
  char *directory = g_dir_make_tmp ("baton-record-XXXXXX", NULL);

  baton_record_write (mock_machine_get_root (mock), machine, directory, &error);
  g_assert_no_error (error);

  return directory;
}

static void
test_reads_as_the_machine_does (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonMachine) again = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autofree char *directory = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  add_everything (mock);
  add_claims (mock);
  add_nvidia (mock);
  keep_off (mock, "0000:01:00.0");
  claim_at_boot (mock, "0000:01:00.0");
  machine = mock_machine_look (mock);
  g_assert_cmpuint (machine->boot_claims->len, ==, 1);
  g_assert_true (baton_machine_find_card (machine, "0000:01:00.0")->kept_off);
  directory = record (mock, machine);
  root = baton_root_new_for_directory (directory, NULL);
  again = baton_machine_new (root, NULL);
  before = describe (machine);
  after = describe (again);
  g_assert_cmpstr (after, ==, before);

  nftw (directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_says_nothing_of_people (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *directory = NULL;

  add_everything (mock);
  add_claims (mock);
  machine = mock_machine_look (mock);
  directory = record (mock, machine);

  found = g_string_new (NULL);
  nftw (directory, look_for_secret, 16, FTW_PHYS);
  g_assert_cmpstr (found->str, ==, "");
  g_string_free (found, TRUE);

  nftw (directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_absence_of_the_iommu (void)
{
  static const char *const lines[] = { "quiet", "intel_iommu=off" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autoptr (BatonMachine) again = NULL;
      g_autoptr (BatonRoot) root = NULL;
      g_autofree char *directory = NULL;

      g_test_message ("%s", lines[i]);
      mock_machine_add_gpu (mock, "0000:01:00.0", NULL);
      mock_machine_set_iommu_off (mock);
      mock_machine_set_command_line (mock, lines[i]);
      machine = mock_machine_look (mock);
      directory = record (mock, machine);
      root = baton_root_new_for_directory (directory, NULL);
      again = baton_machine_new (root, NULL);
      g_assert_cmpstr (again->iommu_reason, ==, machine->iommu_reason);
      g_assert_cmpstr (again->iommu_detail, ==, machine->iommu_detail);

      nftw (directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static void
test_refuses_a_directory_in_use (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GError) error = NULL;
  g_autofree char *below = g_build_filename (mock_machine_get_directory (mock), "a/b", NULL);

  g_assert_false (baton_record_write (mock_machine_get_root (mock), machine,
                                      mock_machine_get_directory (mock), &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
  g_clear_error (&error);

  g_assert_false (baton_record_write (mock_machine_get_root (mock), machine, below, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/record/reads-as-the-machine-does", test_reads_as_the_machine_does);
  g_test_add_func ("/cli/record/says-nothing-of-people", test_says_nothing_of_people);
  g_test_add_func ("/cli/record/absence-of-the-iommu", test_absence_of_the_iommu);
  g_test_add_func ("/cli/record/refuses-a-directory-in-use", test_refuses_a_directory_in_use);

  return g_test_run ();
}
