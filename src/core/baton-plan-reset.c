/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* References used below:
 *  PCI-RESET - Linux drivers/pci/pci.c: pci_reset_function(), pci_reset_bus_function()
 */

/*
 * Which function keeps the card from being reset. A reset of the bus takes all of them with it, and
 * a driver that has one of them is not told by every kernel (PCI-RESET).
 *
 * Returns: (nullable): that function, or NULL where there is none
 */
static const BatonFunction *
find_obstacle (const BatonPlanning *self)
{
  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (baton_planning_travels (self, function) && baton_function_is_on_host (function) &&
          !baton_card_is_also (self->card, function))
        return function;
    }

  return NULL;
}

/* Whether what the card's owner has asked for can be done. */
void
baton_planning_look_at_reset (BatonPlanning *self)
{
  const BatonFunction *obstacle = find_obstacle (self);

  if (self->to == BATON_SIDE_HOST && self->profile->reset_before_return == BATON_RESET_ALWAYS &&
      obstacle != NULL)
    baton_planning_add (self, BATON_CODE_RESET_LEFT_OUT, obstacle->address, "card",
                        baton_card_get_name (self->card), "address", obstacle->address);
}

static gboolean
lists_reset_methods (const BatonFunction *function)
{
  return function->reset_methods != NULL && function->reset_methods[0] != NULL;
}

/*
 * The card is reset while no driver has it. Its owner may want that, and some cards need it; any
 * other is reset where its driver does not take it back, before it is removed for that: whether a
 * method that the kernel lists works is only known once it was tried (PCI-RESET).
 */
void
baton_planning_add_reset (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *method = baton_planning_get_needed_reset (self);

  if (self->profile->reset_before_return == BATON_RESET_NEVER || find_obstacle (self) != NULL)
    return;

  if (self->profile->reset_before_return == BATON_RESET_ALWAYS || method != NULL)
    baton_planning_add_step (self, BATON_STEP_RESET, display->address, method);
  else if (self->profile->return_method == BATON_RETURN_AUTO && lists_reset_methods (display))
    baton_planning_add_step (self, BATON_STEP_RESET, display->address, BATON_IF_NEEDED);
}
