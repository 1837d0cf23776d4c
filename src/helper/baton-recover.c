/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-recover.h"

#include "baton-error.h"
#include "baton-executor.h"
#include "baton-guard.h"
#include "baton-journal.h"
#include "baton-lost.h"
#include "baton-record.h"
#include "baton-report.h"
#include "baton-step-context.h"
#include "baton-text.h"
#include "baton-unreadable.h"
#include "baton-xorg-settle.h"

/* A handoff that was cut off, and what is told about it. */
typedef struct
{
  /* borrowed */
  BatonRoot *root;
  BatonEventWriter *events;

  /* owned */
  BatonJournal *journal;
  BatonJournalContent *content;
  BatonRecord *record;
  BatonExecutor *executor;
  BatonProfile *profile;
  BatonWaiter *waiter;
  BatonStepContext context;

  guint last_begun; /* number of the step that was at work */
  guint furthest; /* number of the last step that was begun: what is done if needed goes back */
  gint64 start_us;
} Recovery;

static void
recovery_clear (Recovery *self)
{
  g_clear_pointer (&self->executor, baton_executor_free);
  g_clear_pointer (&self->journal, baton_journal_free);
  g_clear_pointer (&self->content, baton_journal_content_free);
  g_clear_pointer (&self->record, baton_record_free);
  g_clear_pointer (&self->profile, baton_profile_free);
  /* Before the waiter, which forgets what the context has reserved. */
  baton_step_context_clear (&self->context);
  g_clear_pointer (&self->waiter, baton_waiter_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

static void
warn (Recovery *self, const GError *error)
{
  baton_event_writer_log (self->events, "warning", error->message);
}

/* Descriptors or memory used up, or a disk that fails to read once: what it says may still be done,
 * and stays where it is. A disk may fail for ever, and what to do then is a person's decision. */
static BatonEnd *
end_unread (const GError *cause)
{
  BatonEnd *end = baton_end_new (BATON_EXIT_ERROR, BATON_CODE_RECOVERED_WITH_PROBLEMS, NULL);
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autofree char *reason = g_strdup_printf (
      "%s; run “batonctl recover” once more, or, where its disk cannot be read "
      "any more, rename the journal and restart the computer",
      cause->message);

  baton_trouble_set (&trouble, BATON_CODE_JOURNAL_UNREADABLE, 0, "reason", reason, NULL);
  baton_end_add_problem (end, &trouble);

  return end;
}

static BatonEnd *
read_journal (Recovery *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) not_kept = NULL;
  BatonEnd *end;

  self->journal = baton_journal_open (self->root, &self->content, &error);
  if (self->journal == NULL && g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_RECOVER, NULL);
  if (self->journal != NULL)
    self->record = baton_record_new_from_json (self->content->header, &error);
  if (self->record != NULL)
    return NULL;
  if (!g_error_matches (error, BATON_ERROR, BATON_ERROR_PARSE))
    {
      end = end_unread (error);
      baton_lost_tell_all (self->root, end, self->start_us);
      return end;
    }

  end = baton_unreadable_settle (self->root, error, self->start_us, &not_kept);
  if (not_kept != NULL)
    warn (self, not_kept);

  return end;
}

static void
prepare (Recovery *self)
{
  self->profile = baton_profile_load (self->root, self->record->own->before->card);
  self->waiter = baton_waiter_new (self->events, -1, NULL);
  baton_step_context_begin (&self->context, self->root, self->events, self->waiter,
                            self->profile, self->record);
  self->executor =
      baton_executor_new (&self->context, self->record->steps, self->record->remembered);
  baton_executor_set_journal (self->executor, self->journal);
}

static const char *
get_state (JsonNode *record, guint *ret_n)
{
  JsonObject *object = json_node_get_object (record);

  *ret_n = (guint) json_object_get_int_member_with_default (object, "n", 0);

  return json_object_get_string_member_with_default (object, "state", NULL);
}

static gboolean
is_done_if_needed (Recovery *self, guint n)
{
  const BatonStep *step = g_ptr_array_index (self->record->steps, n - 1);

  return g_strcmp0 (step->detail, BATON_IF_NEEDED) == 0;
}

/* What may have had an effect: every step with an intent, and, where the journal breaks off in the
 * middle of a record, those that may have come after it as well. Looking tells which of them did. */
static void
mark_begun (Recovery *self)
{
  for (guint i = 0; i < self->content->records->len; i++)
    {
      guint n;

      if (g_strcmp0 (get_state (g_ptr_array_index (self->content->records, i), &n), "intent") !=
          0)
        continue;
      baton_executor_set_begun (self->executor, n);
      self->last_begun = n;
      self->furthest = MAX (self->furthest, n);
    }
  for (guint n = 1; self->content->torn && n <= self->record->steps->len; n++)
    if (n > self->furthest || is_done_if_needed (self, n))
      baton_executor_set_begun (self->executor, n);
}

static gboolean
has_record (Recovery *self, const char *wanted)
{
  for (guint i = 0; i < self->content->records->len; i++)
    {
      guint n;

      if (g_strcmp0 (get_state (g_ptr_array_index (self->content->records, i), &n), wanted) ==
          0)
        return TRUE;
    }

  return FALSE;
}

static BatonEnd *
find_end (Recovery *self)
{
  for (guint i = self->content->records->len; i > 0; i--)
    {
      JsonObject *object =
          json_node_get_object (g_ptr_array_index (self->content->records, i - 1));
      JsonNode *end = json_object_get_member (object, "end");

      if (end != NULL)
        return baton_end_new_from_json (end);
    }

  return NULL;
}

static void
tell_cut_off (Recovery *self, gboolean same_boot)
{
  BatonCode code = same_boot ? BATON_CODE_WORKER_CRASHED : BATON_CODE_COMPUTER_RESTARTED;
  g_autofree char *text = baton_code_dup_text (code, NULL);

  if (self->last_begun > 0 && self->last_begun <= self->record->steps->len)
    baton_event_writer_step (self->events,
                             g_ptr_array_index (self->record->steps, self->last_begun - 1),
                             BATON_STEP_STATE_FAIL, 0, code, NULL);
  else
    baton_event_writer_log (self->events, "warning", text);
}

static BatonEnd *
put_back (Recovery *self)
{
  g_autofree char *closed =
      baton_progress_dup_closed_programs (baton_executor_get_progress (self->executor));
  BatonEnd *end = baton_executor_put_back (self->executor, self->record->card_name);

  if (end != NULL)
    return end;
  if (self->context.problems->len > 0)
    {
      end = baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_RECOVERED_WITH_PROBLEMS, NULL);
      baton_end_add_problems (end, self->context.problems);
      return end;
    }
  if (closed != NULL)
    return baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_RECOVERED_AFTER_CLOSING,
                          "programs", closed, NULL);

  return baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_RECOVERED, NULL);
}

/* A restart has undone what no file keeps: what is left are the steps that outlive one. */
static void
forget_transient_steps (Recovery *self)
{
  BatonExecutor *executor =
      baton_executor_new (&self->context, self->record->steps, self->record->remembered);

  baton_executor_set_journal (executor, self->journal);
  for (guint i = 0; i < self->record->steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (self->record->steps, i);

      if (step->persistent && (step->n <= self->furthest || self->content->torn))
        baton_executor_set_begun (executor, step->n);
    }
  baton_executor_free (self->executor);
  self->executor = executor;
}

static BatonEnd *
settle_steps (Recovery *self)
{
  g_autofree char *boot_id = baton_record_read_boot_id (self->root);
  gboolean same_boot = g_str_equal (boot_id, self->record->boot_id);

  mark_begun (self);
  tell_cut_off (self, same_boot);
  if (!same_boot)
    forget_transient_steps (self);
  else if (has_record (self, "crashed"))
    {
      /* The device's lock is held by what crashed: a write to it would never end. */
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;

      baton_trouble_set (&trouble, BATON_CODE_OOPS, 0, "subject",
                         self->record->own->before->card, NULL);
      return baton_end_new_stuck (&trouble);
    }
  else
    /* Before a boot has ended there is nobody to ask, and nothing left to be put back but files. */
    baton_executor_set_inhibits (self->executor, "A graphics card is put back where it was");

  return put_back (self);
}

static void
keep_report (Recovery *self, const BatonEnd *end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = baton_report_new (
      self->record, end, baton_progress_to_json (baton_executor_get_progress (self->executor)),
      (g_get_monotonic_time () - self->start_us) / 1000);

  if (!baton_report_save (report, self->root, &error))
    warn (self, error);
}

static void
close_journal (Recovery *self, const BatonEnd *end)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GError) error = NULL;
  JsonObject *object = json_object_new ();

  json_object_set_member (object, "end", baton_end_to_json (end));
  json_node_take_object (node, object);
  if (!baton_journal_append (self->journal, node, &error))
    {
      warn (self, error);
      g_clear_error (&error);
    }
  if (!baton_record_settle_origin (self->record, self->root, end, &error))
    {
      warn (self, error);
      g_clear_error (&error);
    }
}

static void
leave_guard (Recovery *self, const BatonEnd *end)
{
  g_autoptr (GError) error = NULL;

  if (end->status != BATON_EXIT_STUCK &&
      !baton_guard_leave (self->root, self->waiter, self->profile,
                          self->record->own->before->card, &error))
    warn (self, error);
}

static BatonEnd *
settle_journal (BatonRoot *root, BatonEventWriter *events, const char *own_id)
{
  g_auto (Recovery) self = {
    .root = root,
    .events = events,
    .start_us = g_get_monotonic_time (),
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEnd) ended = NULL;
  BatonEnd *end;

  end = read_journal (&self);
  if (end != NULL)
    return end;

  prepare (&self);
  ended = find_end (&self);
  if (ended != NULL)
    /* It was cut off after its end: nothing is left but to say so. */
    end = g_steal_pointer (&ended);
  else
    {
      end = settle_steps (&self);
      leave_guard (&self, end);
      keep_report (&self, end);
    }
  if (end->status != BATON_EXIT_STUCK)
    close_journal (&self, end);
  if (g_strcmp0 (own_id, self.record->handoff) != 0)
    baton_lost_tell (root, self.record->handoff, end, self.start_us);
  if (end->status != BATON_EXIT_STUCK && !baton_journal_remove (root, &error))
    warn (&self, error);

  return end;
}

/**
 * baton_recover_with_lock:
 * @root: the roots
 * @events: where the steps that are undone are told
 * @own_id: (nullable): id of the handoff that @events belong to
 *
 * Settles what a crash or a power cut left behind (DESIGN §7), and what a
 * handoff to a guest, which had come to its good end, has left on the disk for
 * as long as the guest had the card. Whoever calls holds the lock. To do it
 * twice, or to be killed and do it again, is harmless: each step looks before
 * it puts anything back.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_recover_with_lock (BatonRoot *root, BatonEventWriter *events, const char *own_id)
{
  gint64 start_us = g_get_monotonic_time ();
  BatonEnd *end;

  /* It has no end in the middle: who stops its unit is waited for, and it is done in time. */
  baton_waiter_hold_signals_back (NULL);
  end = settle_journal (root, events, own_id);

  return baton_xorg_settle (root, events, end, start_us);
}
