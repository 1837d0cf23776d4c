/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-note.h"

#include "baton-desktop.h"
#include "baton-json.h"
#include "baton-unit-name.h"

/* Everybody may read it: who asks without rights for the way back is shown the same steps. */
#define SUFFIX ".units.json"
#define LIST "units"
#define MAX_BYTES 65536

/**
 * baton_unit_note_new:
 * @unit: a system unit
 * @with: the unit that its owner named
 * @started: see #BatonUnitNote
 *
 * Returns: (transfer full): a note
 */
BatonUnitNote *
baton_unit_note_new (const char *unit, const char *with, gboolean started)
{
  BatonUnitNote *self = g_new0 (BatonUnitNote, 1);

  self->unit = g_strdup (unit);
  self->with = g_strdup (with);
  self->started = started;

  return self;
}

/**
 * baton_unit_note_free:
 * @self: (nullable): a note
 */
void
baton_unit_note_free (BatonUnitNote *self)
{
  if (self == NULL)
    return;

  g_free (self->unit);
  g_free (self->with);
  g_free (self);
}

/**
 * baton_unit_notes_build_name:
 * @card: a card's address
 *
 * Returns: (transfer full): the name of its file in %BATON_UNIT_NOTES_DIRECTORY
 */
char *
baton_unit_notes_build_name (const char *card)
{
  return g_strconcat (card, SUFFIX, NULL);
}

/* What may not be named in a profile is not touched on the word of a file either. */
static void
take_note (GPtrArray *notes, JsonObject *object)
{
  const char *unit = baton_json_get_string (object, "unit");
  const char *with = baton_json_get_string (object, "with");

  if (unit != NULL && with != NULL &&
      (baton_unit_name_is_good (unit) || g_str_equal (unit, BATON_DISPLAY_MANAGER)))
    g_ptr_array_add (
        notes, baton_unit_note_new (unit, with, baton_json_get_boolean (object, "started")));
}

/**
 * baton_unit_notes_load:
 * @root: where to look
 * @card: a card's address
 *
 * A restart forgets them, rightly: what runs then is what systemd started.
 *
 * Returns: (transfer full) (element-type BatonUnitNote): what is to be undone, in the order in which
 *   it was done
 */
GPtrArray *
baton_unit_notes_load (BatonRoot *root, const char *card)
{
  GPtrArray *notes = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_unit_note_free);
  g_autofree char *name = baton_unit_notes_build_name (card);
  g_autofree char *path = g_build_filename (BATON_UNIT_NOTES_DIRECTORY, name, NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_BYTES, NULL, NULL);
  g_autoptr (JsonNode) node = text != NULL ? json_from_string (text, NULL) : NULL;
  JsonArray *list = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return notes;

  list = baton_json_get_array (json_node_get_object (node), LIST);
  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *object = baton_json_nth_object (list, i);

      if (object != NULL)
        take_note (notes, object);
    }

  return notes;
}

/**
 * baton_unit_notes_to_json:
 * @notes: (element-type BatonUnitNote): notes
 *
 * Returns: (transfer full): what baton_unit_notes_load() reads
 */
JsonNode *
baton_unit_notes_to_json (GPtrArray *notes)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *all = json_object_new ();
  JsonArray *list = json_array_new ();

  for (guint i = 0; i < notes->len; i++)
    {
      const BatonUnitNote *note = notes->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "unit", note->unit);
      json_object_set_string_member (object, "with", note->with);
      json_object_set_boolean_member (object, "started", note->started);
      json_array_add_object_element (list, object);
    }
  json_object_set_array_member (all, LIST, list);
  json_node_take_object (node, all);

  return node;
}

/**
 * baton_unit_notes_have:
 * @notes: (element-type BatonUnitNote): notes
 * @unit: a unit
 * @started: see #BatonUnitNote
 *
 * Returns: whether that was done to it
 */
gboolean
baton_unit_notes_have (GPtrArray *notes, const char *unit, gboolean started)
{
  for (guint i = 0; i < notes->len; i++)
    {
      const BatonUnitNote *note = notes->pdata[i];

      if (note->started == started && g_str_equal (note->unit, unit))
        return TRUE;
    }

  return FALSE;
}
