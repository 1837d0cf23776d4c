/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-steps.h"

static const BatonStepClass *const classes[BATON_N_STEP_KINDS] = {
  [BATON_STEP_LOG_OUT] = &baton_step_log_out_class,
  [BATON_STEP_CLOSE_PROCESS] = &baton_step_close_process_class,
  [BATON_STEP_END_SESSION] = &baton_step_end_session_class,
  [BATON_STEP_RELEASE_CARD] = &baton_step_release_card_class,
  [BATON_STEP_RESERVE_SOUND] = &baton_step_reserve_sound_class,
  [BATON_STEP_STOP_UNIT] = &baton_step_stop_unit_class,
  [BATON_STEP_HOLD_POWER] = &baton_step_hold_power_class,
  [BATON_STEP_LOAD_MODULE] = &baton_step_load_module_class,
  [BATON_STEP_SET_OVERRIDE] = &baton_step_set_override_class,
  [BATON_STEP_UNLOAD_MODULE] = &baton_step_unload_module_class,
  [BATON_STEP_PROVE_UNUSED] = &baton_step_prove_unused_class,
  [BATON_STEP_SHOW_CONSOLES] = &baton_step_show_consoles_class,
  [BATON_STEP_UNBIND_CONSOLE] = &baton_step_unbind_console_class,
  [BATON_STEP_UNBIND] = &baton_step_unbind_class,
  [BATON_STEP_RESET] = &baton_step_reset_class,
  [BATON_STEP_REMOVE_FUNCTION] = &baton_step_remove_function_class,
  [BATON_STEP_RESCAN_BUS] = &baton_step_rescan_bus_class,
  [BATON_STEP_BIND] = &baton_step_bind_class,
  [BATON_STEP_PLACE_FILE] = &baton_step_place_file_class,
  [BATON_STEP_START_UNIT] = &baton_step_start_unit_class,
  [BATON_STEP_LET_OPEN] = &baton_step_let_open_class,
  [BATON_STEP_START_GUEST] = &baton_step_start_guest_class,
  [BATON_STEP_WAIT_GUEST] = &baton_step_wait_guest_class,
  [BATON_STEP_VERIFY] = &baton_step_verify_class,
};

/**
 * baton_step_get_class:
 * @kind: a kind of step
 *
 * Returns: its row of the table
 */
const BatonStepClass *
baton_step_get_class (BatonStepKind kind)
{
  return classes[kind];
}

/**
 * baton_step_is_of_stand_in:
 * @context: the handoff
 * @step: a step
 *
 * Returns: %TRUE if the step is for the card that stands in for the plan's
 */
gboolean
baton_step_is_of_stand_in (const BatonStepContext *context, const BatonStep *step)
{
  return context->stand_in != NULL &&
         g_strcmp0 (step->card, context->stand_in->before->card) == 0;
}

static BatonSide
get_side (const BatonStepContext *context, const BatonStep *step)
{
  const BatonMove *move =
      baton_step_is_of_stand_in (context, step) ? context->stand_in : context->own;

  return move != NULL ? move->to : context->to;
}

/**
 * baton_step_is_left_out:
 * @context: the handoff
 * @step: a step
 *
 * Returns: %TRUE if the step is only done where a driver does not take the card back, and it has
 *   not come to that
 */
gboolean
baton_step_is_left_out (const BatonStepContext *context, const BatonStep *step)
{
  return context->rung < baton_step_get_class (step->kind)->rung &&
         g_strcmp0 (step->detail, BATON_IF_NEEDED) == 0;
}

static gboolean
moves_card (const BatonStepContext *context, const BatonStep *step)
{
  const BatonStepClass *class = baton_step_get_class (step->kind);

  return get_side (context, step) == BATON_SIDE_HOST &&
         (class->moves_card == NULL || class->moves_card (step));
}

/**
 * baton_step_shares_card:
 * @context: the handoff
 * @step: a step
 *
 * What stands in belongs to a desktop that ends with the handoff that is put back, and is asked for
 * when it is taken again.
 *
 * Returns: %TRUE if everybody on the host may open the plan's card after the step
 */
gboolean
baton_step_shares_card (const BatonStepContext *context, const BatonStep *step)
{
  return baton_step_get_class (step->kind)->shares_card && moves_card (context, step) &&
         !baton_step_is_of_stand_in (context, step);
}

/**
 * baton_step_may_climb:
 * @context: the handoff
 * @step: a step that has failed
 *
 * Returns: %TRUE if the card may come back all the same by what is done %BATON_IF_NEEDED
 */
gboolean
baton_step_may_climb (const BatonStepContext *context, const BatonStep *step)
{
  return baton_step_get_class (step->kind)->may_climb && moves_card (context, step);
}
