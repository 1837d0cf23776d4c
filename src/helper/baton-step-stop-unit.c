/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-owners-unit.h"
#include "baton-unit-job.h"
#include "baton-unit.h"

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  JsonNode *node = NULL;

  /* Of others a note is made when they are stopped. */
  if (!baton_unit_is_nvidias (step->target))
    return NULL;
  node = json_node_new (JSON_NODE_VALUE);
  json_node_set_boolean (node, baton_unit_is_running (context, step->target));

  return node;
}

static void
keep (BatonStepContext *context, const BatonStep *step, BatonCardState *origin)
{
  if (baton_unit_is_nvidias (step->target) && baton_unit_is_running (context, step->target))
    g_ptr_array_add (origin->units, g_strdup (step->target));
}

static gboolean
runs (BatonStepContext *context, const BatonStep *step)
{
  return baton_unit_is_nvidias (step->target)
             ? baton_unit_is_running (context, step->target)
             : baton_owners_unit_runs (context, step->target, TRUE);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* On the way to the host it is a problem by now if it is not so. */
  if ((applied && context->to == BATON_SIDE_HOST) || !runs (context, step))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_UNIT_STILL_RUNS, 0, "unit", step->target, NULL);

  return FALSE;
}

/* One that is stopped because it uses the card: its step says who does (BatonStep). */
static gboolean
uses_card (const BatonStep *step)
{
  return step->detail != NULL;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  if (!baton_unit_is_nvidias (step->target))
    return baton_owners_unit_stop (context, step->target, uses_card (step), trouble);

  /* It is put back if somebody asks to stop: there is nothing to be patient for. */
  return baton_unit_stop (context, step->target, 0, trouble);
}

/* Who cannot be asked, or says no, has not stopped it either. */
static void
tell_running (BatonStepContext *context, const BatonTrouble *why)
{
  g_autofree char *text = baton_trouble_dup_text (why);

  baton_event_writer_log (context->events, "warning", text);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;

  if (!baton_unit_is_nvidias (step->target))
    return baton_owners_unit_put_stop_back (context, step->target, trouble);
  if (remembered == NULL || !json_node_get_boolean (remembered))
    return BATON_OUTCOME_OK;

  /* Asked for whether its process is there or not: a stop that was given up goes on, and may be about
   * to end it. systemd waits for that, and leaves a unit alone that is active. */
  if (baton_unit_start (context, step->target, BATON_UNIT_JOB_TO_THE_END, &why) ==
      BATON_OUTCOME_OK)
    return BATON_OUTCOME_OK;
  if (baton_unit_is_running (context, step->target))
    {
      tell_running (context, &why);
      return BATON_OUTCOME_OK;
    }
  baton_trouble_move (trouble, &why);

  return BATON_OUTCOME_FAILED;
}

const BatonStepClass baton_step_stop_unit_class = {
  .cancel_before = TRUE,
  .remember = remember,
  .keep = keep,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
