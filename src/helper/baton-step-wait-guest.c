/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "baton-guest-watch.h"
#include "baton-look.h"
#include "baton-steps.h"

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* Before: always looked at by apply, which has to wait for the first guest as well where the
   * card has just been handed over. After: apply has seen it. */
  return applied;
}

/* Waits until somebody has had the card and nobody has it any more. On the way to the host the
 * guest is there from the start; after a handoff to the guest it has yet to come. */
/* A descriptor that is readable is not yet a reason to look. */
static gboolean
wait_for_news (BatonStepContext *context, BatonGuestWatch *watch)
{
  do
    if (baton_waiter_wait (context->waiter, baton_guest_watch_get_fd (watch),
                           BATON_WAIT_FOR_EVER, TRUE) == BATON_WAIT_CANCELLED)
      return FALSE;
  while (!baton_guest_watch_has_news (watch));

  return TRUE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  gboolean seen = context->to == BATON_SIDE_HOST;

  if (!baton_look_again (context, trouble))
    return BATON_OUTCOME_FAILED;
  for (;;)
    {
      g_autoptr (BatonHolders) holders = NULL;
      guint n_holders;

      if (watch == NULL || !baton_guest_watch_listen (watch, context->root))
        {
          baton_trouble_set (trouble, BATON_CODE_WATCH_REFUSED, errno, "reason",
                             g_strerror (errno), NULL);
          return BATON_OUTCOME_FAILED;
        }
      holders = baton_look_at_holders (context, trouble);
      if (holders == NULL)
        return BATON_OUTCOME_FAILED;
      n_holders = baton_guest_watch_follow (watch, holders);
      if (!seen && n_holders > 0)
        baton_event_writer_log (context->events, "info",
                                "A virtual machine has the card open; it comes back when that "
                                "has stopped.");
      seen = seen || n_holders > 0;
      if (seen && n_holders == 0)
        return BATON_OUTCOME_OK;
      if (!wait_for_news (context, watch))
        return BATON_OUTCOME_CANCELLED;
    }
}

const BatonStepClass baton_step_wait_guest_class = {
  .cancel_before = TRUE,
  .only_waits = TRUE,
  .observe = observe,
  .apply = apply,
};
