/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-private.h"

#include "baton-handoff-waits.h"
#include "baton-progress.h"
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

/* The report was kept when the handoff was done; @end is what it has come to since. */
static JsonNode *
dup_report_with (BatonHandoff *self, const BatonEnd *end)
{
  JsonNode *report = baton_end_to_json (end);
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (self->report == NULL)
    return report;
  json_object_iter_init (&iter, json_node_get_object (self->report));
  while (json_object_iter_next (&iter, &name, &value))
    if (!json_object_has_member (json_node_get_object (report), name))
      json_object_set_member (json_node_get_object (report), name, json_node_copy (value));

  return report;
}

/* The next login is to read of it as well; also where the report of another handoff has come
 * between. */
static void
amend_report (BatonHandoff *self, const BatonEnd *end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = dup_report_with (self, end);

  if (self->report == NULL || *self->lock == NULL)
    return;
  if (!baton_report_save (report, self->root, &error))
    baton_handoff_warn (self, error);
}

static BatonEnd *
new_with_problem (BatonHandoff *self, const BatonEnd *end, const BatonTrouble *problem)
{
  g_autoptr (JsonNode) node = baton_end_to_json (end);
  BatonEnd *changed =
      end->status == BATON_EXIT_DONE
          ? baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_HANDED_OVER_WITH_PROBLEMS, "card",
                           self->record->card_name, NULL)
          : baton_end_new_from_json (node);

  baton_end_add_problem (changed, problem);

  return changed;
}

/* What went wrong afterwards does not undo the handoff, and is not kept from whoever asked. */
static void
add_problem (BatonHandoff *self, BatonEnd **end, const BatonTrouble *problem)
{
  BatonEnd *changed = new_with_problem (self, *end, problem);

  baton_end_free (*end);
  *end = changed;
  amend_report (self, *end);
}

/* Waits without the lock, and tells of it. @cut_off is what the handoff has come to if the wait is
 * the last of it. */
static BatonOutcome
wait_for_guest (BatonHandoff *self,
                const BatonStep *step,
                JsonNode *cut_off,
                BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  BatonOutcome outcome;

  if (!baton_handoff_waits_note (self->root, self->request->handoff, cut_off, &error))
    {
      baton_handoff_warn (self, error);
      g_clear_error (&error);
    }
  outcome = baton_guest_wait (&self->context, step, self->request->handoff, self->lock,
                              self->request->hook_guest, &self->waited, trouble);
  baton_event_writer_step (self->events, step,
                           outcome == BATON_OUTCOME_OK          ? BATON_STEP_STATE_OK
                           : outcome == BATON_OUTCOME_CANCELLED ? BATON_STEP_STATE_SKIP
                                                                : BATON_STEP_STATE_FAIL,
                           trouble->errsv, trouble->code, trouble->args);

  return outcome;
}

/* Who asked for the return counts on it: should the wait be cut off, what is left to be told is that
 * nothing comes of it. What libvirt's hook has asked for comes back by libvirt all the same. */
static BatonOutcome
wait_to_return (BatonHandoff *self,
                const BatonStep *step,
                const BatonEnd *end,
                BatonTrouble *trouble)
{
  const BatonTrouble problem = { BATON_CODE_WAIT_CUT_OFF, NULL, 0 };
  g_autoptr (BatonEnd) cut_off = new_with_problem (self, end, &problem);
  g_autoptr (JsonNode) report =
      dup_report_with (self, self->request->hook_guest != NULL ? end : cut_off);

  return wait_for_guest (self, step, report, trouble);
}

static gboolean
is_with_guest (const BatonEnd *end)
{
  return end->status == BATON_EXIT_DONE || end->code == BATON_CODE_HANDED_OVER_WITH_PROBLEMS;
}

static BatonEnd *
return_unasked (BatonHandoff *self)
{
  g_autoptr (BatonRequest) request = baton_request_new ();

  request->cards = g_strdupv (self->request->cards);
  request->to = BATON_SIDE_HOST;
  /* The plan has said that it is for the way back as well (stand-in-session-ends). */
  request->end_session = self->request->end_session;
  request->unasked = TRUE;
  request->unused_minutes = self->waited.unused_minutes;
  request->unfetched_s = self->waited.unfetched_s;
  request->uid = self->request->uid;
  request->handoff = g_strdup (self->request->handoff);

  return baton_handoff_run (self->root, self->events, self->waiter, request, self->lock,
                            g_get_monotonic_time ());
}

/* A return that was not begun has changed nothing: the card is where the handoff left it. So it is
 * after one that was put back, and nobody may be there to ask for it again, least of all in front of
 * a dark screen. */
static void
bring_back (BatonHandoff *self, BatonEnd **end)
{
  g_autoptr (BatonEnd) back = return_unasked (self);

  if (back->status == BATON_EXIT_ROLLED_BACK)
    {
      baton_event_writer_log (self->events, "warning",
                              "The card did not come back, and is asked for once more.");
      baton_end_free (back);
      back = return_unasked (self);
    }
  if (back->status == BATON_EXIT_REFUSED || back->status == BATON_EXIT_ERROR)
    {
      const BatonTrouble problem = { back->code, back->args, 0 };

      add_problem (self, end, &problem);
      return;
    }
  baton_end_free (*end);
  *end = g_steal_pointer (&back);
}

/* The handoff to the guest is done, and stays so whatever comes of its return. */
void
baton_handoff_return_after_wait (BatonHandoff *self, const BatonStep *wait, BatonEnd **end)
{
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;

  if (!is_with_guest (*end))
    return;
  /* With problems the guest is not started, and whoever is told so asks for the card. */
  if (self->request->hook_guest != NULL && (*end)->status != BATON_EXIT_DONE)
    return;
  switch (wait_to_return (self, wait, *end, &trouble))
    {
    case BATON_OUTCOME_OK:
      bring_back (self, end);
      break;
    case BATON_OUTCOME_FAILED:
      add_problem (self, end, &trouble);
      break;
    case BATON_OUTCOME_CANCELLED:
    case BATON_OUTCOME_STUCK:
    default:
      break;
    }
}

const BatonStep *
baton_handoff_find_first_wait (BatonHandoff *self)
{
  GPtrArray *steps = self->record->steps;

  for (guint i = 0; self->record->to == BATON_SIDE_HOST && i < steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (steps, i);

      if (step->kind == BATON_STEP_WAIT_GUEST)
        return step;
    }

  return NULL;
}

/* Whoever asked may be gone by now: the next login is to read that the card has not come back. */
static void
keep_report_of_wait (BatonHandoff *self, const BatonRecord *record, const BatonEnd *end)
{
  g_autoptr (BatonProgress) progress = baton_progress_new (self->events, record->steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report =
      baton_report_new (record, end, baton_progress_to_json (progress),
                        (g_get_monotonic_time () - self->start_us) / 1000);

  if (*self->lock != NULL && !baton_report_save (report, self->root, &error))
    baton_handoff_warn (self, error);
}

/* Nothing has been done yet, and so nothing is held while the guest runs. Afterwards the machine may
 * be another, and everything begins anew. */
BatonEnd *
baton_handoff_wait_and_prepare (BatonHandoff *self, const BatonStep *wait)
{
  g_autoptr (BatonRecord) record = NULL;
  g_autoptr (BatonEnd) nothing_done =
      baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_RECOVERED, NULL);
  g_autoptr (JsonNode) cut_off = baton_end_to_json (nothing_done);
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  BatonEnd *end;

  switch (wait_for_guest (self, wait, cut_off, &trouble))
    {
    case BATON_OUTCOME_OK:
      break;
    case BATON_OUTCOME_CANCELLED:
      return baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED, NULL);
    case BATON_OUTCOME_FAILED:
    case BATON_OUTCOME_STUCK:
    default:
      end = baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_ROLLED_BACK, NULL);
      baton_end_set_cause (end, &trouble);
      baton_end_set_step (end, wait);
      keep_report_of_wait (self, self->record, end);
      return end;
    }
  record = g_steal_pointer (&self->record);
  baton_handoff_forget_look (self);
  self->has_waited = TRUE;
  /* How long the virtual machine ran tells nobody how long a return takes. */
  self->start_us = g_get_monotonic_time ();
  end = baton_handoff_prepare (self);
  if (end != NULL && end->status != BATON_EXIT_DONE)
    keep_report_of_wait (self, record, end);

  return end;
}
