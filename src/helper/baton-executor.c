/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-executor-private.h"

#include "baton-effect.h"
#include "baton-look.h"
#include "baton-step-context.h"

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

      baton_step_context_turn_to (context, step);
      g_ptr_array_add (remembered,
                       class->remember != NULL ? class->remember (context, step) : NULL);
    }
  baton_step_context_turn_to (context, NULL);

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
  g_clear_pointer (&self->inhibitor, baton_inhibitor_free);
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
 * baton_executor_set_inhibits:
 * @self: an executor
 * @why: a sentence for people who want to switch the computer off meanwhile
 *
 * Has the computer kept from sleeping and from being switched off from its first effect until it
 * is freed.
 */
void
baton_executor_set_inhibits (BatonExecutor *self, const char *why)
{
  self->why_inhibited = why;
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

const BatonStepClass *
baton_executor_get_class (BatonExecutor *self, guint i)
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
  if (self->goes_on)
    baton_event_writer_log (self->context->events, "warning", error->message);
  else
    baton_trouble_set (trouble, BATON_CODE_JOURNAL_NOT_WRITTEN, 0, "reason", error->message,
                       NULL);

  return self->goes_on;
}

/* While it is undone, what cannot be written down is done all the same: recovery looks anyway. */
void
baton_executor_record_if_possible (BatonExecutor *self, guint i, const char *state)
{
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autofree char *text = NULL;

  if (record (self, i, state, &trouble))
    return;
  text = baton_trouble_dup_text (&trouble);
  baton_event_writer_log (self->context->events, "warning", text);
}

/* Recovery has to know: after a crash the next write to that device would never end. */
void
baton_executor_record_stuck (BatonExecutor *self, guint i, const BatonTrouble *trouble)
{
  gboolean crashed =
      trouble->code == BATON_CODE_OOPS || trouble->code == BATON_CODE_DRIVER_OOPS;

  baton_executor_record_if_possible (self, i, crashed ? "crashed" : "stuck");
}

/* A computer that sleeps in the middle of a handoff is a danger that recovery knows; a handoff
 * that nobody can make because logind is not there would be a nuisance every day. */
void
baton_executor_inhibit (BatonExecutor *self)
{
  const char *why = g_steal_pointer (&self->why_inhibited);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (why == NULL)
    return;
  self->inhibitor = baton_inhibitor_new (self->context->root, self->context->waiter,
                                         BATON_INHIBIT_ALL, why, &error);
  if (self->inhibitor != NULL)
    return;
  text = g_strdup_printf ("The computer is not kept from sleeping or from being switched off "
                          "during this handoff, because logind could not be asked: %s.",
                          error->message);
  baton_event_writer_log (self->context->events, "warning", text);
}

/* Asked once, and before what is unbound once more, as late as can be: who opens the card after this
 * is met by the deadline of a write. What is taken from vfio-pci is in the way of guests alone. */
static gboolean
is_free (BatonExecutor *self, const BatonStep *step, BatonTrouble *trouble)
{
  gboolean is_unbind = step->kind == BATON_STEP_UNBIND;
  g_autofree char *driver =
      is_unbind ? baton_effect_read_driver (self->context, step->target) : NULL;
  gboolean is_vfio = baton_function_driver_is_vfio (driver);

  /* Modules that were unloaded since have taken their time, and looked at their own uses alone. */
  if (is_unbind ? self->found_free_to_unbind : self->found_free)
    return TRUE;
  if (is_vfio && self->found_no_guest)
    return TRUE;
  if (is_vfio)
    return self->found_no_guest = baton_look_is_free_of_guests (self->context, trouble);

  self->found_free = baton_look_is_free (self->context, trouble);
  self->found_free_to_unbind = self->found_free && is_unbind;

  return self->found_free;
}

/* Who opens one function while another's driver does not let go has had all the time for it: the
 * sound's may take two minutes, and the display comes after it. */
static BatonOutcome
apply (BatonExecutor *self, const BatonStep *step, BatonTrouble *trouble)
{
  gint64 start_us = g_get_monotonic_time ();
  BatonOutcome outcome =
      baton_step_get_class (step->kind)->apply (self->context, step, trouble);

  if (g_get_monotonic_time () - start_us >= (gint64) self->context->soft_ms * 1000)
    {
      self->found_free_to_unbind = FALSE;
      self->found_no_guest = FALSE;
    }

  return outcome;
}

/* Who was looked for has the one card, and tells nothing of another. */
void
baton_executor_turn_to (BatonExecutor *self, guint i)
{
  const BatonCardState *last = self->context->before;

  baton_step_context_turn_to (self->context, g_ptr_array_index (self->steps, i));
  if (self->context->before == last)
    return;
  self->found_free = FALSE;
  self->found_free_to_unbind = FALSE;
  self->found_no_guest = FALSE;
}

BatonOutcome
baton_executor_do_step (BatonExecutor *self, guint i, BatonTrouble *trouble)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  const BatonStepClass *class = baton_executor_get_class (self, i);
  BatonOutcome outcome;

  baton_executor_turn_to (self, i);
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_START, NULL);
  self->shared |= baton_step_shares_card (self->context, step) &&
                  !baton_step_is_left_out (self->context, step);
  if (class->wants_free_card && !is_free (self, step, trouble))
    return BATON_OUTCOME_FAILED;
  if (class->observe (self->context, step, FALSE, NULL))
    {
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_SKIP, NULL);
      return BATON_OUTCOME_OK;
    }
  baton_executor_inhibit (self);
  if (!record (self, i, "intent", trouble))
    return BATON_OUTCOME_FAILED;
  baton_progress_set_begun (self->progress, i);

  outcome = apply (self, step, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  if (!class->observe (self->context, step, TRUE, trouble) ||
      !record (self, i, "done", trouble))
    return BATON_OUTCOME_FAILED;
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_OK,
                       trouble->code != BATON_CODE_NONE ? trouble : NULL);
  baton_trouble_clear (trouble);

  return BATON_OUTCOME_OK;
}

/* What was only needed on the way, undone last first. */
static BatonOutcome
finish_once (BatonExecutor *self, gboolean *finished, gboolean is_last, BatonTrouble *trouble)
{
  for (guint i = self->steps->len; i > 0; i--)
    {
      const BatonStepClass *class = baton_executor_get_class (self, i - 1);
      g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
      BatonOutcome outcome;

      if (finished[i - 1] || class->finish == NULL ||
          !baton_progress_has_begun (self->progress, i - 1))
        continue;
      baton_executor_turn_to (self, i - 1);
      outcome = class->finish (self->context, self->context->step, &problem);
      finished[i - 1] = outcome == BATON_OUTCOME_OK;
      if (outcome == BATON_OUTCOME_STUCK)
        baton_executor_record_stuck (self, i - 1, &problem);
      if (outcome == BATON_OUTCOME_STUCK || (outcome != BATON_OUTCOME_OK && is_last))
        baton_progress_tell (self->progress, i - 1, BATON_STEP_STATE_FAIL, &problem);
      if (outcome == BATON_OUTCOME_STUCK)
        {
          baton_trouble_move (trouble, &problem);
          return BATON_OUTCOME_STUCK;
        }
      if (outcome != BATON_OUTCOME_OK && is_last)
        baton_executor_add_problem (self, &problem);
    }

  return BATON_OUTCOME_OK;
}

/* What could not be put back is tried once more when all the rest is: two steps may have the same
 * setting at heart, and the other may have put it right. */
static BatonOutcome
finish (BatonExecutor *self, BatonTrouble *trouble)
{
  g_autofree gboolean *finished = g_new0 (gboolean, self->steps->len);
  BatonOutcome outcome = finish_once (self, finished, FALSE, trouble);

  return outcome == BATON_OUTCOME_OK ? finish_once (self, finished, TRUE, trouble) : outcome;
}

BatonEnd *
baton_executor_end_done (BatonExecutor *self)
{
  g_auto (BatonTrouble) stuck = BATON_TROUBLE_INIT;
  gboolean to_guest;
  BatonEnd *end;

  if (finish (self, &stuck) == BATON_OUTCOME_STUCK)
    return baton_end_new_stuck (&stuck);
  baton_step_context_turn_to (self->context, NULL);
  to_guest = self->context->to == BATON_SIDE_GUEST;
  if (self->context->problems->len > 0)
    {
      end = baton_end_new (BATON_EXIT_DEGRADED,
                           to_guest ? BATON_CODE_HANDED_OVER_WITH_PROBLEMS
                                    : BATON_CODE_RETURNED_WITH_PROBLEMS,
                           "card", self->card_name, NULL);
      baton_end_add_problems (end, self->context->problems);
      return end;
    }

  return baton_end_new (BATON_EXIT_DONE,
                        to_guest ? BATON_CODE_HANDED_OVER : BATON_CODE_RETURNED, "card",
                        self->card_name, NULL);
}

BatonEnd *
baton_executor_end_stuck (BatonExecutor *self, guint i, const BatonTrouble *trouble)
{
  BatonEnd *end = baton_end_new_stuck (trouble);

  baton_executor_record_stuck (self, i, trouble);
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);
  baton_end_set_step (end, g_ptr_array_index (self->steps, i));

  return end;
}

static BatonEnd *
end_early (BatonExecutor *self, guint i, BatonOutcome outcome, const BatonTrouble *trouble)
{
  BatonEnd *end;

  if (outcome == BATON_OUTCOME_STUCK)
    return baton_executor_end_stuck (self, i, trouble);
  if (outcome == BATON_OUTCOME_FAILED || trouble->code == BATON_CODE_NOT_LOGGED_OUT)
    baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);
  end = baton_executor_roll_back (self, outcome == BATON_OUTCOME_CANCELLED, trouble);
  if (end->at_step == NULL && end->status != BATON_EXIT_DONE)
    baton_end_set_step (end, g_ptr_array_index (self->steps, i));

  return end;
}

/* Whoever asks to stop is heard until everybody may open the card: from then on it could only be
 * taken away again from whoever has done so. */
static gboolean
is_stopped_before (BatonExecutor *self, guint i)
{
  if (!baton_executor_get_class (self, i)->cancel_before ||
      !baton_waiter_is_cancelled (self->context->waiter))
    return FALSE;
  if (!self->shared)
    return TRUE;

  if (!self->told_too_late)
    baton_event_writer_log (self->context->events, "info",
                            "Somebody asked to stop, but the card is with the host already.");
  self->told_too_late = TRUE;

  return FALSE;
}

/**
 * baton_executor_run:
 * @self: an executor with a journal
 * @card_name: the card's name, for the sentence at the end
 *
 * Carries out the plan: for each step, write down what is intended, do it,
 * look whether it is so, and write that down (DESIGN §6). What the plan does
 * only if needed is passed over, and come back to where a bind or a reset fails.
 *
 * Returns: (transfer full): how it ended
 */
BatonEnd *
baton_executor_run (BatonExecutor *self, const char *card_name)
{
  self->card_name = card_name;
  for (guint i = 0; i < self->steps->len;)
    {
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
      BatonOutcome outcome = is_stopped_before (self, i)
                                 ? BATON_OUTCOME_CANCELLED
                                 : baton_executor_do_step (self, i, &trouble);

      if (outcome == BATON_OUTCOME_OK)
        i++;
      else if (outcome != BATON_OUTCOME_FAILED || !baton_executor_climb (self, &i, &trouble))
        return end_early (self, i, outcome, &trouble);
    }

  return baton_executor_end_done (self);
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
