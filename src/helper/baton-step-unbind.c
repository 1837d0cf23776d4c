/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-along.h"
#include "baton-effect.h"
#include "baton-look.h"

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autofree char *driver = baton_effect_read_driver (context, step->target);

  if (driver == NULL)
    return TRUE;

  baton_effect_set_difference (context, step->target, NULL, driver, trouble);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);
  g_autofree char *driver = baton_effect_read_driver (context, step->target);

  if (driver == NULL)
    return BATON_OUTCOME_OK;
  if (before == NULL || g_strcmp0 (driver, before->driver) != 0)
    {
      /* Somebody else has changed it since the plan was made. */
      baton_effect_set_difference (context, step->target,
                                   before != NULL ? before->driver : NULL, driver, trouble);
      return BATON_OUTCOME_FAILED;
    }
  if (baton_function_driver_is_vfio (driver) &&
      !baton_look_is_group_free (context, step->target, trouble))
    return BATON_OUTCOME_FAILED;
  if (!baton_function_driver_is_vfio (driver) &&
      !baton_along_may_go (context, step->target, trouble))
    return BATON_OUTCOME_FAILED;

  return baton_effect_unbind (context, step->target, driver, trouble);
}

/* It is where it was, and so may be opened by whom it could be opened. */
static BatonOutcome
end_revert (BatonStepContext *context, const BatonFunctionState *before)
{
  if (context->to == BATON_SIDE_HOST && before->group != NULL &&
      baton_function_driver_is_vfio (before->driver))
    baton_step_let_open_give_again (context, before);

  return BATON_OUTCOME_OK;
}

/**
 * baton_step_unbind_give_back:
 * @context: the handoff
 * @address: a function of the card
 * @trouble: why it could not be done
 *
 * Gives a function the driver again that it had before the handoff. The override goes back first:
 * it would keep that driver from taking it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_step_unbind_give_back (BatonStepContext *context,
                             const char *address,
                             BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, address);
  g_autofree char *driver = baton_effect_read_driver (context, address);
  g_autofree char *found = NULL;
  BatonOutcome outcome;

  if (before == NULL)
    return BATON_OUTCOME_OK;
  if (g_strcmp0 (driver, before->driver) == 0)
    return end_revert (context, before);
  if (driver != NULL)
    {
      baton_effect_set_difference (context, address, before->driver, driver, trouble);
      return BATON_OUTCOME_FAILED;
    }
  outcome = baton_effect_set_override (context, address, before->override, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  outcome = baton_effect_bind (context, address, before->driver, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  found = baton_effect_read_driver (context, address);
  if (g_strcmp0 (found, before->driver) == 0)
    return end_revert (context, before);

  baton_effect_set_difference (context, address, before->driver, found, trouble);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return baton_step_unbind_give_back (context, step->target, trouble);
}

const BatonStepClass baton_step_unbind_class = {
  .cancel_before = TRUE,
  .wants_free_card = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
