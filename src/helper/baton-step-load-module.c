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
  const BatonModuleState *before = find_before (context, step);

  if (is_only_as_before (step) && (applied || before == NULL))
    return TRUE;
  /* Whoever was quicker may have loaded it with other settings than it had: that is for apply(). */
  if (before == NULL || applied ? baton_module_state_is_loaded (context->root, step->target)
                                : baton_effect_is_loaded_as_before (context, before))
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
    return baton_effect_load_module (context, step->target, NULL, trouble);
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

static gboolean
takes_card (const BatonStep *step)
{
  return g_strcmp0 (step->detail, BATON_TAKES_CARD) == 0;
}

/* What a module has taken while it was loaded is what a step of the next kind would have given it. */
static BatonStep
make_bind (const char *address)
{
  return (BatonStep){ .kind = BATON_STEP_BIND, .target = (char *) address };
}

static gboolean
is_kept (BatonStepContext *context, const BatonStep *step, BatonTrouble *ret_who)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      const BatonStep bind = make_bind (state->address);

      if (baton_step_bind_is_kept (context, &bind, ret_who))
        return TRUE;
    }

  return FALSE;
}

/* Before the module goes, which would take the card from whoever has begun to use it. */
static BatonOutcome
give_up_card (BatonStepContext *context, BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;

  for (guint i = 0; outcome == BATON_OUTCOME_OK && i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      const BatonStep bind = make_bind (state->address);

      outcome = baton_step_bind_class.revert (context, &bind, NULL, trouble);
    }

  return outcome;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  BatonOutcome outcome = takes_card (step) ? give_up_card (context, trouble) : BATON_OUTCOME_OK;

  /* udev has loaded for it what its card's driver has on top. */
  if (outcome == BATON_OUTCOME_OK && takes_card (step) && remembered != NULL)
    outcome = baton_effect_unload_with_users (context, step->target, trouble);

  return outcome == BATON_OUTCOME_OK
             ? baton_effect_unload_modules (context, remembered, trouble)
             : outcome;
}

const BatonStepClass baton_step_load_module_class = {
  .cancel_before = TRUE,
  .shares_card = TRUE,
  .may_climb = TRUE,
  .moves_card = takes_card,
  .is_kept = is_kept,
  .remember = remember,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
