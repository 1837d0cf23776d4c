/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (baton_step_is_left_out (context, step) || !baton_effect_is_there (context, step->target))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_STILL_THERE, 0, "address", step->target, NULL);

  return FALSE;
}

/* Nothing of the card has a driver when the first of its functions goes: half of a card that is
 * there is no card for any driver. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  BatonOutcome outcome = baton_effect_let_go_of_all (context, trouble);

  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  if (context->bars == NULL)
    context->bars = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (context->bars, g_strdup (step->target),
                       GUINT_TO_POINTER (baton_effect_read_bars (context, step->target)));

  return baton_effect_remove (context, step->target, trouble);
}

/* A card that was given no room for its memory is there, and of no use to anybody. */
static BatonOutcome
check_bars (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  guint wanted = baton_effect_get_bars_before (context, address);

  if ((baton_effect_read_bars (context, address) & wanted) == wanted)
    return BATON_OUTCOME_OK;
  baton_trouble_set (trouble, BATON_CODE_BARS_LOST, 0, "address", address, NULL);

  return BATON_OUTCOME_FAILED;
}

/* Found again, it has no override any more, and the host's driver may have taken it at once: the
 * kernel's look for devices heeds no drivers_autoprobe (drivers/pci/bus.c, pci_bus_add_device). The
 * driver that it had gets it again where the step is put back that took it away. */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);
  BatonOutcome outcome = baton_effect_find_again (context, step->target, trouble);
  g_autofree char *driver = NULL;

  if (outcome != BATON_OUTCOME_OK || before == NULL)
    return outcome;
  driver = baton_effect_read_driver (context, step->target);
  if (driver != NULL && g_strcmp0 (driver, before->driver) != 0)
    outcome = baton_effect_let_go (context, step->target, trouble);
  if (outcome == BATON_OUTCOME_OK)
    outcome = baton_effect_set_override (context, step->target, before->override, trouble);
  if (outcome == BATON_OUTCOME_OK)
    outcome = baton_effect_put_settings_back (context, before, trouble);
  if (outcome == BATON_OUTCOME_OK)
    outcome = baton_step_hold_power_put_back (context, before, trouble);

  return outcome == BATON_OUTCOME_OK ? check_bars (context, step->target, trouble) : outcome;
}

/* From here on the way back leads through the host's driver, which takes what is found again. */
const BatonStepClass baton_step_remove_function_class = {
  .cancel_before = TRUE,
  .shares_card = TRUE,
  .rung = BATON_RUNG_RESCAN,
  .is_kept = baton_step_bind_is_kept,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
