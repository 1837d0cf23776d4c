/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST

static void
add_framebuffer (BatonCard *card, const char *path)
{
  BatonNode *node = g_new0 (BatonNode, 1);

  node->kind = BATON_NODE_FRAMEBUFFER;
  node->path = g_strdup (path);
  node->function = g_strdup (card->display->address);
  g_ptr_array_add (card->display->nodes, node);
  g_ptr_array_add (card->nodes, node);
}

static void
draw_consoles (GPtrArray *holders)
{
  BatonHolder *holder = g_new0 (BatonHolder, 1);

  holder->kind = BATON_HOLDER_KERNEL;
  holder->name = g_strdup ("fbcon");
  holder->command = g_strdup ("");
  holder->user = g_strdup ("");
  holder->how = BATON_HOW_CONSOLE;
  g_ptr_array_add (holders, holder);
}

static PlanMachine *
make_drawn (void)
{
  PlanMachine *m = plan_machine_new (HOST, GUEST);

  add_framebuffer (m->card, "/dev/fb0");
  draw_consoles (m->holders->holders);

  return m;
}

static const BatonStep *
find_step (const BatonPlan *plan, guint *ret_place)
{
  for (guint i = 0; i < plan->steps->len; i++)
    if (((BatonStep *) plan->steps->pdata[i])->kind == BATON_STEP_SHOW_CONSOLES)
      {
        *ret_place = i;
        return plan->steps->pdata[i];
      }

  return NULL;
}

static gboolean
is_kind (const BatonPlan *plan, guint place, BatonStepKind kind)
{
  return ((BatonStep *) plan->steps->pdata[place])->kind == kind;
}

/* Before anything is taken from its driver. */
static void
test_move (void)
{
  g_autoptr (PlanMachine) m = make_drawn ();
  g_autoptr (BatonPlan) plan = NULL;
  const BatonStep *step;
  guint place = 0;

  add_framebuffer (m->other, "/dev/fb1");
  m->system->consoles_let_go = FALSE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLE_MOVES));
  g_assert_null (baton_plan_find (plan, BATON_CODE_CONSOLE_GOES));
  step = find_step (plan, &place);
  g_assert_nonnull (step);
  g_assert_cmpstr (step->target, ==, PLAN_OTHER);
  g_assert_cmpstr (step->detail, ==, PLAN_CARD);
  g_assert_true (is_kind (plan, place - 1, BATON_STEP_SET_OVERRIDE));
  g_assert_true (is_kind (plan, place + 1, BATON_STEP_UNBIND));
}

static void
test_nowhere_to_move (void)
{
  g_autoptr (PlanMachine) m = make_drawn ();
  g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);
  guint place = 0;

  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLE_GOES));
  g_assert_null (find_step (plan, &place));
}

/* Whoever has no framebuffer cannot take them over. */
static void
test_stuck (void)
{
  g_autoptr (PlanMachine) m = make_drawn ();
  g_autoptr (BatonPlan) plan = NULL;

  m->system->consoles_let_go = FALSE;
  plan = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLES_STUCK));
}

/* What draws none may go whatever the kernel would do. */
static void
test_not_drawn (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  guint place = 0;

  add_framebuffer (m->card, "/dev/fb0");
  add_framebuffer (m->other, "/dev/fb1");
  m->system->consoles_let_go = FALSE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_null (find_step (plan, &place));
  g_assert_null (baton_plan_find (plan, BATON_CODE_CONSOLE_MOVES));
}

/* When it is proven to be there. */
static void
test_stand_in_shows_them (void)
{
  g_autoptr (PlanMachine) m = make_drawn ();
  g_autoptr (BatonPlan) plan = NULL;
  const BatonStep *step;
  guint place = 0;

  plan_machine_add_stand_in (m, "vfio-pci", NULL);
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLE_MOVES));
  step = find_step (plan, &place);
  g_assert_nonnull (step);
  g_assert_cmpstr (step->target, ==, PLAN_STAND_IN);
  g_assert_cmpstr (step->card, ==, PLAN_STAND_IN);
  g_assert_null (step->detail);
  g_assert_true (is_kind (plan, place - 1, BATON_STEP_VERIFY));
}

/* It comes when the other has gone, which is too late for such a kernel. */
static void
test_stuck_with_stand_in (void)
{
  g_autoptr (PlanMachine) m = make_drawn ();
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_add_stand_in (m, "vfio-pci", NULL);
  m->system->consoles_let_go = FALSE;
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLES_STUCK));
}

/* The way back is never blocked by it: the strong card is there before the other goes. */
static void
test_stand_in_gives_them_back (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
  g_autoptr (BatonPlan) plan = NULL;
  BatonHolders *holders = NULL;
  BatonCard *card = plan_machine_add_stand_in (m, "radeon", &holders);
  const BatonStep *step;
  guint place = 0;

  add_framebuffer (card, "/dev/fb0");
  draw_consoles (holders->holders);
  m->system->consoles_let_go = FALSE;
  m->card->stand_in_noted = baton_also_new (PLAN_STAND_IN, PLAN_STAND_IN_IDENTITY);
  plan = plan_machine_make_plan (m);
  g_assert_null (baton_plan_find (plan, BATON_CODE_CONSOLES_STUCK));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLE_MOVES));
  step = find_step (plan, &place);
  g_assert_nonnull (step);
  g_assert_cmpstr (step->target, ==, PLAN_CARD);
  g_assert_cmpstr (step->detail, ==, PLAN_STAND_IN);
  g_assert_null (step->card);
  g_assert_true (is_kind (plan, place - 1, BATON_STEP_VERIFY));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan-text-consoles/move", test_move);
  g_test_add_func ("/core/plan-text-consoles/nowhere-to-move", test_nowhere_to_move);
  g_test_add_func ("/core/plan-text-consoles/stuck", test_stuck);
  g_test_add_func ("/core/plan-text-consoles/not-drawn", test_not_drawn);
  g_test_add_func ("/core/plan-text-consoles/stand-in-shows-them", test_stand_in_shows_them);
  g_test_add_func ("/core/plan-text-consoles/stuck-with-stand-in", test_stuck_with_stand_in);
  g_test_add_func ("/core/plan-text-consoles/stand-in-gives-them-back",
                   test_stand_in_gives_them_back);

  return g_test_run ();
}
