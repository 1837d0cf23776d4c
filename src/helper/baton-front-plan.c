/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

static int
end_with_plan (BatonFront *self, BatonMachine *machine, const BatonPlan *plan)
{
  const BatonCard *card = baton_machine_find_card (machine, plan->cards[0]);
  g_autofree char *count = NULL;
  guint n_blockers = 0;

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);

      if (baton_finding_get_severity (finding) == BATON_SEVERITY_BLOCKER && !finding->granted)
        n_blockers++;
    }

  if (baton_plan_is_blocked (plan))
    {
      count = g_strdup_printf ("%u", n_blockers);
      return baton_front_end (self, BATON_EXIT_REFUSED, BATON_CODE_REFUSED, "count", count);
    }
  if (plan->there_already)
    return baton_front_end (self, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_DO, "card",
                            card != NULL ? baton_card_get_name (card) : plan->cards[0]);

  count = g_strdup_printf ("%u", plan->steps->len);
  return baton_front_end (self, BATON_EXIT_DONE, BATON_CODE_PLAN_READY, "count", count);
}

/**
 * baton_front_plan:
 * @self: the front
 * @arguments: exactly what `hand` takes
 *
 * Shows what a handoff would be, without rights to do it.
 *
 * Returns: the exit status
 */
int
baton_front_plan (BatonFront *self, const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = baton_request_new_from_arguments (arguments, &error);
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonProfile) profile = NULL;
  g_autoptr (GPtrArray) holders = NULL;
  g_autoptr (BatonPlan) plan = NULL;

  if (request == NULL)
    return baton_front_refuse_arguments (self, error->message);
  request->uid = self->caller->uid;
  baton_request_look (request, self->root);

  holders = baton_holders_look (self->root, &machine, &error);
  if (holders == NULL)
    return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason",
                            error->message);

  profile = baton_profile_load (self->root, request->cards[0]);
  plan = baton_plan_new (machine, holders, profile, request);

  baton_event_writer_machine (self->writer, machine);
  for (guint i = 0; i < holders->len; i++)
    baton_event_writer_holders (self->writer, g_ptr_array_index (holders, i));
  baton_event_writer_plan (self->writer, plan);

  return end_with_plan (self, machine, plan);
}
