/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-owners-unit.h"

#include "baton-child.h"
#include "baton-desktop.h"
#include "baton-owners-login-screen.h"
#include "baton-owners-unit-look.h"
#include "baton-owners-unit-stop.h"
#include "baton-unit-job.h"
#include "baton-unit-name.h"
#include "baton-unit-notes.h"
#include "baton-unit.h"

/* Units that the card's owner has named (baton.conf(5)), services that use the card and are stopped
 * with his consent, and the display manager where the desktop has to end. What was done to them is
 * noted beside how the card stood, and the note alone says what is to be undone: on the way back, and
 * where a handoff is put back, whoever does that. */

static const char *
get_card (BatonStepContext *context)
{
  return context->before->card;
}

static void
warn (BatonStepContext *context, const GError *error)
{
  baton_event_writer_log (context->events, "warning", error->message);
}

static void
add_problem (BatonStepContext *context, const BatonTrouble *problem)
{
  g_ptr_array_add (context->problems, baton_trouble_copy (problem));
}

static BatonOutcome
run_start (BatonStepContext *context,
           const char *unit,
           guint patience_ms,
           BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonUnitState) state = NULL;

  if (baton_owners_unit_is_left (context, unit))
    return BATON_OUTCOME_OK;
  state = baton_owners_unit_look_first (context, unit, &error);
  if (state != NULL)
    return baton_unit_start (context, state->id, patience_ms, trouble);
  baton_trouble_set (trouble, BATON_CODE_UNIT_NOT_STARTED, 0, "unit", unit, "reason",
                     error->message, NULL);

  return BATON_OUTCOME_FAILED;
}

/* It is stopped for the card's sake, and not started for a guest's. */
static gboolean
is_display_manager (const char *unit)
{
  return g_str_equal (unit, BATON_DISPLAY_MANAGER);
}

/* Whatever a journal says, only what an owner may name is touched, and the display manager. */
static gboolean
may_be_touched (const char *unit, BatonTrouble *trouble)
{
  if (baton_unit_name_is_good (unit) || is_display_manager (unit))
    return TRUE;
  baton_trouble_set (trouble, BATON_CODE_UNIT_UNKNOWN, 0, "unit", unit, NULL);

  return FALSE;
}

static gboolean
is_noted (BatonStepContext *context, const char *unit, gboolean started)
{
  g_autoptr (GPtrArray) notes = baton_unit_notes_load (context->root, get_card (context));

  return baton_unit_notes_have (notes, unit, started);
}

static void
drop_notes (BatonStepContext *context, const char *unit)
{
  g_autoptr (GError) error = NULL;

  if (!baton_unit_notes_drop (context->root, get_card (context), unit, &error))
    warn (context, error);
}

/**
 * baton_owners_unit_runs:
 * @context: the handoff
 * @unit: a system unit
 * @fallback: what is said where nobody can be asked, which is told when something is done about it
 *
 * Returns: whether it runs
 */
gboolean
baton_owners_unit_runs (BatonStepContext *context, const char *unit, gboolean fallback)
{
  const BatonUnitState *state = baton_owners_unit_look (context, unit);

  return state != NULL ? baton_unit_state_runs (state) : fallback;
}

/**
 * baton_owners_unit_stop:
 * @context: the handoff
 * @unit: a system unit
 * @and_triggers: with what would start it again; else its owner has named those that he means
 * @trouble: why it could not be done
 *
 * Stops a unit before the card goes to the guest, or one that was started for the guest. What goes
 * wrong with the latter is a problem, and no reason to leave the card with a guest: who has the card
 * open is met by whoever takes it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_stop (BatonStepContext *context,
                        const char *unit,
                        gboolean and_triggers,
                        BatonTrouble *trouble)
{
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

  if (context->to == BATON_SIDE_GUEST)
    return baton_owners_unit_stop_for_guest (context, unit, and_triggers, trouble);

  switch (baton_owners_unit_run_stop (context, unit, 0, &problem))
    {
    case BATON_OUTCOME_CANCELLED:
      return BATON_OUTCOME_CANCELLED;
    case BATON_OUTCOME_OK:
      if (baton_owners_unit_runs (context, unit, FALSE))
        baton_trouble_set (&problem, BATON_CODE_UNIT_STILL_RUNS, 0, "unit", unit, NULL);
      break;
    case BATON_OUTCOME_FAILED:
    case BATON_OUTCOME_STUCK:
    default:
      break;
    }
  if (problem.code != BATON_CODE_NONE)
    add_problem (context, &problem);

  return BATON_OUTCOME_OK;
}

/* Asked for whether it runs or not: a stop that was given up goes on, and systemd waits for that. */
static BatonOutcome
start_to_the_end (BatonStepContext *context, const char *unit, BatonTrouble *trouble)
{
  /* Whoever puts a handoff back has the card where it was before. */
  gboolean is_away = context->to == BATON_SIDE_HOST;
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;

  if (run_start (context, unit, BATON_UNIT_JOB_TO_THE_END, &why) == BATON_OUTCOME_OK ||
      baton_owners_unit_runs (context, unit, FALSE))
    return !is_display_manager (unit) ||
                   baton_owners_login_screen_stays (context, unit, is_away, trouble)
               ? BATON_OUTCOME_OK
               : BATON_OUTCOME_FAILED;
  baton_trouble_move (trouble, &why);
  if (is_display_manager (unit))
    baton_owners_login_screen_tell (context, unit, is_away, trouble);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
start_again (BatonStepContext *context, const char *unit, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) notes = baton_unit_notes_load (context->root, get_card (context));
  BatonOutcome outcome = BATON_OUTCOME_OK;

  for (guint i = notes->len; i > 0; i--)
    {
      const BatonUnitNote *note = notes->pdata[i - 1];
      g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;

      if (note->started || !g_str_equal (note->with, unit) ||
          start_to_the_end (context, note->unit, &why) == BATON_OUTCOME_OK)
        continue;
      outcome = BATON_OUTCOME_FAILED;
      baton_trouble_clear (trouble);
      baton_trouble_move (trouble, &why);
    }
  if (outcome == BATON_OUTCOME_OK)
    drop_notes (context, unit);

  return outcome;
}

/**
 * baton_owners_unit_put_stop_back:
 * @context: the handoff
 * @unit: a system unit
 * @trouble: why it could not be done
 *
 * Has a unit run again that baton_owners_unit_stop() has stopped, or may have stopped.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_put_stop_back (BatonStepContext *context,
                                 const char *unit,
                                 BatonTrouble *trouble)
{
  if (!may_be_touched (unit, trouble))
    return BATON_OUTCOME_FAILED;
  if (context->to == BATON_SIDE_GUEST)
    return start_again (context, unit, trouble);
  if (!is_noted (context, unit, TRUE))
    return BATON_OUTCOME_OK;

  return start_to_the_end (context, unit, trouble);
}

/* It is started for whoever sits in front of the screen, who is told where it does not come. */
static void
start_login_screen (BatonStepContext *context,
                    const char *unit,
                    BatonOutcome *ret_outcome,
                    BatonTrouble *problem)
{
  gboolean is_away = context->to == BATON_SIDE_GUEST;

  *ret_outcome = run_start (context, unit, BATON_CHILD_SOFT_MS, problem);
  if (*ret_outcome == BATON_OUTCOME_OK)
    baton_owners_login_screen_stays (context, unit, is_away, problem);
  else if (*ret_outcome == BATON_OUTCOME_FAILED)
    baton_owners_login_screen_tell (context, unit, is_away, problem);
}

/* It says itself that it runs when its start is done. One that ends later is its own affair. */
static void
start_and_look (BatonStepContext *context,
                const char *unit,
                BatonOutcome *ret_outcome,
                BatonTrouble *problem)
{
  const BatonUnitState *state = NULL;

  /* Whoever asks to stop is spared a service that hangs, and not what any service takes to start. */
  *ret_outcome = run_start (context, unit, BATON_CHILD_SOFT_MS, problem);
  if (*ret_outcome != BATON_OUTCOME_OK)
    return;
  state = baton_owners_unit_look (context, unit);
  if (state != NULL && baton_unit_state_has_failed (state))
    baton_trouble_set (problem, BATON_CODE_UNIT_DOES_NOT_RUN, 0, "unit", unit, NULL);
}

static gboolean
note_start (BatonStepContext *context, const char *unit, BatonTrouble *problem)
{
  g_autoptr (GError) error = NULL;

  if (baton_unit_notes_add (context->root, get_card (context), unit, unit, TRUE, &error))
    return TRUE;
  baton_trouble_set (problem, BATON_CODE_UNIT_NOT_STARTED, 0, "unit", unit, "reason",
                     error->message, NULL);

  return FALSE;
}

/**
 * baton_owners_unit_start:
 * @context: the handoff
 * @unit: a system unit
 * @trouble: why it could not be done
 *
 * Starts a unit for the guest, or one again that was stopped before the card went. The card is where
 * it was to go: a unit that does not start is a problem, and no reason to take the card away again.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_start (BatonStepContext *context, const char *unit, BatonTrouble *trouble)
{
  gboolean to_guest = context->to == BATON_SIDE_GUEST && !is_display_manager (unit);
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
  BatonOutcome outcome = BATON_OUTCOME_OK;

  if (is_display_manager (unit))
    start_login_screen (context, unit, &outcome, &problem);
  else if (!to_guest || note_start (context, unit, &problem))
    start_and_look (context, unit, &outcome, &problem);
  /* With the card at home somebody who asks to stop comes too late. */
  if (to_guest && outcome == BATON_OUTCOME_CANCELLED)
    return outcome;
  if (problem.code == BATON_CODE_NONE)
    return BATON_OUTCOME_OK;

  /* Nothing is to be stopped that somebody else may start meanwhile. */
  if (to_guest && !baton_owners_unit_runs (context, unit, TRUE))
    drop_notes (context, unit);
  add_problem (context, &problem);

  return BATON_OUTCOME_OK;
}

/* The login screen that was started for the card that stands in (BatonStep). */
static gboolean
shows_on_stand_in (BatonStepContext *context, const char *unit)
{
  return is_display_manager (unit) && context->to == BATON_SIDE_HOST && context->step != NULL &&
         baton_step_is_of_stand_in (context, context->step);
}

/* It is started again when the other card is back: nobody is to have the one that stands in by then. */
static BatonOutcome
stop_on_stand_in (BatonStepContext *context, const char *unit, BatonTrouble *trouble)
{
  BatonOutcome outcome =
      baton_owners_unit_run_stop (context, unit, BATON_UNIT_JOB_TO_THE_END, trouble);

  return outcome == BATON_OUTCOME_OK ? baton_step_end_session_end_all (context, trouble)
                                     : outcome;
}

/**
 * baton_owners_unit_put_start_back:
 * @context: the handoff
 * @unit: a system unit
 * @trouble: why it could not be done
 *
 * Stops a unit again that baton_owners_unit_start() has started, or may have started.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_put_start_back (BatonStepContext *context,
                                  const char *unit,
                                  BatonTrouble *trouble)
{
  gboolean to_guest = context->to == BATON_SIDE_GUEST;
  BatonOutcome outcome;

  if (!may_be_touched (unit, trouble))
    return BATON_OUTCOME_FAILED;
  if (shows_on_stand_in (context, unit))
    return stop_on_stand_in (context, unit, trouble);
  if (!is_noted (context, unit, to_guest))
    return BATON_OUTCOME_OK;
  outcome = baton_owners_unit_run_stop (context, unit, BATON_UNIT_JOB_TO_THE_END, trouble);
  if (to_guest && outcome == BATON_OUTCOME_OK)
    drop_notes (context, unit);

  return outcome;
}
