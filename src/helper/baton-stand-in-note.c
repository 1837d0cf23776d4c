/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-stand-in-note.h"

#include "baton-stand-in.h"
#include "baton-state-file.h"

/**
 * baton_stand_in_note_make:
 * @root: the roots
 * @card: address of the card that leaves
 * @stand_in: how the card stands that is about to be taken from vfio-pci in its stead
 * @error: return location for an error
 *
 * Notes which card stands in, for whoever looks until it is parked again.
 *
 * Returns: %TRUE if it is noted
 */
gboolean
baton_stand_in_note_make (BatonRoot *root,
                          const char *card,
                          const BatonCardState *stand_in,
                          GError **error)
{
  g_autofree char *name = baton_stand_in_build_name (card);
  g_autofree char *identity =
      baton_function_state_dup_identity (baton_card_state_find (stand_in, stand_in->card));
  g_autoptr (BatonAlso) note = baton_also_new (stand_in->card, identity);
  g_autoptr (JsonNode) node = baton_stand_in_to_json (note);
  g_autofree char *text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_STAND_IN_DIRECTORY, name, text, 0644,
                            error);
}

/**
 * baton_stand_in_note_drop:
 * @root: the roots
 * @card: address of the card that it stands in for
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is noted any more
 */
gboolean
baton_stand_in_note_drop (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = baton_stand_in_build_name (card);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_STAND_IN_DIRECTORY, name, error);
}
