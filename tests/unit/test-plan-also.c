/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST

#define USB "0000:05:00.0"
#define USB_CLASS 0x0c0330
#define IDENTITY "1234:1111:1af4:1100"

/* A machine whose card takes a USB controller along, in a group of its own. */
static PlanMachine *
make_machine (BatonSide side, BatonSide to, BatonFunction **ret_usb)
{
  PlanMachine *m = plan_machine_new (side, to);
  BatonFunction *usb = plan_machine_add_function (m, USB, USB_CLASS,
                                                  side == GUEST ? "vfio-pci" : "xhci_hcd", "9");
  BatonAlso *also = baton_also_new (USB, IDENTITY);

  plan_machine_set_list (&usb->modules, "xhci_hcd");
  also->function = usb;
  also->place = BATON_ALSO_TRAVELS;
  m->card->also = baton_also_list_new ();
  m->card->keyboard_stays = TRUE;
  g_ptr_array_add (m->card->also, also);
  g_ptr_array_add (m->card->functions, usb);
  if (ret_usb != NULL)
    *ret_usb = usb;

  return m;
}

static BatonAlso *
get_also (PlanMachine *m)
{
  return m->card->also->pdata[0];
}

static BatonPlugged *
plug (BatonFunction *usb, BatonPluggedKind kind, const char *name, const char *device)
{
  BatonPlugged *plugged = g_new0 (BatonPlugged, 1);

  plugged->kind = kind;
  plugged->name = g_strdup (name);
  plugged->device = g_strdup (device);
  if (usb->plugged == NULL)
    usb->plugged = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_plugged_free);
  g_ptr_array_add (usb->plugged, plugged);

  return plugged;
}

static int
find_step (const BatonPlan *plan, const char *id)
{
  for (guint i = 0; i < plan->steps->len; i++)
    {
      g_autofree char *found = baton_step_dup_id (plan->steps->pdata[i]);

      if (g_str_equal (found, id))
        return (int) i;
    }

  return -1;
}

static void
expect_order (const BatonPlan *plan, const char *first, const char *second)
{
  g_test_message ("%s before %s", first, second);
  g_assert_cmpint (find_step (plan, first), >=, 0);
  g_assert_cmpint (find_step (plan, first), <, find_step (plan, second));
}

/* It leaves before the card does, because that is the greater risk, and is told of. */
static void
test_goes_with_the_card (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST, NULL);
  g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_ALSO_TRAVELS));
  g_assert_null (baton_plan_find (plan, BATON_CODE_ALSO_UNIDENTIFIED));
  expect_order (plan, "set-override:" USB, "unbind:" USB);
  expect_order (plan, "unbind:" USB, "unbind:" PLAN_SOUND);
  expect_order (plan, "unbind:" PLAN_CARD, "bind:" USB);
  expect_order (plan, "bind:" USB, "verify:" PLAN_CARD);
}

/* The card comes first, and what does not belong to it is not removed with it. */
static void
test_comes_back_with_the_card (void)
{
  g_autoptr (PlanMachine) m = make_machine (GUEST, HOST, NULL);
  g_autoptr (BatonPlan) plan = NULL;

  m->card->also_noted = TRUE;
  m->profile->return_method = BATON_RETURN_RESCAN;
  plan = plan_machine_make_plan (m);

  g_assert_false (baton_plan_is_blocked (plan));
  expect_order (plan, "unbind:" PLAN_CARD, "unbind:" USB);
  expect_order (plan, "bind:" PLAN_CARD, "bind:" USB);
  expect_order (plan, "remove-function:" PLAN_CARD, "rescan-bus:0000:01");
  g_assert_cmpint (find_step (plan, "remove-function:" USB), ==, -1);
  g_assert_cmpint (find_step (plan, "rescan-bus:0000:05"), ==, -1);
}

/* Somebody brought the card alone: what went along is still away, and the card stays where it is. */
static void
test_comes_after_the_card (void)
{
  BatonFunction *usb = NULL;
  g_autoptr (PlanMachine) m = make_machine (HOST, HOST, &usb);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set (&usb->driver, "vfio-pci");
  plan_machine_set (&usb->override, "vfio-pci");
  m->card->also_noted = TRUE;
  plan = plan_machine_make_plan (m);

  expect_order (plan, "unbind:" USB, "set-override:" USB);
  expect_order (plan, "set-override:" USB, "bind:" USB);
  g_assert_cmpint (find_step (plan, "bind:" PLAN_CARD), ==, -1);
  g_assert_cmpint (find_step (plan, "unbind:" PLAN_CARD), ==, -1);
}

/* What is parked for another purpose, and did not go with the card, is nobody's to bring back. */
static void
test_leaves_what_did_not_go_along (void)
{
  BatonFunction *usb = NULL;
  g_autoptr (PlanMachine) m = make_machine (HOST, HOST, &usb);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set (&usb->driver, NULL);
  plan_machine_set_loaded (m, "bochs snd_hda_intel xhci_hcd");
  plan = plan_machine_make_plan (m);

  g_assert_true (plan->there_already);
}

/* Whatever is in the group of what travels along keeps the card here as well, and is called by the
 * right name. */
static void
test_group_of_what_goes_along (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST, NULL);
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding = NULL;

  plan_machine_add_function (m, "0000:06:00.0", 0x010802, "nvme", "9");
  plan = plan_machine_make_plan (m);
  finding = baton_plan_find (plan, BATON_CODE_FOREIGN_IN_GROUP);

  g_assert_nonnull (finding);
  g_assert_cmpstr (g_hash_table_lookup (finding->args, "card"), ==, "Device at " USB);
  g_assert_true (baton_plan_is_blocked (plan));
}

/* What this computer would miss keeps it here; what it can do without is told. */
static void
test_belongings (void)
{
  static const struct
  {
    BatonPluggedKind kind;
    const char *mounted_at;
    const char *used_by;
    gboolean keyboard_stays;
    BatonCode code;
  } rows[] = {
    { BATON_PLUGGED_DISK, NULL, NULL, TRUE, BATON_CODE_ALSO_TAKES_ALONG },
    { BATON_PLUGGED_DISK, "/media/stick", NULL, TRUE, BATON_CODE_ALSO_DISK_MOUNTED },
    { BATON_PLUGGED_DISK, NULL, "dm-0", TRUE, BATON_CODE_ALSO_DISK_IN_USE },
    { BATON_PLUGGED_NETWORK, NULL, NULL, TRUE, BATON_CODE_ALSO_TAKES_ALONG },
    { BATON_PLUGGED_NETWORK, NULL, "br0", TRUE, BATON_CODE_ALSO_DEFAULT_ROUTE },
    { BATON_PLUGGED_KEYBOARD, NULL, NULL, TRUE, BATON_CODE_ALSO_TAKES_ALONG },
    { BATON_PLUGGED_KEYBOARD, NULL, NULL, FALSE, BATON_CODE_ALSO_ONLY_KEYBOARD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      BatonFunction *usb = NULL;
      g_autoptr (PlanMachine) m = make_machine (HOST, GUEST, &usb);
      BatonPlugged *plugged = plug (usb, rows[i].kind, "x1", "Something");
      g_autoptr (BatonPlan) plan = NULL;

      plugged->mounted_at = g_strdup (rows[i].mounted_at);
      plugged->used_by = g_strdup (rows[i].used_by);
      m->card->keyboard_stays = rows[i].keyboard_stays;
      plan = plan_machine_make_plan (m);

      g_test_message ("%s", baton_code_get_info (rows[i].code)->name);
      g_assert_nonnull (baton_plan_find (plan, rows[i].code));
      g_assert_true (baton_plan_is_blocked (plan) ==
                     (rows[i].code != BATON_CODE_ALSO_TAKES_ALONG));
    }
}

/* What is named and is not there, is another device, or cannot go. */
static void
test_what_cannot_go_along (void)
{
  static const struct
  {
    BatonAlsoPlace place;
    BatonCode code;
    gboolean blocks;
  } rows[] = {
    { BATON_ALSO_MISSING, BATON_CODE_ALSO_MISSING, TRUE },
    { BATON_ALSO_OTHER_DEVICE, BATON_CODE_OTHER_DEVICE_AT_ADDRESS, TRUE },
    { BATON_ALSO_FIXED, BATON_CODE_ALSO_FIXED, TRUE },
    { BATON_ALSO_TAKEN, BATON_CODE_ALSO_WITH_GUEST, TRUE },
    { BATON_ALSO_PARKED, BATON_CODE_ALSO_PARKED, FALSE },
    { BATON_ALSO_OWN, BATON_CODE_NONE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = make_machine (HOST, GUEST, NULL);
      g_autoptr (BatonPlan) plan = NULL;

      get_also (m)->place = rows[i].place;
      if (rows[i].place == BATON_ALSO_MISSING)
        get_also (m)->function = NULL;
      g_ptr_array_remove_index (m->card->functions, m->card->functions->len - 1);
      plan = plan_machine_make_plan (m);

      g_test_message ("%u", i);
      g_assert_true (baton_plan_is_blocked (plan) == rows[i].blocks);
      g_assert_true (rows[i].code == BATON_CODE_NONE ||
                     baton_plan_find (plan, rows[i].code) != NULL);
      g_assert_cmpint (find_step (plan, "unbind:" USB), ==, -1);
    }
}

/* An address alone does, and whoever wrote it is shown what would be safer. */
static void
test_address_alone (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST, NULL);
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding = NULL;

  g_clear_pointer (&get_also (m)->identity, g_free);
  plan = plan_machine_make_plan (m);
  finding = baton_plan_find (plan, BATON_CODE_ALSO_UNIDENTIFIED);

  g_assert_nonnull (finding);
  g_assert_cmpstr (g_hash_table_lookup (finding->args, "identity"), ==, IDENTITY);
  g_assert_false (baton_plan_is_blocked (plan));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan-also/goes", test_goes_with_the_card);
  g_test_add_func ("/core/plan-also/comes-back", test_comes_back_with_the_card);
  g_test_add_func ("/core/plan-also/comes-after", test_comes_after_the_card);
  g_test_add_func ("/core/plan-also/leaves", test_leaves_what_did_not_go_along);
  g_test_add_func ("/core/plan-also/group", test_group_of_what_goes_along);
  g_test_add_func ("/core/plan-also/belongings", test_belongings);
  g_test_add_func ("/core/plan-also/cannot-go", test_what_cannot_go_along);
  g_test_add_func ("/core/plan-also/address-alone", test_address_alone);

  return g_test_run ();
}
