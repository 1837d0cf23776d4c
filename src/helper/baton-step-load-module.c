/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

/* What was there before the card left, or NULL where this module was not. */
static const BatonModuleState *
find_before (BatonStepContext *context, const BatonStep *step)
{
  return context->origin != NULL ? baton_card_state_find_module (context->origin, step->target)
                                 : NULL;
}

static gboolean
is_only_as_before (const BatonStep *step)
{
  return g_strcmp0 (step->detail, BATON_AS_BEFORE) == 0;
}

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  if (baton_module_state_is_loaded (context->root, step->target))
    return NULL;

  return baton_effect_list_loads (step->target);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (baton_module_state_is_loaded (context->root, step->target) ||
      (is_only_as_before (step) && (applied || find_before (context, step) == NULL)))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_MODULE_NOT_LISTED, 0, "module", step->target, NULL);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  const BatonModuleState *before = find_before (context, step);
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
  BatonOutcome outcome;

  if (before == NULL)
    return baton_effect_load_module (context, step->target, trouble);
  if (!is_only_as_before (step))
    return baton_effect_load_as_before (context, before, trouble);

  /* The card is back: what it lacks is a problem, and no reason to take it away again. */
  outcome = baton_effect_load_as_before (context, before, &problem);
  if (outcome == BATON_OUTCOME_STUCK)
    baton_trouble_set (trouble, problem.code, problem.errsv, "subject", step->target, NULL);
  else if (outcome != BATON_OUTCOME_OK)
    g_ptr_array_add (context->problems, baton_trouble_copy (&problem));

  return outcome == BATON_OUTCOME_STUCK ? outcome : BATON_OUTCOME_OK;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return baton_effect_unload_modules (context, remembered, trouble);
}

const BatonStepClass baton_step_load_module_class = {
  .cancel_before = TRUE,
  .remember = remember,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
