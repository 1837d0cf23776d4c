/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST

static void
add_session (PlanMachine *m)
{
  BatonSession *session = g_new0 (BatonSession, 1);

  session->id = g_strdup ("2");
  session->uid = 1000;
  session->user = g_strdup ("user");
  session->type = g_strdup ("x11");
  session->seat = g_strdup ("seat0");
  session->service = g_strdup ("lightdm-autologin");
  m->system->desktop->display_manager = g_strdup ("lightdm.service");
  g_ptr_array_add (m->system->desktop->sessions, session);
}

/* Xorg as lightdm starts it, with a session on it. */
static void
add_xorg (PlanMachine *m, BatonHolders *holders, const char *node)
{
  BatonHolder *xorg =
      plan_machine_add_holder (m, BATON_HOLDER_DISPLAY_SERVER, 500, "Xorg", node);

  xorg->unit = g_strdup ("lightdm.service");
  xorg->uid = 0;
  if (holders != m->holders)
    g_ptr_array_add (holders->holders, g_ptr_array_steal_index (m->holders->holders,
                                                                m->holders->holders->len - 1));
}

/* The desktop draws on the only card that can show it; another one is parked. */
static PlanMachine *
make_strong (void)
{
  PlanMachine *m = plan_machine_new (HOST, GUEST);

  m->other->could_show_desktop = FALSE;
  m->card->could_show_desktop = TRUE;
  m->card->only_display = TRUE;
  add_session (m);
  add_xorg (m, m->holders, "/dev/dri/card1");
  plan_machine_add_stand_in (m, "vfio-pci", NULL);
  m->request->end_session = TRUE;

  return m;
}

/* The guest has the card, and the desktop draws on what Baton has taken from vfio-pci for it. */
static PlanMachine *
make_weak (void)
{
  PlanMachine *m = plan_machine_new (GUEST, HOST);
  BatonHolders *holders = NULL;
  BatonCard *card = plan_machine_add_stand_in (m, "radeon", &holders);

  m->other->could_show_desktop = FALSE;
  card->could_show_desktop = TRUE;
  card->only_display = TRUE;
  m->card->stand_in_noted = baton_also_new (PLAN_STAND_IN, PLAN_STAND_IN_IDENTITY);
  plan_machine_set (&m->display->override, "vfio-pci");
  plan_machine_set (&m->sound->override, "vfio-pci");
  add_session (m);
  add_xorg (m, holders, "/dev/dri/card2");
  m->request->end_session = TRUE;

  return m;
}

/* Ids, with a star where the step is for the card that stands in. */
static void
assert_steps (const BatonPlan *plan, const char *wanted)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      if (step->card != NULL)
        g_assert_cmpstr (step->card, ==, PLAN_STAND_IN);
      if (g_strcmp0 (step->detail, BATON_IF_NEEDED) != 0)
        g_string_append_printf (text, "%s%s\n", step->card != NULL ? "* " : "", id);
    }
  g_assert_cmpstr (text->str, ==, wanted);
}

/* The strong card leaves, then the weak one comes, then there is a screen for the login screen. */
static void
test_stands_in (void)
{
  g_autoptr (PlanMachine) m = make_strong ();
  g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_null (baton_plan_find (plan, BATON_CODE_ONLY_DISPLAY));
  g_assert_null (baton_plan_find (plan, BATON_CODE_LOGIN_SCREEN_WAITS));
  g_assert_null (baton_plan_find (plan, BATON_CODE_NO_WAY_IN));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_LOGIN_SCREEN_RETURNS));
  g_assert_cmpstr (plan->stand_in, ==, PLAN_STAND_IN);
  g_assert_true (plan->ends_session);
  assert_steps (plan, "stop-unit:display-manager.service\n"
                      "end-session:2\n"
                      "set-override:0000:01:00.1\n"
                      "set-override:0000:01:00.0\n"
                      "unbind:0000:01:00.1\n"
                      "unbind:0000:01:00.0\n"
                      "bind:0000:01:00.0\n"
                      "bind:0000:01:00.1\n"
                      "verify:0000:01:00.0\n"
                      "* load-module:radeon\n"
                      "* unbind:0000:02:00.0\n"
                      "* set-override:0000:02:00.0\n"
                      "* bind:0000:02:00.0\n"
                      "* verify:0000:02:00.0\n"
                      "* start-unit:display-manager.service\n");
}

/* Each step is for its own side, and the way back is the other way round. */
static void
test_comes_back (void)
{
  g_autoptr (PlanMachine) m = make_weak ();
  g_autoptr (BatonPlan) plan = NULL;

  /* What the owner says by now does not matter. */
  g_clear_pointer (&m->profile->stand_in, baton_also_free);
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_true (plan->ends_session);
  assert_steps (plan, "* stop-unit:display-manager.service\n"
                      "* end-session:2\n"
                      "unbind:0000:01:00.0\n"
                      "unbind:0000:01:00.1\n"
                      "set-override:0000:01:00.0\n"
                      "set-override:0000:01:00.1\n"
                      "bind:0000:01:00.0\n"
                      "bind:0000:01:00.1\n"
                      "verify:0000:01:00.0\n"
                      "* set-override:0000:02:00.0\n"
                      "* unbind:0000:02:00.0\n"
                      "* bind:0000:02:00.0\n"
                      "* verify:0000:02:00.0\n"
                      "start-unit:display-manager.service\n");
}

/* The desktop there is asked about as any other. */
static void
test_asks_for_consent (void)
{
  g_autoptr (PlanMachine) m = make_weak ();
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding = NULL;

  m->request->end_session = FALSE;
  plan = plan_machine_make_plan (m);
  finding = baton_plan_find (plan, BATON_CODE_IN_USE_DISPLAY_SERVER);
  g_assert_true (baton_plan_is_blocked (plan));
  g_assert_cmpint (finding->consent, ==, BATON_CONSENT_END_SESSION);
  g_assert_cmpuint (plan->steps->len, >, 0);
}

/* Where nobody can be asked, the card comes back and takes nobody's desktop away. */
static void
test_unasked (void)
{
  g_autoptr (PlanMachine) m = make_weak ();
  g_autoptr (BatonPlan) plan = NULL;

  m->request->end_session = FALSE;
  m->request->unasked = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_false (plan->ends_session);
  g_assert_null (plan->stand_in);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_STAND_IN_STAYS_IN_USE));
  for (guint i = 0; i < plan->steps->len; i++)
    g_assert_null (((const BatonStep *) plan->steps->pdata[i])->card);
}

/* With the end of libvirt's guest the desktop on it ends as well, where the card's owner has said so. */
static void
test_hook (void)
{
  for (gboolean wish = FALSE; wish <= TRUE; wish++)
    {
      g_autoptr (PlanMachine) there = make_strong ();
      g_autoptr (PlanMachine) back = make_weak ();
      g_autoptr (BatonPlan) plan = NULL;
      g_autoptr (BatonPlan) plan_back = NULL;

      there->request->end_session = back->request->end_session = FALSE;
      there->request->hook_guest = g_strdup ("win11");
      back->request->hook_guest = g_strdup ("win11");
      there->profile->hook_ends_session = back->profile->hook_ends_session = wish;

      plan = plan_machine_make_plan (there);
      g_assert_true (baton_plan_is_blocked (plan) == !wish);

      plan_back = plan_machine_make_plan (back);
      g_assert_false (baton_plan_is_blocked (plan_back));
      g_assert_true (plan_back->ends_session == wish);
      g_assert_true ((plan_back->stand_in != NULL) == wish);
      g_assert_true ((baton_plan_find (plan_back, BATON_CODE_STAND_IN_STAYS_IN_USE) == NULL) ==
                     wish);
    }
}

/* What was left standing in is parked when somebody asks for the card once more. */
static void
test_follows_later (void)
{
  g_autoptr (PlanMachine) m = make_weak ();
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set (&m->display->driver, "bochs-drm");
  plan_machine_set (&m->sound->driver, "snd_hda_intel");
  plan_machine_set (&m->display->override, NULL);
  plan_machine_set (&m->sound->override, NULL);
  plan = plan_machine_make_plan (m);
  g_assert_false (plan->there_already);
  assert_steps (plan, "* stop-unit:display-manager.service\n"
                      "* end-session:2\n"
                      "verify:0000:01:00.0\n"
                      "* set-override:0000:02:00.0\n"
                      "* unbind:0000:02:00.0\n"
                      "* bind:0000:02:00.0\n"
                      "* verify:0000:02:00.0\n"
                      "start-unit:display-manager.service\n");

  g_clear_pointer (&plan, baton_plan_unref);
  g_clear_pointer (&m->card->stand_in_noted, baton_also_free);
  plan = plan_machine_make_plan (m);
  g_assert_true (plan->there_already);
}

/* What is here already, or was never taken by Baton, is left alone, and so is another device. */
static void
test_left_alone (void)
{
  g_autoptr (PlanMachine) there = plan_machine_new (HOST, GUEST);
  g_autoptr (PlanMachine) back = make_weak ();
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_add_stand_in (there, "radeon", NULL);
  plan = plan_machine_make_plan (there);
  g_assert_null (plan->stand_in);
  g_clear_pointer (&plan, baton_plan_unref);

  plan_machine_set (&back->card->stand_in_noted->identity, "1002:6611:1da2:e269");
  plan = plan_machine_make_plan (back);
  g_assert_null (plan->stand_in);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_STAND_IN_STAYS));
}

/* What was consented to is one digest of both cards, and each program is somebody's who has one. */
static void
test_digest_and_consents (void)
{
  g_autoptr (PlanMachine) m = make_strong ();
  g_autoptr (PlanMachine) back = make_weak ();
  g_autoptr (BatonPlan) with = plan_machine_make_plan (m);
  g_autoptr (BatonPlan) without = NULL;
  g_autoptr (BatonPlan) closing = NULL;
  BatonHolder *player = NULL;

  g_clear_pointer (&m->profile->stand_in, baton_also_free);
  m->request->until_free = TRUE;
  without = plan_machine_make_plan (m);
  g_assert_cmpstr (with->digest, !=, without->digest);

  player = plan_machine_add_holder (back, BATON_HOLDER_APP, 600, "player", "/dev/dri/card2");
  g_ptr_array_steal_index (back->holders->holders, back->holders->holders->len - 1);
  g_ptr_array_add (baton_holders_find (back->all_holders, PLAN_STAND_IN)->holders, player);
  baton_request_add_close (back->request, 600, PLAN_DIGITS);
  closing = plan_machine_make_plan (back);
  g_assert_null (baton_plan_find (closing, BATON_CODE_CLOSE_NOT_HOLDER));
  g_assert_false (baton_plan_is_blocked (closing));
}

/* What gives it to vfio-pci by its ids may do so again: that is told of it as of the other. */
static void
test_claims (void)
{
  g_autoptr (PlanMachine) m = make_strong ();
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *claimed = NULL;

  ((BatonFunction *) baton_machine_find_function (m->machine, PLAN_STAND_IN))->device_id =
      0x2222;
  plan_machine_set (&m->profile->stand_in->identity, "1234:2222:1af4:1100");
  plan_machine_add_claim (m, BATON_CLAIM_VFIO_IDS, NULL, "1234:2222", 3);
  plan = plan_machine_make_plan (m);
  claimed = baton_plan_find (plan, BATON_CODE_CLAIMED_BY_IDS);
  g_assert_nonnull (claimed);
  g_assert_cmpstr (g_hash_table_lookup (claimed->args, "card"), ==, "Device at " PLAN_STAND_IN);
}

/* Without a screen nobody is waited for: with one that stands in there is no hurry. */
static void
test_waits_without_hurry (void)
{
  g_autoptr (PlanMachine) m = make_strong ();
  g_autoptr (BatonPlan) plan = NULL;
  const BatonStep *last = NULL;

  m->request->until_free = TRUE;
  plan = plan_machine_make_plan (m);
  last = plan->steps->pdata[plan->steps->len - 1];
  g_assert_cmpint (last->kind, ==, BATON_STEP_WAIT_GUEST);
  g_assert_null (last->detail);
  g_assert_null (last->card);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan-stand-in/stands-in", test_stands_in);
  g_test_add_func ("/core/plan-stand-in/comes-back", test_comes_back);
  g_test_add_func ("/core/plan-stand-in/asks-for-consent", test_asks_for_consent);
  g_test_add_func ("/core/plan-stand-in/unasked", test_unasked);
  g_test_add_func ("/core/plan-stand-in/hook", test_hook);
  g_test_add_func ("/core/plan-stand-in/follows-later", test_follows_later);
  g_test_add_func ("/core/plan-stand-in/left-alone", test_left_alone);
  g_test_add_func ("/core/plan-stand-in/digest-and-consents", test_digest_and_consents);
  g_test_add_func ("/core/plan-stand-in/claims", test_claims);
  g_test_add_func ("/core/plan-stand-in/waits-without-hurry", test_waits_without_hurry);

  return g_test_run ();
}
