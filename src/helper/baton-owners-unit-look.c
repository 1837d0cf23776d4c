/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-owners-unit-look.h"

/* Each look is a child with a connection of its own, and has systemd tell everything that it knows of a
 * unit: what a step looks at to see whether there is anything to do, it would look at again a moment later
 * to do it. */

/**
 * baton_owners_unit_look:
 * @context: the handoff
 * @unit: a unit, as steps and notes name it
 *
 * Looks how it stands, and keeps that for the step that is at work.
 *
 * Returns: (transfer none) (nullable): how it stands; %NULL where nobody can be asked
 */
const BatonUnitState *
baton_owners_unit_look (BatonStepContext *context, const char *unit)
{
  g_clear_pointer (&context->seen, baton_unit_state_free);
  context->seen = baton_unit_state_new (context->root, context->waiter, unit, NULL);

  return context->seen;
}

/**
 * baton_owners_unit_look_first:
 * @context: the handoff
 * @unit: a unit, as steps and notes name it
 * @error: return location for an error
 *
 * For what begins with how a unit stands: what the step at work has seen of it last, or else a look. What
 * was seen serves once, for something is done then.
 *
 * Returns: (transfer full) (nullable): how it stands, as baton_unit_state_new()
 */
BatonUnitState *
baton_owners_unit_look_first (BatonStepContext *context, const char *unit, GError **error)
{
  if (context->seen != NULL && g_str_equal (context->seen->unit, unit))
    return g_steal_pointer (&context->seen);

  return baton_unit_state_new (context->root, context->waiter, unit, error);
}
