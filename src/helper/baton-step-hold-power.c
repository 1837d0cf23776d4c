/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#define CONTROL "power/control"
#define STATUS "power/runtime_status"
#define AWAKE "on"

/* A kernel without runtime power management lets nothing sleep. */
static gboolean
is_awake (const char *status)
{
  return g_strcmp0 (status, "active") == 0 || g_strcmp0 (status, "unsupported") == 0;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autofree char *control = baton_effect_read_attribute (context, step->target, CONTROL);
  g_autofree char *status = baton_effect_read_attribute (context, step->target, STATUS);

  if (g_strcmp0 (control, AWAKE) != 0)
    baton_effect_set_difference (context, step->target, AWAKE, control, trouble);
  else if (!is_awake (status))
    baton_effect_set_difference (context, step->target, "active", status, trouble);
  else
    return TRUE;

  return FALSE;
}

/* The write wakes the device and returns when it is awake or cannot be woken
 * (drivers/base/power/runtime.c, pm_runtime_forbid). */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return baton_effect_set_attribute (context, step->target, CONTROL, AWAKE, trouble);
}

/* That a write to power/control was refused says little; what it means for the card says it all. */
static BatonOutcome
end_not_as_before (BatonStepContext *context,
                   const BatonFunctionState *state,
                   int errsv,
                   BatonTrouble *trouble)
{
  g_autofree char *found = baton_effect_read_attribute (context, state->address, CONTROL);

  if (found == NULL)
    baton_effect_set_difference (context, state->address, state->power_control, NULL, trouble);
  else if (g_strcmp0 (found, state->power_control) == 0)
    return BATON_OUTCOME_OK;
  else
    baton_trouble_set (trouble, BATON_CODE_POWER_NOT_AS_BEFORE, errsv, "address",
                       state->address, "wanted", state->power_control, "found", found, NULL);

  return BATON_OUTCOME_FAILED;
}

/**
 * baton_step_hold_power_put_back:
 * @context: the handoff
 * @state: (nullable): how a function stood
 * @trouble: why it could not be done
 *
 * Sets whether the function may sleep, as it was set then.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_step_hold_power_put_back (BatonStepContext *context,
                                const BatonFunctionState *state,
                                BatonTrouble *trouble)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  g_autofree char *control = NULL;
  BatonOutcome outcome;

  if (state == NULL || state->power_control == NULL)
    return BATON_OUTCOME_OK;
  control = baton_effect_read_attribute (context, state->address, CONTROL);
  if (g_strcmp0 (control, state->power_control) == 0)
    return BATON_OUTCOME_OK;

  outcome =
      baton_effect_set_attribute (context, state->address, CONTROL, state->power_control, &why);
  if (outcome == BATON_OUTCOME_OK ||
      (outcome == BATON_OUTCOME_FAILED && why.code == BATON_CODE_SETTING_REFUSED))
    return end_not_as_before (context, state, why.errsv, trouble);

  baton_trouble_move (trouble, &why);

  return outcome;
}

static BatonOutcome
put_back (BatonStepContext *context,
          const char *address,
          const BatonCardState *state,
          BatonTrouble *trouble)
{
  const BatonFunctionState *before =
      state != NULL ? baton_card_state_find (state, address) : NULL;

  return baton_step_hold_power_put_back (context, before, trouble);
}

/* vfio-pci lets what it gets sleep and wakes it when it lets go (vfio_pci_core.c,
 * vfio_pci_core_register_device and _unregister_device), so the setting that a parked function
 * has is not the host's. A card that comes back gets what it had on the host; where nobody knows
 * what that was, it stays as vfio-pci leaves it, which is the kernel's own default. */
static BatonOutcome
finish (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return put_back (context, step->target,
                   context->to == BATON_SIDE_HOST ? context->origin : context->before, trouble);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return put_back (context, step->target, context->before, trouble);
}

/* Keeps a function awake for the handoff, and no longer: a card that nobody uses may sleep, on
 * either side. */
const BatonStepClass baton_step_hold_power_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
  .finish = finish,
};
