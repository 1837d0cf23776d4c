/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-notes.h"

#include "baton-state-file.h"

static gboolean
save (BatonRoot *root, const char *card, GPtrArray *notes, GError **error)
{
  g_autofree char *name = baton_unit_notes_build_name (card);
  g_autoptr (JsonNode) node = baton_unit_notes_to_json (notes);
  g_autofree char *text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_UNIT_NOTES_DIRECTORY, name, text, 0644,
                            error);
}

/**
 * baton_unit_notes_add:
 * @root: the roots
 * @card: a card's address
 * @unit: a system unit
 * @with: the unit that its owner named
 * @started: see #BatonUnitNote
 * @error: return location for an error
 *
 * Written down before it is done, so that whoever comes after a crash undoes it; and once only, so
 * that it may be done again.
 *
 * Returns: %TRUE if it is remembered until the card is back
 */
gboolean
baton_unit_notes_add (BatonRoot *root,
                      const char *card,
                      const char *unit,
                      const char *with,
                      gboolean started,
                      GError **error)
{
  g_autoptr (GPtrArray) notes = baton_unit_notes_load (root, card);

  if (baton_unit_notes_have (notes, unit, started))
    return TRUE;
  g_ptr_array_add (notes, baton_unit_note_new (unit, with, started));

  return save (root, card, notes, error);
}

/**
 * baton_unit_notes_drop:
 * @root: the roots
 * @card: a card's address
 * @with: the unit that its owner named
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is remembered any more that was done for @with's sake
 */
gboolean
baton_unit_notes_drop (BatonRoot *root, const char *card, const char *with, GError **error)
{
  g_autoptr (GPtrArray) notes = baton_unit_notes_load (root, card);
  guint n_before = notes->len;

  for (guint i = notes->len; i > 0; i--)
    if (g_str_equal (((BatonUnitNote *) notes->pdata[i - 1])->with, with))
      g_ptr_array_remove_index (notes, i - 1);

  return notes->len == n_before || save (root, card, notes, error);
}

/**
 * baton_unit_notes_forget:
 * @root: the roots
 * @card: a card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is remembered any more
 */
gboolean
baton_unit_notes_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = baton_unit_notes_build_name (card);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_UNIT_NOTES_DIRECTORY, name, error);
}
