/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "baton-effect.h"
#include "baton-unbind-lock.h"

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied;
}

static gboolean
is_needed_by_another (BatonStepContext *context)
{
  for (guint i = 0; i < context->machine->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (context->machine->functions, i);

      if (g_strcmp0 (function->driver, BATON_NVIDIA_DRIVER) == 0 &&
          baton_card_state_find (context->before, function->address) == NULL)
        return TRUE;
    }

  return FALSE;
}

/* Where the driver itself is unloaded to let go of the card, it must be nobody's any more: this is
 * the last moment at which nothing is unbound. */
static gboolean
is_driver_unused (BatonStepContext *context, const BatonNvidia *nvidia, BatonTrouble *trouble)
{
  for (guint i = 0; i < nvidia->modules->len; i++)
    {
      const BatonNvidiaModule *module = g_ptr_array_index (nvidia->modules, i);
      g_autofree char *count = g_strdup_printf ("%d", module->refcount);

      if (g_str_equal (module->name, BATON_NVIDIA_DRIVER) && module->refcount > 0)
        {
          baton_trouble_set (trouble, BATON_CODE_MODULE_IN_USE, EAGAIN, "module", module->name,
                             "count", count, NULL);
          return FALSE;
        }
    }

  return TRUE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (BatonNvidia) nvidia = baton_nvidia_new (context->root);

  if (baton_nvidia_find_way (nvidia->version) == BATON_NVIDIA_UNLOAD &&
      !is_needed_by_another (context) && !is_driver_unused (context, nvidia, trouble))
    return BATON_OUTCOME_FAILED;

  return baton_unbind_lock_take (context, step->target, trouble);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return baton_unbind_lock_give_back (context, step->target, trouble);
}

/* The driver's own word that nobody uses the card, before anything is unbound. */
const BatonStepClass baton_step_prove_unused_class = {
  .cancel_before = TRUE,
  .wants_free_card = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
