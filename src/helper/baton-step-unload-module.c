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

typedef BatonOutcome (*GiveBack) (BatonStepContext *context,
                                  const BatonFunctionState *function,
                                  BatonTrouble *trouble);

static BatonOutcome
for_each_function (BatonStepContext *context,
                   const char *module,
                   GiveBack give_back,
                   BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;

  for (guint i = 0; outcome == BATON_OUTCOME_OK && i < context->before->functions->len; i++)
    {
      const BatonFunctionState *function = g_ptr_array_index (context->before->functions, i);

      if (g_strcmp0 (function->module, module) == 0)
        outcome = give_back (context, function, trouble);
    }

  return outcome;
}

static BatonOutcome
give_override (BatonStepContext *context,
               const BatonFunctionState *function,
               BatonTrouble *trouble)
{
  return baton_effect_set_override (context, function->address, function->override, trouble);
}

static BatonOutcome
give_driver (BatonStepContext *context,
             const BatonFunctionState *function,
             BatonTrouble *trouble)
{
  return baton_step_unbind_give_back (context, function->address, trouble);
}

/* What lost its driver with the module gets it again. Its override goes back first: NVIDIA's driver
 * does not stay where it may take no card (nv.c, nvidia_init_module()). */
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
  outcome = for_each_function (context, step->target, give_override, trouble);
  if (outcome == BATON_OUTCOME_OK)
    outcome = baton_effect_load_as_before (context, before, trouble);

  return outcome == BATON_OUTCOME_OK
             ? for_each_function (context, step->target, give_driver, trouble)
             : outcome;
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
