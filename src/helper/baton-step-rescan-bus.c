/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"
#include "baton-sysfs-write.h"

#include <string.h>

typedef BatonOutcome (*FunctionFunc) (BatonStepContext *context,
                                      const BatonFunctionState *before,
                                      BatonTrouble *trouble);

/* What travels along may be on the same bus, and is not looked for: it was never removed. */
static gboolean
is_about (const BatonStep *step, const BatonFunctionState *state)
{
  gsize length = strlen (step->target);

  return !state->also && strncmp (state->address, step->target, length) == 0 &&
         state->address[length] == ':';
}

/* With each of the card's functions on that bus, until one of them cannot be done. */
static BatonOutcome
for_each (BatonStepContext *context,
          const BatonStep *step,
          FunctionFunc func,
          BatonTrouble *trouble)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      BatonOutcome outcome =
          is_about (step, state) ? func (context, state, trouble) : BATON_OUTCOME_OK;

      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }

  return BATON_OUTCOME_OK;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied || baton_step_is_left_out (context, step);
}

/* The same device, with its memory where it can be reached, and not with vfio-pci, which takes by
 * itself what it was told to take at boot (vfio-pci.ids=). */
static BatonOutcome
check_function (BatonStepContext *context,
                const BatonFunctionState *before,
                BatonTrouble *trouble)
{
  guint wanted = baton_effect_get_bars_before (context, before->address);
  g_autofree char *driver = baton_effect_read_driver (context, before->address);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;

  if (!baton_sysfs_check_device (context->root, before, &error))
    {
      baton_trouble_set (&refused, BATON_CODE_NOT_FOUND_AGAIN, 0, "address", before->address,
                         NULL);
      baton_trouble_set_from_error (trouble, &refused, error, before->address);
      return BATON_OUTCOME_FAILED;
    }
  if ((baton_effect_read_bars (context, before->address) & wanted) != wanted)
    {
      baton_trouble_set (trouble, BATON_CODE_BARS_LOST, 0, "address", before->address, NULL);
      return BATON_OUTCOME_FAILED;
    }

  return baton_function_driver_is_vfio (driver)
             ? baton_effect_let_go (context, before->address, trouble)
             : BATON_OUTCOME_OK;
}

static BatonOutcome
look (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  BatonOutcome outcome = baton_effect_rescan (context, step->target, trouble);

  return outcome == BATON_OUTCOME_OK ? for_each (context, step, check_function, trouble)
                                     : outcome;
}

static BatonOutcome
remove_function (BatonStepContext *context,
                 const BatonFunctionState *before,
                 BatonTrouble *trouble)
{
  return baton_effect_remove (context, before->address, trouble);
}

/* Functions that are found one after the other are given room one after the other, and the last of
 * them may find none; with the bus empty once more its bridge gets new windows (Linux,
 * drivers/pci/pci-sysfs.c, bus_rescan_store). That helps at the first try or never. */
static BatonOutcome
look_once_more (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  BatonOutcome outcome = baton_effect_let_go_of_all (context, trouble);

  if (outcome == BATON_OUTCOME_OK)
    outcome = for_each (context, step, remove_function, trouble);

  return outcome == BATON_OUTCOME_OK ? look (context, step, trouble) : outcome;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  BatonOutcome outcome = look (context, step, &why);

  if (outcome == BATON_OUTCOME_FAILED && why.code == BATON_CODE_BARS_LOST)
    return look_once_more (context, step, trouble);
  if (outcome != BATON_OUTCOME_OK)
    {
      baton_trouble_clear (trouble);
      *trouble = why;
      why = (BatonTrouble) BATON_TROUBLE_INIT;
    }

  return outcome;
}

static gboolean
is_kept (BatonStepContext *context, const BatonStep *step, BatonTrouble *ret_who)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      const BatonStep bind = { .kind = BATON_STEP_BIND, .target = state->address };

      if (is_about (step, state) && baton_step_bind_is_kept (context, &bind, ret_who))
        return TRUE;
    }

  return FALSE;
}

/* What the function had on the host, or, where nobody knows, what it had when it was removed. */
static BatonOutcome
put_settings_back (BatonStepContext *context,
                   const BatonFunctionState *before,
                   BatonTrouble *trouble)
{
  const BatonFunctionState *origin =
      context->origin != NULL ? baton_card_state_find (context->origin, before->address) : NULL;
  const BatonFunctionState *state = origin != NULL ? origin : before;
  BatonOutcome outcome = baton_effect_put_settings_back (context, state, trouble);

  return outcome == BATON_OUTCOME_OK ? baton_step_hold_power_put_back (context, state, trouble)
                                     : outcome;
}

/* One that cannot be put back keeps no other from it. */
static BatonOutcome
finish (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  BatonOutcome worst = BATON_OUTCOME_OK;

  for (guint i = 0; i < context->before->functions->len && worst != BATON_OUTCOME_STUCK; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
      BatonOutcome outcome =
          is_about (step, state) ? put_settings_back (context, state, &why) : BATON_OUTCOME_OK;

      if (outcome == BATON_OUTCOME_OK)
        continue;
      worst = outcome;
      if (outcome == BATON_OUTCOME_STUCK)
        baton_trouble_clear (trouble);
      baton_trouble_move (trouble, &why);
    }

  return worst;
}

/* Has the kernel find again what was removed, and give it to the host's drivers. To be undone,
 * it is removed from nobody: the steps before this one take it back. */
const BatonStepClass baton_step_rescan_bus_class = {
  .cancel_before = TRUE,
  .shares_card = TRUE,
  .rung = BATON_RUNG_RESCAN,
  .is_kept = is_kept,
  .observe = observe,
  .apply = apply,
  .finish = finish,
};
