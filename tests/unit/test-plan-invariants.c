/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "plan-machine.h"

#define N_MACHINES 3000
#define FOREIGN "0000:02:00.0"

/* What a plan keeps to on any machine, however odd: drivers, overrides, groups, consents and
 * holders are drawn by lot, from a seed that GLib prints and repeats (--seed). */

static const char *
draw (const char *const *words, guint n_words)
{
  return words[g_test_rand_int_range (0, (int) n_words)];
}

static gboolean
toss (void)
{
  return g_test_rand_bit ();
}

static void
draw_function (BatonFunction *function, const char *host_driver)
{
  const char *const drivers[] = { host_driver, "vfio-pci", NULL, "pci-stub" };
  const char *const overrides[] = { NULL, NULL, "vfio-pci", "none", host_driver };
  const char *const controls[] = { "on", "auto", NULL };

  plan_machine_set (&function->driver, draw (drivers, G_N_ELEMENTS (drivers)));
  plan_machine_set (&function->override, draw (overrides, G_N_ELEMENTS (overrides)));
  plan_machine_set (&function->power_control, draw (controls, G_N_ELEMENTS (controls)));
  if (g_test_rand_int_range (0, 20) == 0)
    plan_machine_set_list (&function->modules, "");
}

static void
draw_holder (PlanMachine *m, guint number)
{
  static const char *const nodes[] = { "/dev/dri/card1", "/dev/snd/controlC1", "/dev/vfio/7" };
  BatonHolder *holder = plan_machine_add_holder (
      m, g_test_rand_int_range (BATON_HOLDER_APP, BATON_HOLDER_KERNEL + 1), 500 + (int) number,
      "holder", draw (nodes, G_N_ELEMENTS (nodes)));

  holder->closable = toss ();
  if (toss ())
    holder->scope = g_strdup ("app-one.scope");
  if (toss ())
    baton_request_add_close (m->request, holder->pid, PLAN_DIGITS);
}

static void
draw_nvidia (PlanMachine *m)
{
  static const char *const versions[] = { "550.163.01", "580.105.08", "595.45.04", NULL };
  gboolean is_there = m->display->driver != NULL && !baton_function_is_on_vfio (m->display);

  plan_machine_use_nvidia (m, draw (versions, G_N_ELEMENTS (versions)));
  if (!is_there)
    {
      plan_machine_set (&m->display->driver, toss () ? "vfio-pci" : NULL);
      plan_machine_set_loaded (m, "snd_hda_intel");
    }
  plan_machine_set_list (&m->system->nvidia->installed_units, "nvidia-persistenced.service");
  if (is_there && toss ())
    plan_machine_set_list (&m->system->nvidia->units, "nvidia-persistenced.service");
}

static PlanMachine *
draw_machine (void)
{
  PlanMachine *m =
      plan_machine_new (BATON_SIDE_HOST, toss () ? BATON_SIDE_GUEST : BATON_SIDE_HOST);

  draw_function (m->display, "bochs-drm");
  draw_function (m->sound, "snd_hda_intel");
  if (toss ())
    draw_function (plan_machine_add_companion (m, "0000:01:00.2", 0x0c0330, NULL), "xhci_hcd");
  if (g_test_rand_int_range (0, 8) == 0)
    plan_machine_add_function (m, FOREIGN, 0x010802, toss () ? "nvme" : NULL, "7");
  for (int i = g_test_rand_int_range (-4, 3); i > 0; i--)
    draw_holder (m, (guint) i);
  if (toss ())
    plan_machine_set_loaded (m, "");
  if (g_test_rand_int_range (0, 4) == 0)
    draw_nvidia (m);
  m->system->vfio = toss () ? BATON_VFIO_READY : BATON_VFIO_LOADABLE;
  m->profile->return_method =
      g_test_rand_int_range (BATON_RETURN_AUTO, BATON_RETURN_RESCAN + 1);
  m->request->let_open = toss ();
  m->request->when_free = toss ();
  m->request->until_free = toss ();
  m->request->within_minutes = m->request->until_free && toss () ? BATON_MAX_MINUTES : 0;

  return m;
}

static guint
find_step (const BatonPlan *plan, BatonStepKind kind, const char *target)
{
  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];

      if (step->kind == kind && (target == NULL || g_strcmp0 (step->target, target) == 0))
        return step->n;
    }

  return 0;
}

/* Every step is about the card, is there once, and comes in an order that never leaves a
 * function without protection. */
static void
check_step (const PlanMachine *m, const BatonPlan *plan, const BatonStep *step)
{
  const BatonFunction *function = baton_machine_find_function (m->machine, step->target);
  guint display_bound = find_step (plan, BATON_STEP_BIND, PLAN_CARD);
  guint override = find_step (plan, BATON_STEP_SET_OVERRIDE, step->target);

  if (function != NULL)
    g_assert_true (baton_card_travels (m->card, step->target));
  g_assert_false (step->persistent);

  switch (step->kind)
    {
    case BATON_STEP_UNBIND:
      g_assert_cmpstr (step->detail, ==, function->driver);
      g_assert_cmpuint (find_step (plan, BATON_STEP_BIND, step->target), >, step->n);
      if (plan->to == BATON_SIDE_GUEST && g_strcmp0 (function->override, "vfio-pci") != 0)
        {
          g_assert_cmpuint (override, >, 0);
          g_assert_cmpuint (override, <, step->n);
        }
      break;
    case BATON_STEP_BIND:
      if (display_bound != 0)
        g_assert_cmpuint (step->n, >=, display_bound);
      if (function->driver != NULL)
        g_assert_true (find_step (plan, BATON_STEP_UNBIND, step->target) > 0 ||
                       find_step (plan, BATON_STEP_UNLOAD_MODULE, BATON_NVIDIA_DRIVER) > 0);
      break;
    case BATON_STEP_UNLOAD_MODULE:
      /* Whatever stands on the driver can be refused while nothing is unbound. */
      if (g_strcmp0 (step->target, BATON_NVIDIA_DRIVER) != 0)
        for (guint i = 0; i < step->n; i++)
          g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, !=, BATON_STEP_UNBIND);
      break;
    case BATON_STEP_PROVE_UNUSED:
      for (guint i = 0; i < step->n; i++)
        g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, !=, BATON_STEP_UNBIND);
      break;
    case BATON_STEP_STOP_UNIT:
      g_assert_cmpuint (find_step (plan, BATON_STEP_PROVE_UNUSED, PLAN_CARD), >, step->n);
      break;
    case BATON_STEP_START_UNIT:
      g_assert_cmpuint (step->n, >, display_bound);
      break;
    case BATON_STEP_RESET:
      /* With no driver on any of it, which would be in the middle of its work. */
      g_assert_cmpint (plan->to, ==, BATON_SIDE_HOST);
      g_assert_cmpuint (display_bound, >, step->n);
      for (guint i = step->n; i < plan->steps->len; i++)
        g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, !=, BATON_STEP_UNBIND);
      break;
    case BATON_STEP_REMOVE_FUNCTION:
      /* Never a bridge, never with a driver, and always found again before it is given away. */
      g_assert_false (function->is_bridge);
      if (function->driver != NULL)
        g_assert_cmpuint (find_step (plan, BATON_STEP_UNBIND, step->target), <, step->n);
      g_assert_cmpuint (find_step (plan, BATON_STEP_RESCAN_BUS, NULL), >, step->n);
      break;
    case BATON_STEP_RESCAN_BUS:
      g_assert_cmpint (plan->to, ==, BATON_SIDE_HOST);
      g_assert_cmpuint (display_bound, >, step->n);
      break;
    case BATON_STEP_VERIFY:
      for (guint i = step->n; i < plan->steps->len; i++)
        g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, ==,
                         BATON_STEP_WAIT_GUEST);
      break;
    case BATON_STEP_LOAD_MODULE:
      if (g_strcmp0 (step->detail, BATON_AS_BEFORE) == 0)
        break;
      if (g_strcmp0 (step->detail, BATON_TAKES_CARD) == 0)
        {
          /* When nothing keeps it from the card, and before somebody looks for its driver. */
          for (guint i = step->n; i < plan->steps->len; i++)
            g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, !=,
                             BATON_STEP_SET_OVERRIDE);
          g_assert_cmpuint (display_bound, >, step->n);
          break;
        }
      for (guint i = 0; i < step->n; i++)
        g_assert_cmpint (((BatonStep *) plan->steps->pdata[i])->kind, !=, BATON_STEP_UNBIND);
      break;
    case BATON_STEP_CLOSE_PROCESS:
      g_assert_cmpuint (find_step (plan, BATON_STEP_CLOSE_PROCESS, NULL), ==, 1);
      break;
    case BATON_STEP_RELEASE_CARD:
      g_assert_cmpstr (step->target, ==, PLAN_CARD);
      g_assert_cmpint (plan->to, ==, BATON_SIDE_GUEST);
      g_assert_cmpuint (find_step (plan, BATON_STEP_UNBIND, PLAN_CARD), >, step->n);
      break;
    case BATON_STEP_RESERVE_SOUND:
      g_assert_true (baton_function_is_sound (function));
      g_assert_cmpint (plan->to, ==, BATON_SIDE_GUEST);
      g_assert_cmpuint (find_step (plan, BATON_STEP_UNBIND, step->target), >, step->n);
      break;
    case BATON_STEP_HOLD_POWER:
    case BATON_STEP_SET_OVERRIDE:
    case BATON_STEP_LET_OPEN:
    case BATON_STEP_WAIT_GUEST:
    case BATON_N_STEP_KINDS:
    default:
      break;
    }
}

static gboolean
has_foreign_driver (const PlanMachine *m)
{
  const BatonFunction *foreign = baton_machine_find_function (m->machine, FOREIGN);

  return foreign != NULL && foreign->driver != NULL;
}

static void
check_plan (const PlanMachine *m, const BatonPlan *plan)
{
  gboolean is_blocked = baton_plan_is_blocked (plan);
  gboolean moves = find_step (plan, BATON_STEP_BIND, NULL) != 0;

  /* The one thing that moves where the card is already is a companion that has lost its driver. */
  if (m->card->side == plan->to)
    {
      g_assert_true (!moves ||
                     (plan->to == BATON_SIDE_HOST &&
                      baton_plan_find (plan, BATON_CODE_COMPANION_LOST_DRIVER) != NULL));
      g_assert_cmpuint (find_step (plan, BATON_STEP_BIND, PLAN_CARD), ==, 0);
      g_assert_cmpuint (find_step (plan, BATON_STEP_UNBIND, NULL), ==, 0);
    }
  else if (!is_blocked)
    g_assert_cmpuint (find_step (plan, BATON_STEP_VERIFY, PLAN_CARD), >, 0);

  if (plan->to == BATON_SIDE_GUEST && moves)
    g_assert_false (has_foreign_driver (m));
  if (plan->there_already)
    g_assert_true (!is_blocked && plan->steps->len == 0);

  for (guint i = 0; i < plan->steps->len; i++)
    check_step (m, plan, plan->steps->pdata[i]);
}

/* Nobody who has the card through what moves is passed over. */
static void
check_holders (const PlanMachine *m, const BatonPlan *plan)
{
  if (m->card->side == plan->to || baton_plan_is_blocked (plan))
    return;

  for (guint i = 0; i < m->holders->holders->len; i++)
    {
      const BatonHolder *holder = m->holders->holders->pdata[i];
      gboolean waits = plan->to == BATON_SIDE_HOST && m->request->when_free;
      gboolean is_near = plan->to == BATON_SIDE_GUEST || (holder->how & BATON_HOW_VFIO) != 0;

      if (!is_near || holder->kind == BATON_HOLDER_KERNEL)
        continue;
      g_assert_true (holder->closable || (waits && holder->kind == BATON_HOLDER_VM));
      g_assert_true ((waits && holder->kind == BATON_HOLDER_VM) ||
                     find_step (plan, BATON_STEP_CLOSE_PROCESS, NULL) == 1 ||
                     find_step (plan, BATON_STEP_RESERVE_SOUND, NULL) > 0);
    }
}

static void
test_any_machine (void)
{
  guint n_moving = 0;

  for (guint i = 0; i < N_MACHINES; i++)
    {
      g_autoptr (PlanMachine) m = draw_machine ();
      g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);
      g_autoptr (BatonPlan) again = plan_machine_make_plan (m);
      g_autofree char *steps = plan_machine_list_steps (plan);
      g_autofree char *steps_again = plan_machine_list_steps (again);

      check_plan (m, plan);
      check_holders (m, plan);
      g_assert_cmpstr (plan->digest, ==, again->digest);
      g_assert_cmpstr (steps, ==, steps_again);
      n_moving += find_step (plan, BATON_STEP_BIND, NULL) != 0;
    }

  /* Lots that never let a card move would prove nothing. */
  g_assert_cmpuint (n_moving, >, N_MACHINES / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/invariants/any-machine", test_any_machine);

  return g_test_run ();
}
