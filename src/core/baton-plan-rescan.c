/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <string.h>

/* References used below:
 *  PCI-REMOVE - Linux drivers/pci/pci-sysfs.c, remove_store(), and drivers/pci/remove.c
 *  PCI-RESCAN - Linux drivers/pci/pci-sysfs.c, bus_rescan_store(): the bus's own file alone gives an
 *    empty bus's bridge new windows
 */

/*
 * Which function keeps the card from being removed and found again. Only functions are ever
 * removed: without the ports of a card's own switch the kernel gives the windows above to others,
 * and the card finds no room when it is back. What this computer uses now is not taken from it: a
 * disk may hang on the card's USB port. And the kernel removes no virtual function by itself
 * (PCI-REMOVE: it has no such file).
 *
 * Returns: (nullable): that function, or NULL where there is none
 */
static const BatonFunction *
find_obstacle (const BatonPlanning *self)
{
  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (baton_planning_travels (self, function) &&
          !baton_card_is_also (self->card, function) &&
          (function->is_virtual || baton_function_is_on_host (function)))
        return function;
    }

  return NULL;
}

/* Whether what the card's owner has asked for can be done. */
void
baton_planning_look_at_rescan (BatonPlanning *self)
{
  const BatonFunction *obstacle = find_obstacle (self);

  if (self->to == BATON_SIDE_HOST && self->profile->return_method == BATON_RETURN_RESCAN &&
      obstacle != NULL)
    baton_planning_add (self, BATON_CODE_RESCAN_LEFT_OUT, obstacle->address, "card",
                        baton_card_get_name (self->card), "address", obstacle->address);
}

static char *
dup_bus (const BatonFunction *function)
{
  return g_strndup (function->address,
                    (gsize) (strrchr (function->address, ':') - function->address));
}

/*
 * The card is removed whole, the display function last, and each bus that it was on is looked
 * through (PCI-RESCAN), the display's first: a card with a switch of its own may have its sound on
 * another. What travels along is no part of it, and is not removed.
 */
void
baton_planning_add_rescan (BatonPlanning *self)
{
  g_autoptr (GPtrArray) leaving = baton_planning_list_travelling (self, FALSE);
  g_autoptr (GPtrArray) coming = baton_planning_list_travelling (self, TRUE);
  g_autoptr (GHashTable) added = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *when =
      self->profile->return_method == BATON_RETURN_RESCAN ? NULL : BATON_IF_NEEDED;

  if (self->profile->return_method == BATON_RETURN_BIND || find_obstacle (self) != NULL)
    return;

  for (guint i = 0; i < leaving->len; i++)
    if (!baton_card_is_also (self->card, leaving->pdata[i]))
      baton_planning_add_step (self, BATON_STEP_REMOVE_FUNCTION,
                               ((BatonFunction *) leaving->pdata[i])->address, when);

  for (guint i = 0; i < coming->len; i++)
    {
      char *bus = dup_bus (coming->pdata[i]);

      if (baton_card_is_also (self->card, coming->pdata[i]))
        g_free (bus);
      else if (g_hash_table_add (added, bus))
        baton_planning_add_step (self, BATON_STEP_RESCAN_BUS, bus, when);
    }
}
