/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-along.h"
#include "baton-effect.h"
#include "baton-look.h"
#include "baton-sysfs-write.h"

/* What a step of this kind wants of a function. */
typedef enum
{
  WANTS_DRIVER,  /* the one that is named */
  WANTS_NOTHING, /* it had none before it left */
  WANTS_ANY,     /* nobody knows: the kernel chooses, for a companion perhaps none */
  WANTS_SOME,    /* the kernel chooses, and there is one */
} Wants;

static Wants
find_wish (BatonStepContext *context, const BatonStep *step, const char **ret_driver)
{
  const BatonFunctionState *origin =
      context->origin != NULL ? baton_card_state_find (context->origin, step->target) : NULL;

  gboolean is_auto = g_strcmp0 (step->detail, BATON_DRIVER_AUTO) == 0;

  if (!is_auto && g_strcmp0 (step->detail, BATON_DRIVER_ANY) != 0)
    {
      *ret_driver = step->detail;
      return WANTS_DRIVER;
    }
  if (origin == NULL)
    return is_auto ? WANTS_ANY : WANTS_SOME;
  if (!baton_sysfs_is_driver_name (origin->driver))
    return is_auto ? WANTS_NOTHING : WANTS_SOME;
  *ret_driver = origin->driver;

  return WANTS_DRIVER;
}

static gboolean
is_driver_there (BatonStepContext *context, const char *driver)
{
  g_autofree char *path = g_strconcat ("bus/pci/drivers/", driver, NULL);

  return baton_root_exists (context->root, BATON_ROOT_SYS, path);
}

/* The module that has to come first, so that there is a driver to bind to. */
static const char *
find_missing_module (BatonStepContext *context, const BatonStep *step)
{
  const BatonFunctionState *origin =
      context->origin != NULL ? baton_card_state_find (context->origin, step->target) : NULL;
  const char *driver = NULL;

  if (origin == NULL || find_wish (context, step, &driver) != WANTS_DRIVER ||
      g_strcmp0 (origin->driver, driver) != 0 || is_driver_there (context, driver))
    return NULL;

  return origin->module;
}

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  const char *module = find_missing_module (context, step);

  return module != NULL ? baton_effect_list_loads (module) : NULL;
}

static gboolean
is_companion (BatonStepContext *context, const BatonStep *step)
{
  return !g_str_equal (step->target, context->before->card);
}

/* The card is back by then: what travelled along and does not come is told, and no reason to take
 * the card away again. */
static gboolean
comes_along (BatonStepContext *context, const BatonStep *step)
{
  return context->to == BATON_SIDE_HOST && baton_along_is (context, step->target);
}

static gboolean
is_as_wished (BatonStepContext *context,
              const BatonStep *step,
              gboolean applied,
              BatonTrouble *trouble)
{
  const char *wanted = NULL;
  g_autofree char *driver = baton_effect_read_driver (context, step->target);

  switch (find_wish (context, step, &wanted))
    {
    case WANTS_NOTHING:
      return TRUE;
    case WANTS_ANY:
      /* A companion for which this kernel has no driver never had one. */
      if (driver != NULL || (applied && is_companion (context, step)))
        return TRUE;
      wanted = "any driver";
      break;
    case WANTS_SOME:
      if (driver != NULL)
        return TRUE;
      wanted = "any driver";
      break;
    case WANTS_DRIVER:
    default:
      if (g_strcmp0 (driver, wanted) == 0)
        return TRUE;
      break;
    }

  baton_effect_set_difference (context, step->target, wanted, driver, trouble);

  return FALSE;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return (applied && comes_along (context, step)) ||
         is_as_wished (context, step, applied, trouble);
}

static BatonOutcome
give (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  const char *driver = NULL;
  const char *module = find_missing_module (context, step);
  BatonOutcome outcome;

  switch (find_wish (context, step, &driver))
    {
    case WANTS_NOTHING:
      return BATON_OUTCOME_OK;
    case WANTS_ANY:
    case WANTS_SOME:
      return baton_effect_probe (context, step->target, trouble);
    case WANTS_DRIVER:
    default:
      if (module != NULL)
        {
          outcome = baton_effect_load_module (context, module, NULL, trouble);
          if (outcome != BATON_OUTCOME_OK)
            return outcome;
        }
      return baton_effect_bind (context, step->target, driver, trouble);
    }
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
  BatonOutcome outcome;

  if (!comes_along (context, step))
    return give (context, step, trouble);

  outcome = give (context, step, &problem);
  if (outcome != BATON_OUTCOME_OK && outcome != BATON_OUTCOME_FAILED)
    {
      baton_trouble_move (trouble, &problem);
      return outcome;
    }
  if (outcome == BATON_OUTCOME_FAILED || !is_as_wished (context, step, TRUE, &problem))
    g_ptr_array_add (context->problems, baton_trouble_copy (&problem));

  return BATON_OUTCOME_OK;
}

/**
 * baton_step_bind_is_kept:
 * @context: the handoff
 * @step: a step about a function
 * @ret_who: who uses the card, or why nobody knows
 *
 * That nobody can say whether it is in use counts as use: whoever may be there is not robbed of it,
 * and @ret_who says which of the two it is.
 *
 * Returns: %TRUE if the function has another driver than before, and may be in use
 */
gboolean
baton_step_bind_is_kept (BatonStepContext *context,
                         const BatonStep *step,
                         BatonTrouble *ret_who)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);
  g_autofree char *driver = baton_effect_read_driver (context, step->target);

  return driver != NULL && before != NULL && g_strcmp0 (driver, before->driver) != 0 &&
         !baton_look_is_free (context, ret_who);
}

/* What has begun to use the card since is not robbed of it: several drivers free what is still in
 * use (nouveau), or wait for it in the kernel (snd_hda_intel, i2c, vfio). */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  const BatonFunctionState *before = baton_card_state_find (context->before, step->target);
  g_autofree char *driver = baton_effect_read_driver (context, step->target);
  g_autofree char *found = NULL;
  BatonOutcome outcome;

  if (before == NULL || driver == NULL || g_strcmp0 (driver, before->driver) == 0)
    return baton_effect_unload_modules (context, remembered, trouble);
  if (!baton_look_may_be_taken (context, step->target, driver, trouble))
    return BATON_OUTCOME_FAILED;
  outcome = baton_effect_unbind (context, step->target, driver, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  found = baton_effect_read_driver (context, step->target);
  if (found != NULL)
    {
      /* The write of an unbind succeeds whatever happened (drivers/base/bus.c, unbind_store). */
      baton_trouble_set (trouble, BATON_CODE_NOT_AS_EXPECTED, 0, "subject", step->target,
                         "expected", "", "found", found, NULL);
      return BATON_OUTCOME_FAILED;
    }

  return baton_effect_unload_modules (context, remembered, trouble);
}

const BatonStepClass baton_step_bind_class = {
  .cancel_before = TRUE,
  .shares_card = TRUE,
  .may_climb = TRUE,
  .is_kept = baton_step_bind_is_kept,
  .remember = remember,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
