/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

/* Overrides that park a card. To restore one of them would keep the host's driver away. */
static const char *const parking[] = { "vfio-pci", "pci-stub", "none" };

static gboolean
is_parking (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (parking); i++)
    if (g_strcmp0 (text, parking[i]) == 0)
      return TRUE;

  return FALSE;
}

/* What is wanted: the step's own text, or, where that is empty, what was set before the card left
 * the host. */
static const char *
find_text (BatonStepContext *context, const BatonStep *step)
{
  const BatonFunctionState *origin =
      context->origin != NULL ? baton_card_state_find (context->origin, step->target) : NULL;

  if (step->detail != NULL && *step->detail != '\0')
    return step->detail;
  if (origin == NULL || origin->override == NULL || is_parking (origin->override))
    return NULL;

  return origin->override;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  const char *text = find_text (context, step);
  g_autofree char *now = baton_effect_read_override (context, step->target);

  if (g_strcmp0 (now, text) == 0)
    return TRUE;

  baton_effect_set_difference (context, step->target, text, now, trouble);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return baton_effect_set_override (context, step->target, find_text (context, step), trouble);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);

  BatonOutcome outcome = baton_effect_find_again (context, step->target, trouble);

  if (outcome != BATON_OUTCOME_OK || before == NULL)
    return outcome;

  return baton_effect_set_override (context, step->target, before->override, trouble);
}

const BatonStepClass baton_step_set_override_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
