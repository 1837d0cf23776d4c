/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-step-context.h"

#include "baton-child.h"
#include "baton-errand.h"
#include "baton-root-warily.h"

/**
 * baton_step_context_begin:
 * @self: a context with nothing in it
 * @root: the roots
 * @events: where events go
 * @waiter: what waits
 * @profile: what the card's owner wants
 * @record: the handoff
 *
 * Makes what the steps of a handoff need to know, whether it is carried out or settled. Everything
 * that is given is borrowed. Each step looks, so who reads for a look is kept until
 * baton_step_context_clear().
 */
void
baton_step_context_begin (BatonStepContext *self,
                          BatonRoot *root,
                          BatonEventWriter *events,
                          BatonWaiter *waiter,
                          const BatonProfile *profile,
                          const BatonRecord *record)
{
  self->root = root;
  baton_root_hold_reader (root);
  self->events = events;
  self->waiter = waiter;
  self->profile = profile;
  self->own = record->own;
  self->stand_in = record->stand_in;
  baton_step_context_turn_to (self, NULL);
  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_trouble_free);
  self->reservations = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_errand_free);
  self->soft_ms = BATON_CHILD_SOFT_MS;
  self->hard_ms = BATON_CHILD_HARD_MS;
}

/**
 * baton_step_context_turn_to:
 * @self: a context
 * @step: (nullable): the step that is at work from now on, or %NULL for none
 *
 * Each step goes to the side of the card that it is for; with none at work it is the plan's card.
 */
void
baton_step_context_turn_to (BatonStepContext *self, const BatonStep *step)
{
  const BatonMove *move = self->own;

  /* What an earlier step has seen may be so no longer. */
  g_clear_pointer (&self->seen, baton_unit_state_free);
  self->step = step;
  if (step != NULL && baton_step_is_of_stand_in (self, step))
    move = self->stand_in;
  if (move == NULL)
    return;
  self->before = move->before;
  self->origin = move->origin;
  self->to = move->to;
}

/**
 * baton_step_context_clear:
 * @self: a context, also one with nothing in it
 *
 * Drops what it owns: the sound that was reserved for the handoff is given back by that.
 */
void
baton_step_context_clear (BatonStepContext *self)
{
  if (self->root != NULL)
    baton_root_release_reader (self->root);
  self->root = NULL;
  g_clear_pointer (&self->machine, baton_machine_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_clear_pointer (&self->bars, g_hash_table_unref);
  g_clear_pointer (&self->reservations, g_ptr_array_unref);
  g_clear_pointer (&self->guard, baton_errand_free);
  g_clear_pointer (&self->seen, baton_unit_state_free);
}
