/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-private.h"

#include "baton-asked-services.h"
#include "baton-executor.h"
#include "baton-guard.h"
#include "baton-report.h"
#include "baton-step-context.h"

/* What was found by looking, and what was made of it. */
void
baton_handoff_forget_look (BatonHandoff *self)
{
  baton_step_context_clear (&self->context);
  g_clear_pointer (&self->machine, baton_machine_unref);
  g_clear_pointer (&self->profile, baton_profile_free);
  g_clear_pointer (&self->plan, baton_plan_unref);
  g_clear_pointer (&self->record, baton_record_free);
}

static void
handoff_clear (BatonHandoff *self)
{
  baton_handoff_forget_look (self);
  g_clear_pointer (&self->report, json_node_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonHandoff, handoff_clear)

/* The front's look was another process's: everything is found again here. */
static BatonEnd *
look_and_plan (BatonHandoff *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) holders = NULL;

  holders = baton_holders_look (self->root, &self->machine, &error);
  if (holders == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                          NULL);
  self->profile = baton_profile_load (self->root, self->request->cards[0]);
  /* Of the card, and of one that stands in for it. */
  for (guint i = 0; i < holders->len; i++)
    baton_asked_services_check (g_ptr_array_index (holders, i), self->root, self->waiter,
                                self->request);
  self->plan = baton_plan_new (self->machine, holders, self->profile, self->request);
  baton_event_writer_plan (self->events, self->plan);

  return NULL;
}

/* libvirt may have brought the card back before its hook could: a note that the hook took it would
 * have it taken back once more when nobody has asked for that. */
static void
forget_what_came_back (BatonHandoff *self)
{
  g_autoptr (GError) error = NULL;

  if (self->request->hook_guest != NULL && self->request->to == BATON_SIDE_HOST &&
      !baton_card_state_forget (self->root, self->request->cards[0], &error))
    baton_handoff_warn (self, error);
}

static BatonEnd *
judge_plan (BatonHandoff *self)
{
  BatonCard *card = baton_machine_find_card (self->machine, self->request->cards[0]);
  guint n_blockers = 0;

  /* After the wait it is no longer the machine of the plan that was shown: the module that another
   * card has brought with it meanwhile needs no step. What was agreed to is that the card comes
   * back, and whatever needs consent is a blocker still. */
  if (!self->has_waited && self->request->expect != NULL &&
      g_strcmp0 (self->request->expect, self->plan->digest) != 0)
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_PLAN_CHANGED, NULL);
  if (baton_plan_is_blocked (self->plan) || card == NULL)
    {
      g_autofree char *count = NULL;

      for (guint i = 0; i < self->plan->findings->len; i++)
        {
          const BatonFinding *finding = g_ptr_array_index (self->plan->findings, i);

          n_blockers += baton_finding_get_severity (finding) == BATON_SEVERITY_BLOCKER &&
                        !finding->granted;
        }
      count = g_strdup_printf ("%u", n_blockers);
      return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_REFUSED, "count", count, NULL);
    }
  if (self->plan->steps->len == 0)
    {
      forget_what_came_back (self);
      return baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_DO, "card",
                            baton_card_get_name (card), NULL);
    }

  return NULL;
}

/* What goes with the card, for the handoff that brings it back. */
static void
keep_what_goes (BatonHandoff *self)
{
  BatonRecord *record = self->record;

  for (guint i = 0; i < record->steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (record->steps, i);
      const BatonStepClass *class = baton_step_get_class (step->kind);
      const BatonMove *move = baton_record_get_move (record, step);

      if (class->keep == NULL || !move->made_origin)
        continue;
      baton_step_context_turn_to (&self->context, step);
      class->keep (&self->context, step, move->origin);
    }
  baton_step_context_turn_to (&self->context, NULL);
}

static gboolean
keep_origin (BatonHandoff *self, GError **error)
{
  keep_what_goes (self);

  return baton_record_note (self->record, self->root, error);
}

static void
fill_context (BatonHandoff *self)
{
  baton_step_context_begin (&self->context, self->root, self->events, self->waiter,
                            self->profile, self->record);
  self->context.machine = baton_machine_ref (self->machine);
}

void
baton_handoff_warn (BatonHandoff *self, const GError *error)
{
  baton_event_writer_log (self->events, "warning", error->message);
}

static void
keep_report (BatonHandoff *self, const BatonEnd *end, BatonExecutor *executor)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->report, json_node_unref);
  self->report = baton_report_new (
      self->record, end, baton_progress_to_json (baton_executor_get_progress (executor)),
      (g_get_monotonic_time () - self->start_us) / 1000);
  if (!baton_report_save (self->report, self->root, &error))
    baton_handoff_warn (self, error);
}

/* Of a handoff that was put back, whoever was sent for was sent for nothing. */
static gboolean
has_guard_on_its_way (BatonHandoff *self, const BatonEnd *end)
{
  return self->context.guard != NULL && self->record->to == BATON_SIDE_GUEST &&
         (end->status == BATON_EXIT_DONE || end->status == BATON_EXIT_DEGRADED);
}

/* A guest may run for weeks after us. Whoever reads the report finds all of it done. */
static void
leave_guard (BatonHandoff *self, const BatonEnd *end)
{
  g_autoptr (GError) error = NULL;

  if (has_guard_on_its_way (self, end))
    {
      if (!baton_guard_hear (self->context.guard, &error))
        baton_handoff_warn (self, error);
      return;
    }
  if (end->status != BATON_EXIT_STUCK &&
      !baton_guard_leave (self->root, self->waiter, self->profile,
                          self->record->own->before->card, &error))
    baton_handoff_warn (self, error);
}

/* First the report, which recovery could not write as well; then the journal says how it ended, so
 * that a crash from there on changes nothing, and only then is it removed. */
static void
settle (BatonHandoff *self, const BatonEnd *end, BatonExecutor *executor, BatonJournal *journal)
{
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  leave_guard (self, end);
  keep_report (self, end, executor);
  if (end->status == BATON_EXIT_STUCK)
    return;

  node = json_node_new (JSON_NODE_OBJECT);
  object = json_object_new ();
  json_object_set_member (object, "end", baton_end_to_json (end));
  json_node_take_object (node, object);
  if (!baton_journal_append (journal, node, &error))
    {
      baton_handoff_warn (self, error);
      g_clear_error (&error);
    }
  if (!baton_record_settle_origin (self->record, self->root, end, &error))
    {
      baton_handoff_warn (self, error);
      g_clear_error (&error);
    }
  if (!baton_journal_remove (self->root, &error))
    baton_handoff_warn (self, error);
}

static BatonEnd *
end_without_journal (const GError *error)
{
  return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_NO_JOURNAL, "reason", error->message,
                        NULL);
}

/* Whoever finds the desktop back before any virtual machine has run, or long after it, reads why. */
static BatonEnd *
say_why (BatonHandoff *self, BatonEnd *end)
{
  g_autoptr (BatonEnd) plain = end;
  g_autofree char *minutes = g_strdup_printf ("%u", self->request->unused_minutes);
  g_autofree char *seconds = g_strdup_printf ("%u", self->request->unfetched_s);

  if (end->code != BATON_CODE_RETURNED)
    return g_steal_pointer (&plain);
  if (self->request->unused_minutes > 0)
    return baton_end_new (end->status, BATON_CODE_RETURNED_UNUSED, "card",
                          self->record->card_name, "minutes", minutes, NULL);
  if (self->request->unfetched_s > 0)
    return baton_end_new (end->status, BATON_CODE_RETURNED_UNFETCHED, "card",
                          self->record->card_name, "seconds", seconds, NULL);

  return g_steal_pointer (&plain);
}

static BatonEnd *
carry_out (BatonHandoff *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) header = NULL;
  g_autoptr (BatonJournal) journal = NULL;
  g_autoptr (BatonExecutor) executor = NULL;
  BatonEnd *end;

  g_ptr_array_unref (self->record->remembered);
  self->record->remembered = baton_executor_remember (&self->context, self->record->steps);
  header = baton_record_to_json (self->record);
  journal = baton_journal_new (self->root, header, &error);
  if (journal == NULL)
    return end_without_journal (error);
  if (!keep_origin (self, &error))
    {
      end = end_without_journal (error);
      g_clear_error (&error);
      if (!baton_journal_remove (self->root, &error))
        baton_handoff_warn (self, error);
      return end;
    }

  executor = baton_executor_new (&self->context, self->record->steps, self->record->remembered);
  baton_executor_set_journal (executor, journal);
  baton_executor_set_inhibits (executor, self->record->to == BATON_SIDE_GUEST
                                             ? "A graphics card goes to a virtual machine"
                                             : "A graphics card comes back to this computer");
  end = say_why (self, baton_executor_run (executor, self->record->card_name));
  settle (self, end, executor, journal);

  return end;
}

/* Looks, and judges what was made of it: an end where there is nothing to carry out. */
BatonEnd *
baton_handoff_prepare (BatonHandoff *self)
{
  BatonEnd *end = look_and_plan (self);

  if (end == NULL)
    end = judge_plan (self);
  if (end != NULL)
    return end;

  self->record = baton_record_new_for_plan (self->root, self->request, self->plan,
                                            self->machine, self->events);
  fill_context (self);

  return NULL;
}

/**
 * baton_handoff_run:
 * @root: the roots
 * @events: where events go
 * @waiter: what waits
 * @request: what was asked for, looked up with baton_request_look()
 * @lock: (inout): the lock; %NULL afterwards where it was cut off while it waited for a guest
 * @start_us: when it was taken up, in g_get_monotonic_time()
 *
 * Looks, plans, compares the plan with what was shown, and carries it out.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_handoff_run (BatonRoot *root,
                   BatonEventWriter *events,
                   BatonWaiter *waiter,
                   const BatonRequest *request,
                   BatonLock **lock,
                   gint64 start_us)
{
  g_auto (BatonHandoff) self = {
    .root = root,
    .events = events,
    .waiter = waiter,
    .request = request,
    .lock = lock,
    .start_us = start_us,
  };
  g_autoptr (BatonStep) wait = NULL;
  g_autoptr (BatonEnd) end = baton_handoff_prepare (&self);

  if (end == NULL && baton_handoff_find_first_wait (&self) != NULL)
    end = baton_handoff_wait_and_prepare (&self, baton_handoff_find_first_wait (&self));
  if (end != NULL)
    return g_steal_pointer (&end);

  wait = baton_handoff_split_off_wait (&self);
  if (self.record->steps->len > 0)
    end = carry_out (&self);
  else
    {
      end = baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_DO, "card",
                           self.record->card_name, NULL);
      leave_guard (&self, end);
    }
  if (wait != NULL)
    baton_handoff_return_after_wait (&self, wait, &end);

  return g_steal_pointer (&end);
}
