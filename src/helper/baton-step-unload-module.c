/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  g_autoptr (BatonModuleState) state = baton_module_state_read (context->root, step->target);

  return state != NULL ? baton_module_state_to_json (state) : NULL;
}

/* The way back is another handoff, which knows only what is kept for it. */
static void
keep (BatonStepContext *context, const BatonStep *step, BatonCardState *origin)
{
  BatonModuleState *state = baton_module_state_read (context->root, step->target);

  if (state != NULL)
    g_ptr_array_add (origin->modules, state);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (!baton_module_state_is_loaded (context->root, step->target))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_MODULE_STILL_THERE, 0, "module", step->target, NULL);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return baton_effect_unload_module (context, step->target, trouble);
}

/* What lost its driver with the module gets it again: the override keeps it from being taken while
 * the module is loaded. */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  g_autoptr (BatonModuleState) before = baton_module_state_new_from_json (remembered);
  BatonOutcome outcome;

  if (before == NULL)
    return BATON_OUTCOME_OK;
  outcome = baton_effect_load_as_before (context, before, trouble);

  for (guint i = 0; outcome == BATON_OUTCOME_OK && i < context->before->functions->len; i++)
    {
      const BatonFunctionState *function = g_ptr_array_index (context->before->functions, i);

      if (g_strcmp0 (function->module, step->target) == 0)
        outcome = baton_step_unbind_give_back (context, function->address, trouble);
    }

  return outcome;
}

const BatonStepClass baton_step_unload_module_class = {
  .cancel_before = TRUE,
  .wants_free_card = TRUE,
  .remember = remember,
  .keep = keep,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
