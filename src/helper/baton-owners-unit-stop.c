/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-owners-unit-stop.h"

#include "baton-owners-unit-look.h"
#include "baton-unit-bus.h"
#include "baton-unit-name.h"
#include "baton-unit-notes.h"
#include "baton-unit.h"

/* What stops with a unit, and what would start it again, are noted with it (baton-owners-unit.c). */

static const char *
get_card (BatonStepContext *context)
{
  return context->before->card;
}

static void
set_refused (BatonTrouble *trouble, const char *unit, const char *reason)
{
  baton_trouble_set (trouble, BATON_CODE_UNIT_NOT_STOPPED, 0, "unit", unit, "reason", reason,
                     NULL);
}

/* systemd asks nobody before it stops what stands on a unit: the desktop would go with it. */
static gboolean
takes_nothing_along (const BatonUnitState *state, const char *unit, BatonTrouble *trouble)
{
  for (guint i = 0; state->goes_along[i] != NULL; i++)
    {
      g_autofree char *fault = baton_unit_name_dup_fault (state->goes_along[i]);
      g_autofree char *reason = NULL;

      if (fault == NULL)
        continue;
      reason = g_strdup_printf ("it would take another unit along, and %s", fault);
      set_refused (trouble, unit, reason);
      return FALSE;
    }

  return TRUE;
}

/* A unit as it stands when it is to be stopped; NULL, and a trouble, where it is not stopped. */
static BatonUnitState *
look_to_stop (BatonStepContext *context, const char *unit, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonUnitState) state = baton_owners_unit_look_first (context, unit, &error);

  if (state == NULL)
    set_refused (trouble, unit, error->message);

  return state != NULL && takes_nothing_along (state, unit, trouble) ? g_steal_pointer (&state)
                                                                     : NULL;
}

/**
 * baton_owners_unit_is_left:
 * @context: the handoff
 * @unit: a unit
 *
 * Returns: whether there is nothing to be stopped or started, because it is a user's who has logged out:
 *   what he wants to run starts when he is back. That is told
 */
gboolean
baton_owners_unit_is_left (BatonStepContext *context, const char *unit)
{
  g_autofree char *text = NULL;

  if (!baton_unit_bus_is_gone (context->root, unit))
    return FALSE;
  text = g_strdup_printf ("%s is left alone: its user has logged out.", unit);
  baton_event_writer_log (context->events, "info", text);

  return TRUE;
}

/**
 * baton_owners_unit_run_stop:
 * @context: the handoff
 * @unit: a unit
 * @patience_ms: as in baton_unit_job_run()
 * @trouble: why it could not be done
 *
 * Stops it by the name that systemd calls it by, which tells the end of its jobs from those of others.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_run_stop (BatonStepContext *context,
                            const char *unit,
                            guint patience_ms,
                            BatonTrouble *trouble)
{
  g_autoptr (BatonUnitState) state = NULL;

  if (baton_owners_unit_is_left (context, unit))
    return BATON_OUTCOME_OK;
  state = look_to_stop (context, unit, trouble);

  return state != NULL ? baton_unit_stop (context, state->id, patience_ms, trouble)
                       : BATON_OUTCOME_FAILED;
}

/* In the order in which systemd stops them: what stands on others first. */
static gboolean
note_stop (BatonStepContext *context,
           const char *with,
           const char *unit,
           const BatonUnitState *state,
           GError **error)
{
  for (guint i = g_strv_length (state->goes_along); i > 0; i--)
    {
      const char *other = state->goes_along[i - 1];
      g_autofree char *text = g_strdup_printf (
          "%s needs %s, stops with it, and is started again with it.", other, unit);

      if (!baton_unit_notes_add (context->root, get_card (context), other, with, FALSE, error))
        return FALSE;
      baton_event_writer_log (context->events, "info", text);
    }

  return baton_unit_notes_add (context->root, get_card (context), unit, with, FALSE, error);
}

/* @trigger: see #BatonUnitState. Noted after @unit, and so started before it again: a socket cannot be
 * while its service runs. */
static BatonOutcome
stop_trigger (BatonStepContext *context,
              const char *unit,
              const char *trigger,
              BatonTrouble *trouble)
{
  g_autofree char *fault = baton_unit_name_dup_fault (trigger);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonUnitState) state = NULL;

  if (fault != NULL)
    {
      text = g_strdup_printf ("%s may start %s again: %s.", trigger, unit, fault);
      baton_event_writer_log (context->events, "warning", text);
      return BATON_OUTCOME_OK;
    }
  state = look_to_stop (context, trigger, trouble);
  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  if (!note_stop (context, unit, trigger, state, &error))
    {
      set_refused (trouble, trigger, error->message);
      return BATON_OUTCOME_FAILED;
    }
  text = g_strdup_printf (
      "%s would start %s again, stops with it, and is started again with it.", trigger, unit);
  baton_event_writer_log (context->events, "info", text);

  return baton_owners_unit_run_stop (context, trigger, 0, trouble);
}

/**
 * baton_owners_unit_stop_for_guest:
 * @context: the handoff
 * @unit: a unit
 * @and_triggers: with what would start it again
 * @trouble: why it could not be done
 *
 * Notes what runs when its turn has come, which is what is started again, and stops it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_owners_unit_stop_for_guest (BatonStepContext *context,
                                  const char *unit,
                                  gboolean and_triggers,
                                  BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonUnitState) state = look_to_stop (context, unit, trouble);

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  if (!baton_unit_state_runs (state))
    return BATON_OUTCOME_OK;
  if (!note_stop (context, unit, unit, state, &error))
    {
      set_refused (trouble, unit, error->message);
      return BATON_OUTCOME_FAILED;
    }
  for (guint i = 0; and_triggers && state->triggers[i] != NULL; i++)
    {
      outcome = stop_trigger (context, unit, state->triggers[i], trouble);
      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }

  /* It is put back if somebody asks to stop: there is nothing to be patient for. What was seen a
   * moment ago holds still, unless a trigger took its time. */
  return and_triggers && state->triggers[0] != NULL
             ? baton_owners_unit_run_stop (context, unit, 0, trouble)
             : baton_unit_stop (context, state->id, 0, trouble);
}
