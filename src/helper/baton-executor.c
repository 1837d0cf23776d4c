/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-executor.h"

#include "baton-look.h"

struct _BatonExecutor
{
  /* borrowed */
  BatonStepContext *context;
  GPtrArray *steps;
  GPtrArray *remembered;
  BatonJournal *journal;

  /* owned */
  BatonProgress *progress;

  gboolean found_free;
};

static void
unref_remembered (gpointer data)
{
  if (data != NULL)
    json_node_unref (data);
}

/**
 * baton_executor_remember:
 * @context: the handoff
 * @steps: (element-type BatonStep): the plan's steps
 *
 * Asks each step, before anything is done, what it will need to be undone.
 *
 * Returns: (transfer full) (element-type JsonNode): one answer for each step, %NULL where there is
 *   nothing to remember
 */
GPtrArray *
baton_executor_remember (BatonStepContext *context, GPtrArray *steps)
{
  GPtrArray *remembered = g_ptr_array_new_with_free_func (unref_remembered);

  for (guint i = 0; i < steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (steps, i);
      const BatonStepClass *class = baton_step_get_class (step->kind);

      g_ptr_array_add (remembered,
                       class->remember != NULL ? class->remember (context, step) : NULL);
    }

  return remembered;
}

/**
 * baton_executor_new:
 * @context: the handoff
 * @steps: (element-type BatonStep): the plan's steps, in order
 * @remembered: (element-type JsonNode): what baton_executor_remember() gave
 *
 * Returns: (transfer full): an executor
 */
BatonExecutor *
baton_executor_new (BatonStepContext *context, GPtrArray *steps, GPtrArray *remembered)
{
  BatonExecutor *self = g_new0 (BatonExecutor, 1);

  self->context = context;
  self->steps = steps;
  self->remembered = remembered;
  self->progress = baton_progress_new (context->events, steps);

  return self;
}

void
baton_executor_free (BatonExecutor *self)
{
  baton_progress_free (self->progress);
  g_free (self);
}

/**
 * baton_executor_set_journal:
 * @self: an executor
 * @journal: where it writes what it does
 */
void
baton_executor_set_journal (BatonExecutor *self, BatonJournal *journal)
{
  self->journal = journal;
}

/**
 * baton_executor_set_begun:
 * @self: an executor
 * @n: number of a step that may have been begun by somebody who is gone
 */
void
baton_executor_set_begun (BatonExecutor *self, guint n)
{
  if (n >= 1 && n <= self->steps->len)
    baton_progress_set_begun (self->progress, n - 1);
}

static const BatonStepClass *
get_class (BatonExecutor *self, guint i)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);

  return baton_step_get_class (step->kind);
}

static gboolean
record (BatonExecutor *self, guint i, const char *state, BatonTrouble *trouble)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  g_autoptr (GError) error = NULL;

  if (baton_journal_append_step (self->journal, step->n, state, &error))
    return TRUE;
  baton_trouble_set (trouble, BATON_CODE_NO_JOURNAL, 0, "reason", error->message, NULL);

  return FALSE;
}

/* While it is undone, what cannot be written down is done all the same: recovery looks anyway. */
static void
record_if_possible (BatonExecutor *self, guint i, const char *state)
{
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autofree char *text = NULL;

  if (record (self, i, state, &trouble))
    return;
  text = baton_trouble_dup_text (&trouble);
  baton_event_writer_log (self->context->events, "warning", text);
}

/* Recovery has to know: after a crash the next write to that device would never end. */
static void
record_stuck (BatonExecutor *self, guint i, const BatonTrouble *trouble)
{
  record_if_possible (self, i, trouble->code == BATON_CODE_OOPS ? "crashed" : "stuck");
}

static BatonOutcome
do_step (BatonExecutor *self, guint i, BatonTrouble *trouble)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  const BatonStepClass *class = get_class (self, i);
  BatonOutcome outcome;

  self->context->step = step;
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_START, NULL);
  if (class->wants_free_card && !self->found_free)
    {
      /* As late as can be: who opens the card after this is met by the deadline of a write. */
      if (!baton_look_is_free (self->context, trouble))
        return BATON_OUTCOME_FAILED;
      self->found_free = TRUE;
    }
  if (class->observe (self->context, step, FALSE, NULL))
    {
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_SKIP, NULL);
      return BATON_OUTCOME_OK;
    }
  if (!record (self, i, "intent", trouble))
    return BATON_OUTCOME_FAILED;
  baton_progress_set_begun (self->progress, i);

  outcome = class->apply (self->context, step, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  if (!class->observe (self->context, step, TRUE, trouble) ||
      !record (self, i, "done", trouble))
    return BATON_OUTCOME_FAILED;
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_OK, NULL);

  return BATON_OUTCOME_OK;
}

static BatonOutcome
undo_step (BatonExecutor *self, guint i, BatonTrouble *trouble)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  const BatonStepClass *class = get_class (self, i);
  BatonOutcome outcome;

  self->context->step = step;
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_UNDO, NULL);
  record_if_possible (self, i, "undo");
  outcome =
      class->revert (self->context, step, g_ptr_array_index (self->remembered, i), trouble);
  if (outcome == BATON_OUTCOME_OK)
    {
      record_if_possible (self, i, "undone");
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_UNDONE, NULL);
    }
  else
    baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);

  return outcome;
}

/**
 * baton_executor_undo:
 * @self: an executor
 * @ret_stuck: why it had to stop
 *
 * Puts back what was begun, last first. What cannot be put back becomes a
 * problem of the context, and the rest is put back all the same.
 *
 * Returns: %FALSE if the kernel does not answer any more: nothing further was touched
 */
gboolean
baton_executor_undo (BatonExecutor *self, BatonTrouble *ret_stuck)
{
  for (guint i = self->steps->len; i > 0; i--)
    {
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;

      if (!baton_progress_has_begun (self->progress, i - 1) ||
          get_class (self, i - 1)->revert == NULL)
        continue;
      switch (undo_step (self, i - 1, &trouble))
        {
        case BATON_OUTCOME_OK:
          break;
        case BATON_OUTCOME_STUCK:
          record_stuck (self, i - 1, &trouble);
          *ret_stuck = trouble;
          trouble = (BatonTrouble) BATON_TROUBLE_INIT;
          return FALSE;
        case BATON_OUTCOME_FAILED:
        case BATON_OUTCOME_CANCELLED:
        default:
          g_ptr_array_add (self->context->problems, baton_trouble_dup_text (&trouble));
          break;
        }
    }

  return TRUE;
}

static BatonEnd *
end_cancelled (const char *closed)
{
  if (closed != NULL)
    return baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED_AFTER_CLOSING, "programs",
                          closed, NULL);

  return baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED, NULL);
}

/* Closing is all that a rollback cannot put back. */
static void
tell_closed (BatonExecutor *self, const char *closed)
{
  g_autofree char *text = g_strdup_printf (
      "These programs had been asked to close, and are not started again: %s.", closed);

  baton_event_writer_log (self->context->events, "warning", text);
}

/* What a rollback came to. */
static BatonEnd *
roll_back (BatonExecutor *self, gboolean cancelled, const BatonTrouble *cause)
{
  g_auto (BatonTrouble) stuck = BATON_TROUBLE_INIT;
  g_autofree char *cause_text = NULL;
  g_autofree char *problems = NULL;
  g_autofree char *closed = baton_progress_dup_closed_programs (self->progress);

  /* What went wrong before counts no more: it is put back. */
  g_ptr_array_set_size (self->context->problems, 0);
  if (!baton_executor_undo (self, &stuck))
    return baton_end_new_stuck (&stuck);

  if (closed != NULL)
    tell_closed (self, closed);
  cause_text =
      cancelled ? g_strdup ("Somebody asked to stop.") : baton_trouble_dup_text (cause);
  problems = baton_end_join_problems (self->context->problems);
  if (*problems != '\0')
    return baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_PUT_BACK_WITH_PROBLEMS, "cause",
                          cause_text, "problems", problems, NULL);
  if (cancelled)
    return end_cancelled (closed);

  return baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_ROLLED_BACK, "cause", cause_text,
                        NULL);
}

/* What was only needed on the way, undone last first. */
static BatonOutcome
finish (BatonExecutor *self, BatonTrouble *trouble)
{
  for (guint i = self->steps->len; i > 0; i--)
    {
      const BatonStepClass *class = get_class (self, i - 1);
      g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

      if (class->finish == NULL || !baton_progress_has_begun (self->progress, i - 1))
        continue;
      self->context->step = g_ptr_array_index (self->steps, i - 1);
      switch (class->finish (self->context, self->context->step, &problem))
        {
        case BATON_OUTCOME_OK:
          break;
        case BATON_OUTCOME_STUCK:
          record_stuck (self, i - 1, &problem);
          baton_progress_tell (self->progress, i - 1, BATON_STEP_STATE_FAIL, &problem);
          *trouble = problem;
          problem = (BatonTrouble) BATON_TROUBLE_INIT;
          return BATON_OUTCOME_STUCK;
        case BATON_OUTCOME_FAILED:
        case BATON_OUTCOME_CANCELLED:
        default:
          g_ptr_array_add (self->context->problems, baton_trouble_dup_text (&problem));
          break;
        }
    }

  return BATON_OUTCOME_OK;
}

static BatonEnd *
end_done (BatonExecutor *self, const char *card_name)
{
  gboolean to_guest = self->context->to == BATON_SIDE_GUEST;
  g_auto (BatonTrouble) stuck = BATON_TROUBLE_INIT;
  g_autofree char *problems = NULL;

  if (finish (self, &stuck) == BATON_OUTCOME_STUCK)
    return baton_end_new_stuck (&stuck);
  problems = baton_end_join_problems (self->context->problems);
  if (*problems != '\0')
    return baton_end_new (BATON_EXIT_DEGRADED,
                          to_guest ? BATON_CODE_HANDED_OVER_WITH_PROBLEMS
                                   : BATON_CODE_RETURNED_WITH_PROBLEMS,
                          "card", card_name, "problems", problems, NULL);

  return baton_end_new (BATON_EXIT_DONE,
                        to_guest ? BATON_CODE_HANDED_OVER : BATON_CODE_RETURNED, "card",
                        card_name, NULL);
}

static BatonEnd *
end_early (BatonExecutor *self, guint i, BatonOutcome outcome, const BatonTrouble *trouble)
{
  BatonEnd *end;

  if (outcome == BATON_OUTCOME_STUCK)
    {
      record_stuck (self, i, trouble);
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);
      end = baton_end_new_stuck (trouble);
    }
  else
    {
      if (outcome == BATON_OUTCOME_FAILED)
        baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);
      end = roll_back (self, outcome == BATON_OUTCOME_CANCELLED, trouble);
    }
  baton_end_set_step (end, g_ptr_array_index (self->steps, i));

  return end;
}

/**
 * baton_executor_run:
 * @self: an executor with a journal
 * @card_name: the card's name, for the sentence at the end
 *
 * Carries out the plan: for each step, write down what is intended, do it,
 * look whether it is so, and write that down (DESIGN §6).
 *
 * Returns: (transfer full): how it ended
 */
BatonEnd *
baton_executor_run (BatonExecutor *self, const char *card_name)
{
  for (guint i = 0; i < self->steps->len; i++)
    {
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
      BatonOutcome outcome = BATON_OUTCOME_OK;

      if (get_class (self, i)->cancel_before &&
          baton_waiter_is_cancelled (self->context->waiter))
        outcome = BATON_OUTCOME_CANCELLED;
      else
        outcome = do_step (self, i, &trouble);
      if (outcome != BATON_OUTCOME_OK)
        return end_early (self, i, outcome, &trouble);
    }

  return end_done (self, card_name);
}

/**
 * baton_executor_get_progress:
 * @self: an executor
 *
 * Returns: (transfer none): what has become of its steps
 */
BatonProgress *
baton_executor_get_progress (BatonExecutor *self)
{
  return self->progress;
}
