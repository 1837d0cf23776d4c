/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-child.h"
#include "baton-owners-unit.h"
#include "baton-unit-job.h"
#include "baton-unit.h"

/* Only what ran before the card left; where nobody knows, nothing is started. */
static gboolean
is_wanted (BatonStepContext *context, const BatonStep *step)
{
  return context->origin != NULL && baton_card_state_has_unit (context->origin, step->target);
}

/* The card is back: a service that does not start is a problem, and no reason to take the card
 * away again. */
static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (!baton_unit_is_nvidias (step->target))
    return applied || baton_owners_unit_runs (context, step->target, FALSE);

  return applied || !is_wanted (context, step) || baton_unit_is_running (context, step->target);
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

  if (!baton_unit_is_nvidias (step->target))
    return baton_owners_unit_start (context, step->target, trouble);

  /* Somebody who asks to stop comes too late for the card, which is back. He is spared a service
   * that hangs, and not what any service takes to start. */
  if (baton_unit_start (context, step->target, BATON_CHILD_SOFT_MS, &problem) ==
          BATON_OUTCOME_OK &&
      !baton_unit_is_running (context, step->target))
    baton_trouble_set (&problem, BATON_CODE_UNIT_DOES_NOT_RUN, 0, "unit", step->target, NULL);
  if (problem.code != BATON_CODE_NONE)
    g_ptr_array_add (context->problems, baton_trouble_copy (&problem));

  return BATON_OUTCOME_OK;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  if (!baton_unit_is_nvidias (step->target))
    return baton_owners_unit_put_start_back (context, step->target, trouble);
  if (!baton_unit_is_running (context, step->target))
    return BATON_OUTCOME_OK;

  return baton_unit_stop (context, step->target, BATON_UNIT_JOB_TO_THE_END, trouble);
}

const BatonStepClass baton_step_start_unit_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
