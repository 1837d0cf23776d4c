/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-plan.h"
#include "mock-machine.h"

#define BOOT "0000:01:00.0"
#define CARD "0000:02:00.0"
#define SOUND "0000:02:00.1"

/* The whole way of the data: files, machine, holders, profile, request, plan. */
static BatonPlan *
look_and_plan (MockMachine *tree, BatonSide to)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = mock_machine_look (tree);
  BatonRoot *root = mock_machine_get_root (tree);
  g_autoptr (GPtrArray) holders = baton_holders_scan (root, machine, &error);
  g_autoptr (BatonProfile) profile = baton_profile_load (root, CARD);
  g_autoptr (BatonRequest) request = baton_request_new ();

  g_assert_no_error (error);
  g_strfreev (request->cards);
  request->cards = g_strsplit (CARD, " ", -1);
  request->to = to;
  baton_request_look (request, root);

  return baton_plan_new (machine, holders, profile, request);
}

static MockMachine *
make_two_cards (void)
{
  MockMachine *tree = mock_machine_new ();

  mock_machine_add_gpu (tree, BOOT, "1");
  mock_machine_add_gpu (tree, CARD, "2");

  return tree;
}

static guint
count_steps (const BatonPlan *plan, BatonStepKind kind)
{
  guint count = 0;

  for (guint i = 0; i < plan->steps->len; i++)
    count += ((BatonStep *) plan->steps->pdata[i])->kind == kind;

  return count;
}

static void
test_to_guest (void)
{
  g_autoptr (MockMachine) tree = make_two_cards ();
  g_autoptr (BatonPlan) plan = look_and_plan (tree, BATON_SIDE_GUEST);

  for (guint i = 0; i < plan->findings->len; i++)
    {
      g_autofree char *text = baton_finding_dup_text (plan->findings->pdata[i]);

      g_test_message ("%s", text);
    }

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_MONITORS_GO_DARK));
  g_assert_cmpuint (count_steps (plan, BATON_STEP_UNBIND), ==, 2);
  g_assert_cmpuint (count_steps (plan, BATON_STEP_BIND), ==, 2);
  g_assert_cmpuint (count_steps (plan, BATON_STEP_LOAD_MODULE), ==, 1);
}

static void
test_to_host (void)
{
  g_autoptr (MockMachine) tree = make_two_cards ();
  g_autoptr (BatonPlan) plan = NULL;

  mock_machine_move_gpu_to_guest (tree, CARD);
  plan = look_and_plan (tree, BATON_SIDE_HOST);

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_cmpuint (count_steps (plan, BATON_STEP_UNBIND), ==, 2);
  g_assert_cmpuint (count_steps (plan, BATON_STEP_BIND), ==, 2);
}

static void
test_there_already (void)
{
  g_autoptr (MockMachine) tree = make_two_cards ();
  g_autoptr (BatonPlan) plan = look_and_plan (tree, BATON_SIDE_HOST);

  g_assert_true (plan->there_already);
}

/* Files that decide about the card are named with their lines. */
static void
test_files_are_named (void)
{
  static const struct
  {
    const char *file;
    const char *text;
    BatonCode code;
    const char *line;
  } rows[] = {
    { "etc/baton.conf", "[" CARD "]\ncolour=red\n", BATON_CODE_BAD_PROFILE, "2" },
    { "etc/modprobe.d/x.conf", "# mine\nblacklist amdgpu\n", BATON_CODE_HOST_DRIVER_ONLY_LOADED,
      "2" },
    { "etc/libvirt/hooks/qemu", "#!/bin/sh\n\nvirsh nodedev-detach pci_0000_02_00_0\n",
      BATON_CODE_MANAGED_BY_HOOK, "3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) tree = make_two_cards ();
      g_autoptr (BatonPlan) plan = NULL;
      const BatonFinding *finding = NULL;

      g_test_message ("%s", rows[i].file);
      mock_machine_write (tree, rows[i].file, rows[i].text);
      plan = look_and_plan (tree, BATON_SIDE_GUEST);
      finding = baton_plan_find (plan, rows[i].code);
      g_assert_nonnull (finding);
      g_assert_true (
          g_str_has_suffix (g_hash_table_lookup (finding->args, "file"), rows[i].file));
      g_assert_cmpstr (g_hash_table_lookup (finding->args, "line"), ==, rows[i].line);
    }
}

/* The kernel's command line is no file with lines: what it says has sentences of its own. */
static void
test_command_line (void)
{
  static const struct
  {
    const char *command_line;
    const char *driver; /* that CARD has now */
    BatonCode code;     /* 0 for nothing about the driver */
  } rows[] = {
    { "vfio-pci.ids=10de:73bf", "nouveau", BATON_CODE_CLAIMED_ON_COMMAND_LINE },
    { "module_blacklist=nouveau", NULL, BATON_CODE_HOST_DRIVER_OFF_COMMAND_LINE },
    { "modprobe.blacklist=nouveau", "nouveau", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) tree = make_two_cards ();
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].command_line);
      mock_machine_set_attribute (tree, CARD, "vendor", "0x10de\n");
      mock_machine_set_modules (tree, BOOT, NULL); /* which has the same ids */
      mock_machine_set_modules (tree, CARD, "nouveau");
      mock_machine_set_driver (tree, CARD, rows[i].driver);
      mock_machine_set_command_line (tree, rows[i].command_line);
      plan = look_and_plan (tree, BATON_SIDE_GUEST);
      if (rows[i].code != 0)
        g_assert_nonnull (baton_plan_find (plan, rows[i].code));
      g_assert_null (baton_plan_find (plan, BATON_CODE_CLAIMED_BY_IDS));
      g_assert_null (baton_plan_find (plan, BATON_CODE_HOST_DRIVER_ONLY_LOADED));
      g_assert_null (baton_plan_find (plan, BATON_CODE_HOST_DRIVER_BLACKLISTED));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/look/to-guest", test_to_guest);
  g_test_add_func ("/core/plan/look/to-host", test_to_host);
  g_test_add_func ("/core/plan/look/there-already", test_there_already);
  g_test_add_func ("/core/plan/look/files-are-named", test_files_are_named);
  g_test_add_func ("/core/plan/look/command-line", test_command_line);

  return g_test_run ();
}
