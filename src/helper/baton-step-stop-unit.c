/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit.h"

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  JsonNode *node = json_node_new (JSON_NODE_VALUE);

  json_node_set_boolean (node, baton_unit_is_running (context, step->target));

  return node;
}

static void
keep (BatonStepContext *context, const BatonStep *step, BatonCardState *origin)
{
  if (baton_unit_is_running (context, step->target))
    g_ptr_array_add (origin->units, g_strdup (step->target));
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (!baton_unit_is_running (context, step->target))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_UNIT_STILL_RUNS, 0, "unit", step->target, NULL);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return baton_unit_stop (context, step->target, trouble);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  if (remembered == NULL || !json_node_get_boolean (remembered) ||
      baton_unit_is_running (context, step->target))
    return BATON_OUTCOME_OK;

  return baton_unit_start (context, step->target, trouble);
}

const BatonStepClass baton_step_stop_unit_class = {
  .cancel_before = TRUE,
  .remember = remember,
  .keep = keep,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
