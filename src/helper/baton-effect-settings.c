/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#define RESET_METHOD "reset_method"
#define D3COLD_ALLOWED "d3cold_allowed"

/* References used below:
 *  RESET - Linux drivers/pci/pci.c, reset_method_show() and reset_method_store()
 *  D3COLD - Linux drivers/pci/pci-sysfs.c, d3cold_allowed_store()
 */

/* Another list means that the kernel judged anew what resets the card, and the choice is none from
 * that list; no method at all is a choice from every list. */
static gboolean
is_choice_from (const GStrv methods, const char *offered)
{
  g_auto (GStrv) all = g_strsplit (offered, " ", -1);

  for (guint i = 0; methods[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) all, methods[i]))
      return FALSE;

  return TRUE;
}

static BatonOutcome
put_reset_methods_back (BatonStepContext *context,
                        const BatonFunctionState *state,
                        BatonTrouble *trouble)
{
  g_autofree char *now = baton_effect_read_attribute (context, state->address, RESET_METHOD);
  g_autofree char *wanted = NULL;

  if (state->reset_methods == NULL || now == NULL)
    return BATON_OUTCOME_OK;
  wanted = g_strjoinv (" ", state->reset_methods);
  if (g_str_equal (now, wanted) || !is_choice_from (state->reset_methods, now))
    return BATON_OUTCOME_OK;

  /* To write nothing is no write at all: an empty line is an empty list (RESET). */
  return baton_effect_set_attribute (context, state->address, RESET_METHOD,
                                     *wanted != '\0' ? wanted : "\n", trouble);
}

/* The write wakes the function (D3COLD): it is awake, as everything is that was just found. */
static BatonOutcome
put_d3cold_back (BatonStepContext *context,
                 const BatonFunctionState *state,
                 BatonTrouble *trouble)
{
  g_autofree char *now = baton_effect_read_attribute (context, state->address, D3COLD_ALLOWED);

  if (state->d3cold_allowed == NULL || now == NULL || g_str_equal (now, state->d3cold_allowed))
    return BATON_OUTCOME_OK;

  return baton_effect_set_attribute (context, state->address, D3COLD_ALLOWED,
                                     state->d3cold_allowed, trouble);
}

/**
 * baton_effect_put_settings_back:
 * @context: the handoff
 * @state: how a function stood that the kernel has forgotten and found again
 * @trouble: why it could not be done
 *
 * Sets what the owner chose and a new function does not know: the ways to reset it, and whether it
 * may lose its power altogether.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_put_settings_back (BatonStepContext *context,
                                const BatonFunctionState *state,
                                BatonTrouble *trouble)
{
  BatonOutcome outcome = put_reset_methods_back (context, state, trouble);

  return outcome == BATON_OUTCOME_OK ? put_d3cold_back (context, state, trouble) : outcome;
}
