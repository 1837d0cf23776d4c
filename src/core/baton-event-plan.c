/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"
#include "baton-text.h"

static const char *const step_states[] = {
  [BATON_STEP_STATE_START] = "start",     [BATON_STEP_STATE_OK] = "ok",
  [BATON_STEP_STATE_SKIP] = "skip",       [BATON_STEP_STATE_FAIL] = "fail",
  [BATON_STEP_STATE_STALLED] = "stalled", [BATON_STEP_STATE_UNDO] = "undo",
  [BATON_STEP_STATE_UNDONE] = "undone",
};

/**
 * baton_step_state_to_string:
 * @state: how far a step is
 *
 * Returns: the word for it in the contract
 */
const char *
baton_step_state_to_string (BatonStepState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (step_states), NULL);

  return step_states[state];
}

/**
 * baton_event_writer_plan:
 * @self: a writer
 * @plan: a plan
 *
 * Writes what baton_plan_to_json() says of it; `findings` and `steps` may take several lines.
 */
void
baton_event_writer_plan (BatonEventWriter *self, BatonPlan *plan)
{
  static const char *const lists[] = { "findings", "steps", NULL };
  g_autoptr (JsonNode) node = baton_plan_to_json (plan);

  baton_event_writer_emit (self, "plan", json_node_get_object (node), lists);
}

/**
 * baton_event_writer_step:
 * @self: a writer
 * @step: a step of the plan that was written before
 * @state: how far it is
 * @errsv: the errno that it met with, or 0
 * @code: what is the matter with it, or %BATON_CODE_NONE
 * @args: (element-type utf8 utf8) (nullable): the code's arguments
 *
 * Writes how far a step is. The sentence of @code goes along for readers that do not know it.
 */
void
baton_event_writer_step (BatonEventWriter *self,
                         const BatonStep *step,
                         BatonStepState state,
                         int errsv,
                         BatonCode code,
                         GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autofree char *id = baton_step_dup_id (step);
  g_autofree char *text = info != NULL ? baton_code_dup_text (code, args) : NULL;
  g_autoptr (JsonObject) body = json_object_new ();

  json_object_set_int_member (body, "n", step->n);
  json_object_set_string_member (body, "id", id);
  json_object_set_string_member (body, "state", baton_step_state_to_string (state));
  if (errsv != 0)
    json_object_set_int_member (body, "errno", errsv);
  else
    json_object_set_null_member (body, "errno");
  baton_json_set_string (body, "code", info != NULL ? info->name : NULL);
  if (info != NULL)
    json_object_set_object_member (body, "args", baton_event_code_args_to_json (code, args));
  else
    json_object_set_null_member (body, "args");
  baton_json_set_string (body, "text", text);
  baton_event_writer_emit (self, "step", body, NULL);
}
