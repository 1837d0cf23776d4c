/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-desktop.h"
#include "baton-session-end.h"
#include "baton-steps.h"

/* Long enough to save what is open, and no longer than somebody looks at a screen that waits. It is said
 * on screen: see the steps' sentences. */
#define PATIENCE_MS (2 * 60 * 1000)

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autoptr (BatonDesktop) desktop = NULL;

  /* What he has left running there is the next step's. */
  if (applied)
    return TRUE;
  desktop = baton_desktop_new (context->root);

  return baton_desktop_find_session (desktop, step->target) == NULL;
}

/* Whoever asks for the handoff asks his session manager for this, when he hears that the step has begun:
 * root has no business on his bus. Nothing has changed yet, so that everybody may still think better of
 * it: a program that has something to save, its user, and whoever asks to stop. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  BatonWait wait;

  if (!baton_session_id_is_valid (step->target))
    {
      baton_trouble_set (trouble, BATON_CODE_SESSION_NOT_ENDED, 0, "session", step->target,
                         "reason", "logind calls none so", NULL);
      return BATON_OUTCOME_FAILED;
    }
  if (baton_session_await_end (context->root, context->waiter, step->target,
                               MIN (PATIENCE_MS, context->hard_ms), &wait, &error))
    return BATON_OUTCOME_OK;
  if (wait == BATON_WAIT_TIMEOUT)
    baton_trouble_set (trouble, BATON_CODE_NOT_LOGGED_OUT, 0, "session", step->target, NULL);
  if (wait != BATON_WAIT_READY)
    return BATON_OUTCOME_CANCELLED;
  baton_trouble_set (trouble, BATON_CODE_SESSION_NOT_ENDED, 0, "session", step->target,
                     "reason", error->message, NULL);

  return BATON_OUTCOME_FAILED;
}

const BatonStepClass baton_step_log_out_class = {
  .cancel_before = TRUE,
  .ends_programs = TRUE,
  .observe = observe,
  .apply = apply,
};
