/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#define METHOD "reset_method"

/* Nothing tells a card that was reset from one that was not. */
static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied || baton_step_is_left_out (context, step);
}

/* Kernels before 5.15 have no such list: there, whoever brings a method of his own is asked first. */
static char *
read_methods (BatonStepContext *context, const BatonStep *step)
{
  return step->detail != NULL && !g_str_equal (step->detail, BATON_IF_NEEDED)
             ? baton_effect_read_attribute (context, step->target, METHOD)
             : NULL;
}

/* The one method that is named: any other might come first and seem to work. */
static BatonOutcome
set_method (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autofree char *now = read_methods (context, step);
  g_autofree char *found = NULL;
  BatonOutcome outcome;

  if (now == NULL || g_str_equal (now, step->detail))
    return BATON_OUTCOME_OK;
  outcome = baton_effect_set_attribute (context, step->target, METHOD, step->detail, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  found = read_methods (context, step);
  if (g_strcmp0 (found, step->detail) == 0)
    return BATON_OUTCOME_OK;
  baton_effect_set_difference (context, step->target, step->detail, found, trouble);

  return BATON_OUTCOME_FAILED;
}

/* The list that its owner, or the kernel, had there before; where somebody has set another one
 * meanwhile, that is his. */
static BatonOutcome
put_methods_back (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);
  g_autofree char *now = read_methods (context, step);
  g_autofree char *methods = NULL;
  g_autofree char *found = NULL;
  BatonOutcome outcome;

  if (before == NULL || before->reset_methods == NULL || now == NULL ||
      !g_str_equal (now, step->detail))
    return BATON_OUTCOME_OK;
  methods = g_strjoinv (" ", before->reset_methods);
  if (g_str_equal (now, methods))
    return BATON_OUTCOME_OK;

  /* To write nothing is no write at all: an empty line is an empty list (drivers/pci/pci.c,
   * reset_method_store). */
  outcome = baton_effect_set_attribute (context, step->target, METHOD,
                                        *methods != '\0' ? methods : "\n", trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  found = read_methods (context, step);
  if (g_strcmp0 (found, methods) == 0)
    return BATON_OUTCOME_OK;
  baton_effect_set_difference (context, step->target, methods, found, trouble);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  BatonOutcome outcome = baton_effect_let_go_of_all (context, trouble);

  if (outcome == BATON_OUTCOME_OK)
    outcome = set_method (context, step, trouble);

  return outcome == BATON_OUTCOME_OK ? baton_effect_reset (context, step->target, trouble)
                                     : outcome;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return put_methods_back (context, step, trouble);
}

/* Resets the card while no driver has it. Where no method works, there may still be a rung left
 * that does without. */
const BatonStepClass baton_step_reset_class = {
  .cancel_before = TRUE,
  .may_climb = TRUE,
  .rung = BATON_RUNG_RESET,
  .observe = observe,
  .apply = apply,
  .revert = revert,
  .finish = put_methods_back,
};
