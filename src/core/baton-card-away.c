/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-away.h"

/* Below /run: a file for each card that Baton has handed over and not taken back. */
#define CARDS "baton/cards"

static gboolean
was_handed_over (BatonRoot *root, const BatonCard *card)
{
  g_autofree char *path = g_strdup_printf (CARDS "/%s.json", baton_card_get_address (card));

  return card->side != BATON_SIDE_HOST && baton_root_exists (root, BATON_ROOT_RUN, path);
}

/**
 * baton_card_away_find:
 * @root: the roots
 * @machine: the machine; its cards know of their guests only where holders were looked at
 *
 * A card that is on vfio-pci since the computer's start, because Baton or something else claims it, is
 * not away: there is nobody who would have to bring it back.
 *
 * Returns: (transfer none) (nullable): a card that Baton has handed over and not taken back, or that a
 *   virtual machine has open
 */
const BatonCard *
baton_card_away_find (BatonRoot *root, BatonMachine *machine)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (card->guests->len > 0 || was_handed_over (root, card))
        return card;
    }

  return NULL;
}
