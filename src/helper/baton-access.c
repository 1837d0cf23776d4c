/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-access.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "baton-pci-address.h"
#include "baton-state-file.h"

/* Whom Baton has let in to the nodes of a card's groups, for as long as the card is away: kept
 * beside how the card stood, and for a card as well that nobody knows this of, since it was parked
 * before Baton saw it. The node may stay where another card of the group does, and the entry in
 * it with it. */
#define CARDS_DIRECTORY BATON_RUN_DIRECTORY "/cards"
#define SUFFIX ".access.json"
#define LIST "access"

static void
free_access (gpointer data)
{
  BatonAccess *access = data;

  g_free (access->group);
  g_free (access);
}

static void
add_access (GPtrArray *list, const char *group, guint uid)
{
  BatonAccess *access = g_new0 (BatonAccess, 1);

  access->group = g_strdup (group);
  access->uid = uid;
  g_ptr_array_add (list, access);
}

static gboolean
is_about (const BatonAccess *access, const char *group, guint uid)
{
  return access->uid == uid && g_strcmp0 (access->group, group) == 0;
}

static gboolean
save (BatonRoot *root, const char *card, GPtrArray *list, GError **error)
{
  g_autofree char *name = g_strconcat (card, SUFFIX, NULL);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;
  JsonObject *all = json_object_new ();
  JsonArray *array = json_array_new ();

  json_object_set_array_member (all, LIST, array);
  json_node_take_object (node, all);
  for (guint i = 0; i < list->len; i++)
    {
      const BatonAccess *access = g_ptr_array_index (list, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "group", access->group);
      json_object_set_int_member (object, "uid", access->uid);
      json_array_add_object_element (array, object);
    }
  text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, CARDS_DIRECTORY, name, text, 0600, error);
}

/**
 * baton_access_list:
 * @root: the roots
 * @card: a card's address
 *
 * Returns: (transfer full) (element-type BatonAccess): who was let in for it
 */
GPtrArray *
baton_access_list (BatonRoot *root, const char *card)
{
  g_autofree char *name = g_strconcat (card, SUFFIX, NULL);
  g_autoptr (JsonNode) node =
      baton_state_read_json (root, BATON_ROOT_RUN, CARDS_DIRECTORY, name, NULL);
  JsonNode *member =
      node != NULL ? json_object_get_member (json_node_get_object (node), LIST) : NULL;
  JsonArray *array =
      member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;
  GPtrArray *list = g_ptr_array_new_with_free_func (free_access);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (item) ? json_node_get_object (item) : NULL;
      const char *group =
          object != NULL ? json_object_get_string_member_with_default (object, "group", NULL)
                         : NULL;
      gint64 uid =
          object != NULL ? json_object_get_int_member_with_default (object, "uid", 0) : 0;

      if (group != NULL && uid > 0 && uid < G_MAXUINT32)
        add_access (list, group, (guint) uid);
    }

  return list;
}

/**
 * baton_access_note:
 * @root: the roots
 * @card: a card's address
 * @group: one of its groups
 * @uid: who is let in to that
 * @error: return location for an error
 *
 * Comes before the entry is made, so that none is forgotten.
 *
 * Returns: %TRUE if it is remembered until the card is back
 */
gboolean
baton_access_note (
    BatonRoot *root, const char *card, const char *group, guint uid, GError **error)
{
  g_autoptr (GPtrArray) list = baton_access_list (root, card);

  for (guint i = 0; i < list->len; i++)
    if (is_about (g_ptr_array_index (list, i), group, uid))
      return TRUE;
  add_access (list, group, uid);

  return save (root, card, list, error);
}

/**
 * baton_access_drop:
 * @root: the roots
 * @card: a card's address
 * @group: one of its groups
 * @uid: who is not let in to that any more
 * @error: return location for an error
 *
 * Returns: %TRUE if it is not remembered any more
 */
gboolean
baton_access_drop (
    BatonRoot *root, const char *card, const char *group, guint uid, GError **error)
{
  g_autoptr (GPtrArray) list = baton_access_list (root, card);
  gboolean found = FALSE;

  for (guint i = list->len; i > 0; i--)
    if (is_about (g_ptr_array_index (list, i - 1), group, uid))
      {
        g_ptr_array_remove_index (list, i - 1);
        found = TRUE;
      }
  if (list->len == 0)
    return baton_access_forget (root, card, error);

  return !found || save (root, card, list, error);
}

/**
 * baton_access_forget:
 * @root: the roots
 * @card: a card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is remembered of @card any more
 */
gboolean
baton_access_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = g_strconcat (card, SUFFIX, NULL);

  return baton_state_remove (root, BATON_ROOT_RUN, CARDS_DIRECTORY, name, error);
}

static gboolean
is_noted (BatonRoot *root, const char *card, const BatonAccess *access)
{
  g_autoptr (GPtrArray) list = baton_access_list (root, card);

  for (guint i = 0; i < list->len; i++)
    if (is_about (g_ptr_array_index (list, i), access->group, access->uid))
      return TRUE;

  return FALSE;
}

/**
 * baton_access_is_shared:
 * @root: the roots
 * @card: a card's address
 * @access: who was let in for it
 *
 * Returns: %TRUE if another card that is away was handed over with the same access: it stays
 */
gboolean
baton_access_is_shared (BatonRoot *root, const char *card, const BatonAccess *access)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_RUN, CARDS_DIRECTORY, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *other = NULL;

      if (!g_str_has_suffix (name, SUFFIX))
        continue;
      other = g_strndup (name, strlen (name) - strlen (SUFFIX));
      if (baton_pci_address_is_valid (other) && !g_str_equal (other, card) &&
          is_noted (root, other, access))
        return TRUE;
    }

  return FALSE;
}
