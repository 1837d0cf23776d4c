/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-executor-private.h"

/* Returns the next rung that the plan has, with the index of its first step, or 0. */
static guint
find_rung (BatonExecutor *self, guint *ret_first)
{
  guint rung = 0;

  for (guint i = 0; i < self->steps->len; i++)
    {
      guint other = baton_executor_get_class (self, i)->rung;

      if (!baton_step_is_left_out (self->context, g_ptr_array_index (self->steps, i)) ||
          (rung != 0 && other >= rung))
        continue;
      rung = other;
      *ret_first = i;
    }

  return rung;
}

/*
 * A driver that does not take a card back as the guest has left it may take it after a reset, or
 * when the kernel has forgotten it and finds it anew. Where the plan says how, it goes on from there,
 * once each: each step looks first, so that what is done already stays done.
 */
gboolean
baton_executor_climb (BatonExecutor *self, guint *i, const BatonTrouble *trouble)
{
  guint first = 0;
  guint rung = find_rung (self, &first);

  if (rung == 0 || !baton_step_may_climb (self->context, g_ptr_array_index (self->steps, *i)))
    return FALSE;

  baton_progress_tell (self->progress, *i, BATON_STEP_STATE_FAIL, trouble);
  baton_event_writer_log (self->context->events, "warning",
                          rung == BATON_RUNG_RESET
                              ? "The card did not come back by itself: it is reset."
                              : "The card did not come back by itself: it is removed from the "
                                "bus and looked for again.");
  self->context->rung = rung;
  *i = first;

  return TRUE;
}
