/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

/* Loaded and past its init, or built in: then there is no `initstate`
 * (kernel/module/sysfs.c). The kernel writes `-` in names as `_`. */
static gboolean
is_there (BatonStepContext *context, const char *module)
{
  g_autofree char *directory = g_strconcat ("module/", module, NULL);
  g_autofree char *state_path = NULL;
  g_autofree char *state = NULL;

  g_strdelimit (directory, "-", '_');
  if (!baton_root_exists (context->root, BATON_ROOT_SYS, directory))
    return FALSE;
  state_path = g_strconcat (directory, "/initstate", NULL);
  state = baton_root_read_line (context->root, BATON_ROOT_SYS, state_path, NULL);

  return state == NULL || g_str_equal (state, "live");
}

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  if (is_there (context, step->target))
    return NULL;

  return baton_effect_list_loads (step->target);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  if (is_there (context, step->target))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_MODULE_NOT_LISTED, 0, "module", step->target, NULL);

  return FALSE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  return baton_effect_load_module (context, step->target, trouble);
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  return baton_effect_unload_modules (context, remembered, trouble);
}

const BatonStepClass baton_step_load_module_class = {
  .cancel_before = TRUE,
  .remember = remember,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
