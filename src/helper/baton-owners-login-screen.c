/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-owners-login-screen.h"

#include "baton-console-notice.h"
#include "baton-console-text.h"
#include "baton-error.h"
#include "baton-login-screen.h"
#include "baton-unit-job.h"
#include "baton-unit-state.h"

static void
warn (BatonStepContext *context, const GError *error)
{
  baton_event_writer_log (context->events, "warning", error->message);
}

/* Where systemd would try again, it would take the screen from whoever is to read why. One that only shows
 * nothing may yet do so, and then takes the screen by itself. */
static void
end_attempts (BatonStepContext *context, const BatonUnitState *state)
{
  g_autoptr (GError) error = NULL;

  /* What systemd is about to start once more has failed as well, and has an attempt left to be ended. */
  if (!g_str_equal (state->active, "failed") &&
      !baton_unit_job_run (context->root, context->waiter, "StopUnit", state->id,
                           BATON_UNIT_JOB_TO_THE_END, &error))
    warn (context, error);
}

static void
log_notice (BatonStepContext *context, guint console, gboolean is_shown)
{
  g_autofree char *text = g_strdup_printf ("Text console %u says so, and what helps%s", console,
                                           is_shown ? "." : ": somebody works on another one.");

  baton_event_writer_log (context->events, "info", text);
}

static void
put_on_console (BatonStepContext *context, const BatonConsoleText *notice)
{
  g_autofree char *text = baton_console_text_build (notice);
  g_autoptr (GError) error = NULL;
  gboolean is_shown = FALSE;
  guint console =
      baton_console_notice_show (context->root, context->waiter, text, &is_shown, &error);

  if (console > 0)
    log_notice (context, console, is_shown);
  /* With the last screen away there is nobody to tell. */
  else if (!g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    {
      g_prefix_error (&error, "No text console says so: ");
      warn (context, error);
    }
}

/**
 * baton_owners_login_screen_tell:
 * @context: the handoff
 * @unit: what %BATON_DISPLAY_MANAGER leads to
 * @is_away: the card is with virtual machines
 * @trouble: why there is no login screen
 *
 * Ends the attempts to start it, and says on a text console what happened and what helps: whoever sits in
 * front of the screen sees nothing else. What goes wrong with that is told, and changes nothing.
 */
void
baton_owners_login_screen_tell (BatonStepContext *context,
                                const char *unit,
                                gboolean is_away,
                                const BatonTrouble *trouble)
{
  const char *address = context->before->card;
  const BatonCard *card =
      context->machine != NULL ? baton_machine_find_card (context->machine, address) : NULL;
  g_autoptr (BatonUnitState) state =
      baton_unit_state_new (context->root, context->waiter, unit, NULL);
  g_autofree char *problem = baton_trouble_dup_text (trouble);
  const BatonConsoleText notice = {
    .card = address,
    .name = card != NULL ? baton_card_get_name (card) : NULL,
    .is_away = is_away,
    .unit = state != NULL ? state->id : unit,
    .problem = problem,
  };

  if (state != NULL && trouble->code != BATON_CODE_LOGIN_SCREEN_DARK)
    end_attempts (context, state);
  put_on_console (context, &notice);
}

/* Its journal knows nothing of the alias. */
static void
set_trouble (BatonStepContext *context,
             const char *unit,
             const char *reason,
             BatonTrouble *trouble)
{
  g_autoptr (BatonUnitState) state =
      baton_unit_state_new (context->root, context->waiter, unit, NULL);
  const char *id = state != NULL ? state->id : unit;

  if (g_str_equal (reason, BATON_LOGIN_SCREEN_DARK))
    baton_trouble_set (trouble, BATON_CODE_LOGIN_SCREEN_DARK, 0, "unit", id, NULL);
  else
    baton_trouble_set (trouble, BATON_CODE_LOGIN_SCREEN_FAILS, 0, "unit", id, "reason", reason,
                       NULL);
}

/**
 * baton_owners_login_screen_stays:
 * @context: the handoff
 * @unit: what %BATON_DISPLAY_MANAGER leads to, which has just been started
 * @is_away: the card is with virtual machines
 * @trouble: why it is not believed
 *
 * What starts and ends at once would be believed by its start alone.
 *
 * Returns: %TRUE if it stays up, as far as anybody can see; else it is told on a text console too
 */
gboolean
baton_owners_login_screen_stays (BatonStepContext *context,
                                 const char *unit,
                                 gboolean is_away,
                                 BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) left = NULL;

  if (baton_login_screen_stays (context->root, context->waiter, unit, &error))
    {
      if (!baton_console_notice_clear (context->root, &left))
        warn (context, left);
      return TRUE;
    }
  set_trouble (context, unit, error->message, trouble);
  baton_owners_login_screen_tell (context, unit, is_away, trouble);

  return FALSE;
}
