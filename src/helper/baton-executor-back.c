/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-executor-private.h"

static BatonOutcome
undo_step (BatonExecutor *self, guint i, BatonTrouble *trouble)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  const BatonStepClass *class = baton_executor_get_class (self, i);
  BatonOutcome outcome;

  baton_executor_turn_to (self, i);
  baton_progress_tell (self->progress, i, BATON_STEP_STATE_UNDO, NULL);
  baton_executor_record_if_possible (self, i, "undo");
  outcome =
      class->revert (self->context, step, g_ptr_array_index (self->remembered, i), trouble);
  if (outcome == BATON_OUTCOME_OK)
    {
      baton_executor_record_if_possible (self, i, "undone");
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_UNDONE, NULL);
    }
  else
    baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, trouble);

  return outcome;
}

/* What has been given to the host and is in use there by now: to take it away would leave the rest
 * of the card with a guest, and whoever has begun to use it without it. */
static gboolean
is_kept (BatonExecutor *self, guint i, BatonTrouble *ret_who)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);

  if (!baton_step_shares_card (self->context, step) ||
      !baton_progress_has_begun (self->progress, i))
    return FALSE;
  baton_executor_turn_to (self, i);

  return baton_executor_get_class (self, i)->is_kept (self->context, step, ret_who);
}

/* Returns the number of the first step that is kept, or 0. */
static guint
find_kept (BatonExecutor *self, BatonTrouble *ret_who)
{
  for (guint i = 0; i < self->steps->len; i++)
    if (is_kept (self, i, ret_who))
      return i + 1;

  return 0;
}

typedef enum
{
  UNDO_DONE,
  UNDO_KEPT,  /* somebody was quicker, and has what should have been put back */
  UNDO_STUCK, /* the kernel does not answer any more: nothing further was touched */
} Undo;

/* What is the matter is said once, however many steps meet it. */
void
baton_executor_add_problem (BatonExecutor *self, const BatonTrouble *trouble)
{
  g_autofree char *text = baton_trouble_dup_text (trouble);

  for (guint i = 0; i < self->context->problems->len; i++)
    {
      g_autofree char *other =
          baton_trouble_dup_text (g_ptr_array_index (self->context->problems, i));

      if (g_strcmp0 (text, other) == 0)
        return;
    }
  g_ptr_array_add (self->context->problems, baton_trouble_copy (trouble));
}

/* Puts back what was begun, last first. What cannot be put back becomes a problem of the context,
 * and the rest is put back all the same. */
static Undo
undo_all (BatonExecutor *self, guint *ret_kept, BatonTrouble *ret_why)
{
  for (guint i = self->steps->len; i > 0; i--)
    {
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;

      if (!baton_progress_has_begun (self->progress, i - 1) ||
          baton_executor_get_class (self, i - 1)->revert == NULL)
        continue;
      baton_executor_inhibit (self);
      switch (undo_step (self, i - 1, &trouble))
        {
        case BATON_OUTCOME_OK:
          break;
        case BATON_OUTCOME_STUCK:
          baton_executor_record_stuck (self, i - 1, &trouble);
          *ret_why = trouble;
          trouble = (BatonTrouble) BATON_TROUBLE_INIT;
          return UNDO_STUCK;
        case BATON_OUTCOME_FAILED:
        case BATON_OUTCOME_CANCELLED:
        default:
          if (is_kept (self, i - 1, ret_why))
            {
              *ret_kept = i;
              return UNDO_KEPT;
            }
          baton_executor_add_problem (self, &trouble);
          break;
        }
    }

  return UNDO_DONE;
}

static BatonEnd *
end_cancelled (const char *closed)
{
  if (closed != NULL)
    return baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED_AFTER_CLOSING, "programs",
                          closed, NULL);

  return baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED, NULL);
}

/* Somebody has thought better of it who was asked by his desktop, and not by us. */
static BatonEnd *
end_logged_in (const BatonTrouble *cause)
{
  BatonEnd *end = baton_end_new (BATON_EXIT_CANCELLED, BATON_CODE_STAYS_LOGGED_IN, NULL);

  baton_end_set_cause (end, cause);

  return end;
}

static BatonEnd *
end_rolled_back (const char *closed)
{
  if (closed != NULL)
    return baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_ROLLED_BACK_AFTER_CLOSING,
                          "programs", closed, NULL);

  return baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_ROLLED_BACK, NULL);
}

/* Closing is all that a rollback cannot put back. */
static BatonEnd *
end_with_problems (BatonExecutor *self, const char *closed)
{
  g_autofree char *text =
      closed != NULL
          ? g_strdup_printf (
                "These programs had been asked to close, and are not started again: %s.",
                closed)
          : NULL;

  if (text != NULL)
    baton_event_writer_log (self->context->events, "warning", text);

  return baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_PUT_BACK_WITH_PROBLEMS, NULL);
}

static void
tell_kept (BatonExecutor *self, const BatonTrouble *who)
{
  g_autofree char *reason = baton_trouble_dup_text (who);
  g_autofree char *text =
      g_strconcat (reason, " The card therefore stays with the host.", NULL);

  baton_event_writer_log (self->context->events, "warning", text);
}

/* Goes the rest of the way to the host, as far as it can be gone, from the step with index @from
 * on. What is missing in the end is said, and nothing is taken from anybody. */
static BatonEnd *
go_on (BatonExecutor *self, guint from, const BatonTrouble *who)
{
  BatonStep *at_step = NULL;
  BatonEnd *end;

  tell_kept (self, who);
  self->goes_on = TRUE;
  /* To look for it anew, the card would have to be taken from whoever uses it. */
  self->context->rung = 0;
  for (guint i = from; i < self->steps->len; i++)
    {
      g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
      BatonOutcome outcome = baton_executor_do_step (self, i, &trouble);

      if (outcome == BATON_OUTCOME_STUCK)
        return baton_executor_end_stuck (self, i, &trouble);
      if (outcome == BATON_OUTCOME_OK)
        continue;
      baton_progress_tell (self->progress, i, BATON_STEP_STATE_FAIL, &trouble);
      baton_executor_add_problem (self, &trouble);
      at_step = at_step != NULL ? at_step : g_ptr_array_index (self->steps, i);
    }

  end = baton_executor_end_done (self);
  if (at_step != NULL)
    baton_end_set_step (end, at_step);

  return end;
}

/**
 * baton_executor_put_back:
 * @self: an executor with a journal
 * @card_name: the card's name, for the sentence at the end
 *
 * Puts back what was begun, last first. What cannot be put back becomes a
 * problem of the context, and the rest is put back all the same. A card that
 * has come to the host and is in use there stays, and goes the rest of its way.
 *
 * Returns: (transfer full) (nullable): how it ended where it was not put back; %NULL where it was,
 *   with the context's problems
 */
BatonEnd *
baton_executor_put_back (BatonExecutor *self, const char *card_name)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  guint kept = find_kept (self, &why);

  self->card_name = card_name;
  if (kept == 0)
    {
      switch (undo_all (self, &kept, &why))
        {
        case UNDO_DONE:
          return NULL;
        case UNDO_STUCK:
          return baton_end_new_stuck (&why);
        case UNDO_KEPT:
        default:
          break;
        }
    }
  g_ptr_array_set_size (self->context->problems, 0);

  return go_on (self, kept, &why);
}

/* What a rollback came to. */
BatonEnd *
baton_executor_roll_back (BatonExecutor *self, gboolean cancelled, const BatonTrouble *cause)
{
  g_auto (BatonTrouble) asked = BATON_TROUBLE_INIT;
  g_autofree char *closed = baton_progress_dup_closed_programs (self->progress);
  BatonEnd *end;

  /* What went wrong before counts no more: it is put back, or tried once more. */
  g_ptr_array_set_size (self->context->problems, 0);
  end = baton_executor_put_back (self, self->card_name);
  if (end != NULL)
    return end;

  if (cancelled && cause->code == BATON_CODE_NOT_LOGGED_OUT && closed == NULL &&
      self->context->problems->len == 0)
    return end_logged_in (cause);
  if (cancelled && self->context->problems->len == 0)
    return end_cancelled (closed);

  baton_trouble_set (&asked, BATON_CODE_ASKED_TO_STOP, 0, NULL);
  end = self->context->problems->len > 0 ? end_with_problems (self, closed)
                                         : end_rolled_back (closed);
  baton_end_set_cause (end, cancelled ? &asked : cause);
  baton_end_add_problems (end, self->context->problems);

  return end;
}
