/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-unit-note.h"
#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST

static PlanMachine *
make_machine (BatonSide side, BatonSide to)
{
  PlanMachine *m = plan_machine_new (side, to);

  plan_machine_set_list (&m->profile->stop_units, "a.service b.timer");
  plan_machine_set_list (&m->profile->start_units_guest, "x.service y.service");

  return m;
}

static void
note (PlanMachine *m, const char *unit, const char *with, gboolean started)
{
  if (m->card->unit_notes == NULL)
    m->card->unit_notes =
        g_ptr_array_new_with_free_func ((GDestroyNotify) baton_unit_note_free);
  g_ptr_array_add (m->card->unit_notes, baton_unit_note_new (unit, with, started));
}

/* The ids of the units' steps, with a mark where the first and the last of the card's own are. */
static char *
list_units (const BatonPlan *plan)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      if (step->kind == BATON_STEP_STOP_UNIT || step->kind == BATON_STEP_START_UNIT ||
          step->kind == BATON_STEP_VERIFY || step->kind == BATON_STEP_WAIT_GUEST)
        g_string_append_printf (list, "%s ", id);
      else if (!g_str_has_suffix (list->str, "… "))
        g_string_append (list, "… ");
    }

  return g_string_free (g_steal_pointer (&list), FALSE);
}

static void
expect (PlanMachine *m, const char *wanted)
{
  g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);
  g_autofree char *list = list_units (plan);

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_cmpstr (list, ==, wanted);
}

/* They stop before anything of the card is touched, and the guest's start when it is there. */
static void
test_to_guest (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST);

  expect (m, "stop-unit:a.service stop-unit:b.timer … verify:" PLAN_CARD
             " start-unit:x.service start-unit:y.service ");

  m->request->until_free = TRUE;
  expect (m, "stop-unit:a.service stop-unit:b.timer … verify:" PLAN_CARD
             " start-unit:x.service start-unit:y.service wait-guest:" PLAN_CARD " ");
}

/* What was done is undone, last first, whatever the settings say by now. */
static void
test_to_host (void)
{
  g_autoptr (PlanMachine) m = make_machine (GUEST, HOST);

  note (m, "needs-c.service", "c.service", FALSE);
  note (m, "c.service", "c.service", FALSE);
  note (m, "z.service", "z.service", TRUE);
  expect (m, "stop-unit:z.service … verify:" PLAN_CARD
             " start-unit:c.service start-unit:needs-c.service ");

  m->request->when_free = TRUE;
  expect (m, "wait-guest:" PLAN_CARD " stop-unit:z.service … verify:" PLAN_CARD
             " start-unit:c.service start-unit:needs-c.service ");
}

/* Where nothing was done nothing is undone: a card that was parked when the computer started. */
static void
test_to_host_without_notes (void)
{
  g_autoptr (PlanMachine) m = make_machine (GUEST, HOST);

  expect (m, "… verify:" PLAN_CARD " ");
}

/* A user's units are those of whoever asks, by his number; of nobody they are left alone, and that is
 * told. */
static void
test_units_of_users (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set_list (&m->profile->stop_units, "a.service user:a.service");
  plan_machine_set_list (&m->profile->start_units_guest, "user:x.service");
  m->request->has_systemd = TRUE;
  expect (m, "stop-unit:a.service stop-unit:user:1000:a.service … verify:" PLAN_CARD
             " start-unit:user:1000:x.service ");

  m->request->has_systemd = FALSE;
  expect (m, "stop-unit:a.service … verify:" PLAN_CARD " ");
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_UNIT_OF_NOBODY));
}

/* Whoever asks for it back may be somebody else: what was done says to whom. */
static void
test_units_of_users_come_back (void)
{
  g_autoptr (PlanMachine) m = make_machine (GUEST, HOST);

  note (m, "user:1000:a.service", "user:1000:a.service", FALSE);
  m->request->uid = 0;
  expect (m, "… verify:" PLAN_CARD " start-unit:user:1000:a.service ");
}

/* A user's process goes with his own unit, and with nobody else's of that name. */
static void
test_users_holders_go_with_their_unit (void)
{
  static const struct
  {
    guint uid;
    gboolean of_user;
    gboolean has_systemd;
    gboolean blocks;
  } rows[] = {
    { 1000, TRUE, TRUE, FALSE },
    { 1001, TRUE, TRUE, TRUE },
    { 1000, FALSE, TRUE, TRUE },
    { 1000, TRUE, FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      BatonHolder *holder =
          plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 77, "server", "/dev/dri/card1");
      g_autoptr (BatonPlan) plan = NULL;

      plan_machine_set_list (&m->profile->stop_units, "user:a.service");
      plan_machine_set (&holder->unit, "a.service");
      holder->of_user = rows[i].of_user;
      holder->uid = rows[i].uid;
      m->request->has_systemd = rows[i].has_systemd;
      plan = plan_machine_make_plan (m);

      g_test_message ("%u", i);
      g_assert_true (baton_plan_is_blocked (plan) == rows[i].blocks);
    }
}

/* A card that stays where it is takes no unit with it. */
static void
test_card_that_stays (void)
{
  g_autoptr (PlanMachine) m = make_machine (GUEST, GUEST);

  plan_machine_set_list (&m->profile->missing_units, "a.service");
  m->request->until_free = TRUE;
  expect (m, "wait-guest:" PLAN_CARD " ");
}

static BatonHolder *
add_holder (PlanMachine *m, BatonHolderKind kind, const char *unit)
{
  BatonHolder *holder = plan_machine_add_holder (m, kind, 77, "server", "/dev/dri/card1");

  plan_machine_set (&holder->unit, unit);

  return holder;
}

/* Whoever goes with its unit needs nobody's consent; a user's own unit of that name is another. */
static void
test_holders_go_with_their_unit (void)
{
  static const struct
  {
    BatonHolderKind kind;
    const char *unit;
    gboolean of_user;
    gboolean blocks;
  } rows[] = {
    { BATON_HOLDER_SERVICE, "a.service", FALSE, FALSE },
    { BATON_HOLDER_SOUND, "a.service", FALSE, FALSE },
    { BATON_HOLDER_COMPOSITOR, "a.service", FALSE, FALSE },
    { BATON_HOLDER_SERVICE, "a.service", TRUE, TRUE },
    { BATON_HOLDER_SERVICE, "x.service", FALSE, TRUE },
    { BATON_HOLDER_SERVICE, "other.service", FALSE, TRUE },
    { BATON_HOLDER_COMPOSITOR, NULL, FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = make_machine (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      add_holder (m, rows[i].kind, rows[i].unit)->of_user = rows[i].of_user;
      plan = plan_machine_make_plan (m);
      g_assert_cmpint (baton_plan_is_blocked (plan), ==, rows[i].blocks);
    }
}

/* Its buffers may be counted and seen nowhere, unlike those of NVIDIA's own services. */
static void
test_count_is_told_later (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlanMachine) m = make_machine (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      plan_machine_use_nvidia (m, "595.45.04");
      ((BatonNvidiaModule *) m->system->nvidia->modules->pdata[3])->refcount = 38;
      if (i == 1)
        add_holder (m, BATON_HOLDER_SERVICE, "a.service");
      plan = plan_machine_make_plan (m);
      g_assert_cmpint (baton_plan_find (plan, BATON_CODE_NVIDIA_COUNT_STUCK) != NULL, ==,
                       i == 0);
    }
}

static void
test_missing_blocks (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding = NULL;
  g_autofree char *text = NULL;

  plan_machine_set_list (&m->profile->missing_units, "x.service");
  plan = plan_machine_make_plan (m);
  finding = baton_plan_find (plan, BATON_CODE_UNIT_MISSING);
  g_assert_nonnull (finding);
  g_assert_true (baton_plan_is_blocked (plan));
  g_assert_cmpuint (plan->steps->len, ==, 0);
  text = baton_finding_dup_text (finding);
  g_assert_nonnull (strstr (text, "/etc/baton.conf"));
  g_assert_nonnull (strstr (text, "x.service"));
  g_assert_nonnull (strstr (text, "start-units-guest"));
}

/* What is carried out is what was shown, the units among it. */
static void
test_digest (void)
{
  g_autoptr (PlanMachine) m = make_machine (HOST, GUEST);
  g_autoptr (BatonPlan) before = plan_machine_make_plan (m);
  g_autoptr (BatonPlan) after = NULL;

  plan_machine_set_list (&m->profile->stop_units, "a.service");
  after = plan_machine_make_plan (m);
  g_assert_cmpstr (before->digest, !=, after->digest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/units/to-guest", test_to_guest);
  g_test_add_func ("/core/plan/of-users", test_units_of_users);
  g_test_add_func ("/core/plan/of-users-come-back", test_units_of_users_come_back);
  g_test_add_func ("/core/plan/users-holders", test_users_holders_go_with_their_unit);
  g_test_add_func ("/core/plan/units/to-host", test_to_host);
  g_test_add_func ("/core/plan/units/to-host-without-notes", test_to_host_without_notes);
  g_test_add_func ("/core/plan/units/card-that-stays", test_card_that_stays);
  g_test_add_func ("/core/plan/units/holders", test_holders_go_with_their_unit);
  g_test_add_func ("/core/plan/units/count", test_count_is_told_later);
  g_test_add_func ("/core/plan/units/missing", test_missing_blocks);
  g_test_add_func ("/core/plan/units/digest", test_digest);

  return g_test_run ();
}
