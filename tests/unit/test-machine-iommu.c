/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include "mock-machine.h"

#define TABLES "sys/firmware/acpi/tables/"

static void
set_cpu (MockMachine *mock, const char *vendor)
{
  g_autofree char *text = g_strdup_printf ("processor\t: 0\nvendor_id\t: %s\n", vendor);

  mock_machine_write (mock, "proc/cpuinfo", text);
}

static void
test_why_there_is_none (void)
{
  static const struct
  {
    const char *name;
    const char *cpu;
    const char *table;
    const char *command_line;
    const char *reason;
    const char *detail;
  } rows[] = {
    { "Intel, in the firmware", "GenuineIntel", "FACP", "quiet", "no-table", "DMAR" },
    { "AMD, in the firmware", "AuthenticAMD", "FACP", "quiet", "no-table", "IVRS" },
    { "the firmware comes first", "GenuineIntel", "FACP", "intel_iommu=off", "no-table",
      "DMAR" },
    { "the other vendor's table", "AuthenticAMD", "DMAR", "quiet", "not-enabled", "DMAR" },
    { "the other vendor's table and its word", "AuthenticAMD", "DMAR", "intel_iommu=off",
      "command-line", "intel_iommu=off" },
    { "Intel, switched off", "GenuineIntel", "DMAR", "intel_iommu=off", "command-line",
      "intel_iommu=off" },
    { "AMD, switched off", "AuthenticAMD", "IVRS", "amd_iommu=off", "command-line",
      "amd_iommu=off" },
    { "both, switched off", "GenuineIntel", "DMAR", "iommu=off", "command-line", "iommu=off" },
    { "the other vendor's word", "GenuineIntel", "DMAR", "amd_iommu=off", "not-enabled",
      "DMAR" },
    { "the last word counts", "GenuineIntel", "DMAR", "intel_iommu=off intel_iommu=on",
      "not-enabled", "DMAR" },
    { "pass-through is not off", "GenuineIntel", "DMAR", "iommu=pt", "not-enabled", "DMAR" },
    { "part of a word", "GenuineIntel", "DMAR", "xintel_iommu=off intel_iommu=offset",
      "not-enabled", "DMAR" },
    { "not enabled", "GenuineIntel", "DMAR", "quiet", "not-enabled", "DMAR" },
    { "another processor", "CentaurHauls", "FACP", "quiet", "unknown", NULL },
    { "firmware not shown", "GenuineIntel", NULL, "quiet", "unknown", NULL },
    { "firmware not shown, switched off", "GenuineIntel", NULL, "iommu=off", "command-line",
      "iommu=off" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s", rows[i].name);
      mock_machine_add_gpu (mock, "0000:01:00.0", NULL);
      mock_machine_set_iommu_off (mock);
      mock_machine_remove (mock, "sys/firmware");
      if (rows[i].table != NULL)
        {
          g_autofree char *path = g_strconcat (TABLES, rows[i].table, NULL);

          mock_machine_write (mock, path, "");
        }
      set_cpu (mock, rows[i].cpu);
      mock_machine_set_command_line (mock, rows[i].command_line);

      machine = mock_machine_look (mock);
      g_assert_false (machine->iommu_enabled);
      g_assert_null (machine->iommu_kind);
      g_assert_cmpstr (machine->iommu_reason, ==, rows[i].reason);
      g_assert_cmpstr (machine->iommu_detail, ==, rows[i].detail);
      g_assert_cmpuint (machine->groups->len, ==, 0);
    }
}

static void
test_kind (void)
{
  static const struct
  {
    const char *unit;
    const char *cpu;
    const char *kind;
  } rows[] = {
    { "dmar0", "GenuineIntel", "intel" }, { "ivhd0", "AuthenticAMD", "amd" },
    { "dmar1", "AuthenticAMD", "intel" }, { "virtio0", "GenuineIntel", "other" },
    { NULL, "AuthenticAMD", "amd" },      { NULL, "Unknown", "other" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s, %s", rows[i].unit, rows[i].cpu);
      mock_machine_add_gpu (mock, "0000:01:00.0", "1");
      mock_machine_remove (mock, "sys/class/iommu");
      if (rows[i].unit != NULL)
        {
          g_autofree char *link = g_strconcat ("sys/class/iommu/", rows[i].unit, NULL);

          mock_machine_link (mock, link, "sys/devices/virtual/iommu/dmar0");
        }
      set_cpu (mock, rows[i].cpu);

      machine = mock_machine_look (mock);
      g_assert_true (machine->iommu_enabled);
      g_assert_cmpstr (machine->iommu_kind, ==, rows[i].kind);
      g_assert_null (machine->iommu_reason);
    }
}

/* VFIO without an IOMMU makes groups, and isolates nothing. */
static void
test_groups_without_iommu_do_not_count (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_gpu (mock, "0000:01:00.0", "0");
  mock_machine_remove (mock, "sys/class/iommu");
  mock_machine_write (mock, "sys/kernel/iommu_groups/0/name", "vfio-noiommu\n");
  machine = mock_machine_look (mock);

  g_assert_false (machine->iommu_enabled);
  g_assert_null (baton_machine_find_function (machine, "0000:01:00.0")->group);
  g_assert_cmpuint (machine->groups->len, ==, 0);
}

static void
test_groups_in_order (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  static const char *const order[] = { "2", "9", "10" };

  mock_machine_add_function (mock, "0000:01:00.0", 0x020000, "8086:15f3", NULL, "10", NULL);
  mock_machine_add_function (mock, "0000:02:00.0", 0x020000, "8086:15f3", NULL, "9", NULL);
  mock_machine_add_function (mock, "0000:03:00.0", 0x020000, "8086:15f3", NULL, "2", NULL);
  mock_machine_add_function (mock, "0000:00:1f.0", 0x060100, "8086:a2c9", NULL, "9", NULL);
  machine = mock_machine_look (mock);

  g_assert_cmpuint (machine->groups->len, ==, G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      const BatonGroup *group = g_ptr_array_index (machine->groups, i);

      g_assert_cmpstr (group->id, ==, order[i]);
    }
  g_assert_cmpuint (baton_machine_find_group (machine, "9")->functions->len, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine-iommu/why-there-is-none", test_why_there_is_none);
  g_test_add_func ("/core/machine-iommu/kind", test_kind);
  g_test_add_func ("/core/machine-iommu/groups-without-iommu",
                   test_groups_without_iommu_do_not_count);
  g_test_add_func ("/core/machine-iommu/groups-in-order", test_groups_in_order);

  return g_test_run ();
}
