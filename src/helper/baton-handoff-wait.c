/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-private.h"

#include "baton-report.h"

/* After a handoff to the guest, the wait for its end belongs to no journal: the handoff is done,
 * and to put it back would take the card from a guest that runs. */
BatonStep *
baton_handoff_split_off_wait (BatonHandoff *self)
{
  GPtrArray *steps = self->record->steps;
  BatonStep *last = g_ptr_array_index (steps, steps->len - 1);

  if (self->record->to != BATON_SIDE_GUEST || last->kind != BATON_STEP_WAIT_GUEST)
    return NULL;

  return g_ptr_array_steal_index (steps, steps->len - 1);
}

/* The report was kept when the handoff was done, and the next login is to read of this as well. */
static void
amend_report (BatonHandoff *self, const BatonEnd *end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = baton_report_load (self->root, NULL);
  g_autoptr (JsonNode) changed = baton_end_to_json (end);
  JsonObject *object = report != NULL ? json_node_get_object (report) : NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (object == NULL ||
      g_strcmp0 (json_object_get_string_member_with_default (object, "handoff", NULL),
                 self->record->handoff) != 0)
    return;
  json_object_iter_init (&iter, json_node_get_object (changed));
  while (json_object_iter_next (&iter, &name, &value))
    json_object_set_member (object, name, json_node_copy (value));
  if (!baton_report_save (report, self->root, &error))
    baton_handoff_warn (self, error);
}

/* What went wrong afterwards does not undo the handoff, and is not kept from whoever asked. */
static void
add_problem (BatonHandoff *self, BatonEnd **end, const BatonTrouble *problem)
{
  if ((*end)->status == BATON_EXIT_DONE)
    {
      baton_end_free (*end);
      *end = baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_HANDED_OVER_WITH_PROBLEMS, "card",
                            self->record->card_name, NULL);
    }
  baton_end_add_problem (*end, problem);
  amend_report (self, *end);
}

gboolean
baton_handoff_wait_for_guest (BatonHandoff *self, const BatonStep *step, BatonEnd **end)
{
  const BatonStepClass *class = baton_step_get_class (step->kind);
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  BatonOutcome outcome;

  self->context.step = step;
  baton_event_writer_step (self->events, step, BATON_STEP_STATE_START, 0, BATON_CODE_NONE,
                           NULL);
  outcome = class->apply (&self->context, step, &trouble);
  baton_event_writer_step (self->events, step,
                           outcome == BATON_OUTCOME_OK          ? BATON_STEP_STATE_OK
                           : outcome == BATON_OUTCOME_CANCELLED ? BATON_STEP_STATE_SKIP
                                                                : BATON_STEP_STATE_FAIL,
                           trouble.errsv, trouble.code, trouble.args);
  if (outcome == BATON_OUTCOME_FAILED && trouble.code != BATON_CODE_NONE)
    add_problem (self, end, &trouble);

  return outcome == BATON_OUTCOME_OK;
}

gboolean
baton_handoff_is_with_guest (const BatonEnd *end)
{
  return end->status == BATON_EXIT_DONE || end->code == BATON_CODE_HANDED_OVER_WITH_PROBLEMS;
}

/* A return that was not begun has changed nothing: the card is where the handoff left it. */
void
baton_handoff_bring_back (BatonHandoff *self, BatonEnd **end)
{
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (BatonEnd) back = NULL;

  request->cards = g_strdupv (self->request->cards);
  request->to = BATON_SIDE_HOST;
  request->uid = self->request->uid;
  request->handoff = g_strdup (self->request->handoff);
  back = baton_handoff_run (self->root, self->events, self->waiter, request,
                            g_get_monotonic_time ());
  if (back->status == BATON_EXIT_REFUSED || back->status == BATON_EXIT_ERROR)
    {
      const BatonTrouble problem = { back->code, back->args, 0 };

      add_problem (self, end, &problem);
      return;
    }
  baton_end_free (*end);
  *end = g_steal_pointer (&back);
}
