/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"
#include "baton-look.h"
#include "baton-nvidia.h"
#include "baton-pci-address.h"

/* A module that comes back as it was, also where somebody else is quicker with loading it: udev
 * loads what a device's modalias names (systemd, rules.d/80-drivers.rules), and distributions' rules
 * load NVIDIA's display part when its driver is there. They know the settings of modprobe.d(5), and
 * none that were given by hand. */

static void
forget_problems (BatonStepContext *context, const char *module)
{
  for (guint i = context->problems->len; i > 0; i--)
    {
      const BatonTrouble *problem = g_ptr_array_index (context->problems, i - 1);

      if (problem->args != NULL &&
          g_strcmp0 (g_hash_table_lookup (problem->args, "module"), module) == 0)
        g_ptr_array_remove_index (context->problems, i - 1);
    }
}

/* The module is there: that it has other settings is a problem, and no reason to give up. */
static void
look_at_settings (BatonStepContext *context, const BatonModuleState *before)
{
  g_autofree char *difference = baton_module_state_dup_difference (before, context->root);
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

  forget_problems (context, before->name);
  if (difference == NULL)
    return;
  baton_trouble_set (&problem, BATON_CODE_MODULE_NOT_AS_BEFORE, 0, "module", before->name,
                     "settings", difference, NULL);
  g_ptr_array_add (context->problems, baton_trouble_copy (&problem));
}

static gboolean
is_as_before (BatonStepContext *context, const BatonModuleState *before)
{
  g_autofree char *difference = baton_module_state_dup_difference (before, context->root);

  return difference == NULL;
}

static BatonOutcome
load_with (BatonStepContext *context,
           const char *name,
           const char *options,
           BatonTrouble *trouble)
{
  BatonOutcome outcome = baton_effect_load_module (context, name, options, trouble);

  if (outcome != BATON_OUTCOME_OK || baton_module_state_is_loaded (context->root, name))
    return outcome;
  baton_trouble_set (trouble, BATON_CODE_MODULE_NOT_LISTED, 0, "module", name, NULL);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
load (BatonStepContext *context, const BatonModuleState *state, BatonTrouble *trouble)
{
  g_autofree char *options = baton_module_state_dup_options (state);

  return load_with (context, state->name, options, trouble);
}

static BatonModuleState *
copy_state (const BatonModuleState *state)
{
  g_autoptr (JsonNode) node = baton_module_state_to_json (state);

  return baton_module_state_new_from_json (node);
}

/* How a module that goes along is to be loaded again: as the card's record has it, or as it is. */
static BatonModuleState *
dup_wanted (BatonStepContext *context, const char *name)
{
  const BatonModuleState *origin =
      context->origin != NULL ? baton_card_state_find_module (context->origin, name) : NULL;

  return origin != NULL ? copy_state (origin) : baton_module_state_read (context->root, name);
}

/* Adds the modules that stand on @name, each before what it stands on, and @name at last (Linux,
 * kernel/module/main.c, add_usage_links()). FALSE where one of them is used by anything else, or is
 * none that can be loaded again for sure. */
static gboolean
list_stack (BatonStepContext *context, const char *name, GPtrArray *stack)
{
  g_autofree char *holders_path = g_strconcat ("module/", name, "/holders", NULL);
  g_autofree char *count_path = g_strconcat ("module/", name, "/refcnt", NULL);
  g_autofree char *count =
      baton_root_read_line (context->root, BATON_ROOT_SYS, count_path, NULL);
  g_autoptr (GPtrArray) holders =
      baton_root_list (context->root, BATON_ROOT_SYS, holders_path, NULL);
  guint n_holders = holders != NULL ? holders->len : 0;
  BatonModuleState *wanted;
  guint64 n_uses;

  for (guint i = 0; i < stack->len; i++)
    if (g_str_equal (((BatonModuleState *) stack->pdata[i])->name, name))
      return TRUE;
  if (!baton_nvidia_is_own_module (name) || count == NULL ||
      !g_ascii_string_to_unsigned (count, 10, 0, G_MAXUINT, &n_uses, NULL) ||
      n_uses != n_holders)
    return FALSE;
  for (guint i = 0; i < n_holders; i++)
    if (!list_stack (context, holders->pdata[i], stack))
      return FALSE;
  wanted = dup_wanted (context, name);
  if (wanted != NULL)
    g_ptr_array_add (stack, wanted);

  return wanted != NULL;
}

/* Without the driver's own module every card would be without a driver. */
static gboolean
serves_other_card (BatonStepContext *context, const char *module)
{
  g_autoptr (GPtrArray) names = NULL;

  if (!g_str_equal (module, BATON_NVIDIA_DRIVER))
    return FALSE;
  names = baton_root_list (context->root, BATON_ROOT_SYS,
                           "bus/pci/drivers/" BATON_NVIDIA_DRIVER, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      BatonPciAddress address;

      if (baton_pci_address_parse (names->pdata[i], &address, NULL) &&
          baton_card_state_find (context->before, names->pdata[i]) == NULL)
        return TRUE;
    }

  return FALSE;
}

static BatonOutcome
unload_stack (BatonStepContext *context,
              GPtrArray *stack,
              guint *ret_n_gone,
              BatonTrouble *trouble)
{
  *ret_n_gone = 0;
  while (*ret_n_gone < stack->len)
    {
      const BatonModuleState *state = g_ptr_array_index (stack, *ret_n_gone);
      BatonOutcome outcome = baton_effect_unload_module (context, state->name, trouble);

      if (outcome != BATON_OUTCOME_OK)
        return outcome;
      ++*ret_n_gone;
    }

  return BATON_OUTCOME_OK;
}

/* A module that was there a moment ago, with what modprobe.d(5) says: it is not lost for settings that
 * it does not take, because what is read of a parameter is not always what may be written to it
 * (`struct kernel_param_ops` in Linux, include/linux/moduleparam.h). */
static BatonOutcome
load_again (BatonStepContext *context, const BatonModuleState *state, BatonTrouble *trouble)
{
  BatonOutcome outcome = load (context, state, trouble);
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

  if (outcome != BATON_OUTCOME_FAILED)
    return outcome;
  outcome = load_with (context, state->name, NULL, &problem);
  if (outcome == BATON_OUTCOME_STUCK)
    {
      baton_trouble_clear (trouble);
      baton_trouble_move (trouble, &problem);
    }

  return outcome;
}

/* What only stood on the module is tried each for itself: its own step, if it has one, follows. */
static BatonOutcome
load_stack (BatonStepContext *context, GPtrArray *stack, guint n_gone, BatonTrouble *trouble)
{
  for (guint i = n_gone; i > 0; i--)
    {
      const BatonModuleState *state = g_ptr_array_index (stack, i - 1);
      g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
      BatonOutcome outcome = i == stack->len ? load_again (context, state, &problem)
                                             : load (context, state, &problem);

      if (outcome == BATON_OUTCOME_OK)
        {
          look_at_settings (context, state);
          continue;
        }
      if (outcome == BATON_OUTCOME_STUCK || i == stack->len)
        {
          baton_trouble_move (trouble, &problem);
          return outcome;
        }
      forget_problems (context, state->name);
      g_ptr_array_add (context->problems, baton_trouble_copy (&problem));
    }

  return BATON_OUTCOME_OK;
}

/* Once, and only what nobody uses: the kernel counts once more when a module is unloaded. */
static BatonOutcome
reload (BatonStepContext *context, const BatonModuleState *before, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) stack =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_module_state_free);
  g_autoptr (BatonModuleState) wanted = copy_state (before);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  guint n_gone;

  /* Whoever was quicker may not be done with what stands on it. */
  baton_look_settle_udev (context);
  if (wanted == NULL || !list_stack (context, before->name, stack) ||
      serves_other_card (context, before->name))
    return BATON_OUTCOME_OK;
  g_ptr_array_remove_index (stack, stack->len - 1);
  g_ptr_array_add (stack, g_steal_pointer (&wanted));
  if (unload_stack (context, stack, &n_gone, &refused) == BATON_OUTCOME_STUCK)
    {
      baton_trouble_move (trouble, &refused);
      return BATON_OUTCOME_STUCK;
    }

  return load_stack (context, stack, n_gone, trouble);
}

/**
 * baton_effect_load_as_before:
 * @context: the handoff
 * @before: how a module was loaded once
 * @trouble: why it could not be done
 *
 * Loads a module as it was loaded then. What it was given by hand goes before modprobe.d(5). One
 * that is there with other settings is unloaded and loaded once, with what stands on it, unless
 * it is in use; what is not as it was in the end is a problem of the context.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_load_as_before (BatonStepContext *context,
                             const BatonModuleState *before,
                             BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;

  forget_problems (context, before->name);
  if (!baton_module_state_is_loaded (context->root, before->name))
    outcome = load (context, before, trouble);
  if (outcome == BATON_OUTCOME_OK && !is_as_before (context, before))
    outcome = reload (context, before, trouble);
  if (outcome == BATON_OUTCOME_OK)
    look_at_settings (context, before);

  return outcome;
}

/**
 * baton_effect_is_loaded_as_before:
 * @context: the handoff
 * @before: how a module was loaded once
 *
 * Returns: whether it is loaded now, with the same settings
 */
gboolean
baton_effect_is_loaded_as_before (BatonStepContext *context, const BatonModuleState *before)
{
  return baton_module_state_is_loaded (context->root, before->name) &&
         is_as_before (context, before);
}

/**
 * baton_effect_unload_with_users:
 * @context: the handoff
 * @module: a module that was not there before the handoff
 * @trouble: why nothing more may be tried
 *
 * Unloads a module with all that has come to stand on it since, unless something is in use: then
 * it is not ours any more, and stays.
 *
 * Returns: %BATON_OUTCOME_STUCK, or %BATON_OUTCOME_OK
 */
BatonOutcome
baton_effect_unload_with_users (BatonStepContext *context,
                                const char *module,
                                BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) stack =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_module_state_free);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  guint n_gone;

  if (!baton_module_state_is_loaded (context->root, module))
    return BATON_OUTCOME_OK;
  baton_look_settle_udev (context);
  if (!list_stack (context, module, stack) || serves_other_card (context, module) ||
      unload_stack (context, stack, &n_gone, &refused) != BATON_OUTCOME_STUCK)
    return BATON_OUTCOME_OK;
  baton_trouble_move (trouble, &refused);

  return BATON_OUTCOME_STUCK;
}
