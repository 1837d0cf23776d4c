/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-list-joiner.h"

#include <string.h>

#include "baton-json.h"

/* More than any machine has: a list that never ends must not take all memory. */
#define MAX_ITEMS 65536

struct _BatonListJoiner
{
  GHashTable *pending; /* owned; type and card of a list that goes on, to JsonObject */
};

typedef struct
{
  const char *type;
  const char *lists[4];
} Kind;

/* What may take several lines, and which of its members are then appended. */
static const Kind kinds[] = {
  { "machine", { "cards", "groups", "handmade", NULL } },
  { "holders", { "holders", "modules", NULL } },
  { "plan", { "findings", "steps", NULL } },
  { "report", { "steps", NULL } },
};

static const Kind *
find_kind (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].type, type) == 0)
      return &kinds[i];

  return NULL;
}

static void
unref_object (gpointer data)
{
  json_object_unref (data);
}

/* Appends the lists of @later to those of @first, with which it shares the snapshot. */
static void
append_lists (const Kind *kind, JsonObject *first, JsonObject *later)
{
  for (guint i = 0; kind->lists[i] != NULL; i++)
    {
      JsonArray *to = baton_json_get_array (first, kind->lists[i]);
      JsonArray *from = baton_json_get_array (later, kind->lists[i]);

      if (to == NULL || from == NULL)
        continue;

      for (guint j = 0; j < json_array_get_length (from); j++)
        if (json_array_get_length (to) < MAX_ITEMS)
          json_array_add_element (to, json_node_copy (json_array_get_element (from, j)));
    }
}

/* A line of its own would be changed by what is appended to it, and it is the caller's. */
static JsonObject *
copy_lists (const Kind *kind, JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *key = NULL;
  JsonNode *node = NULL;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &node))
    {
      if (g_strv_contains (kind->lists, key) && JSON_NODE_HOLDS_ARRAY (node))
        json_object_set_array_member (copy, key, json_array_new ());
      else
        json_object_set_member (copy, key, json_node_copy (node));
    }

  append_lists (kind, copy, object);

  return copy;
}

/**
 * baton_list_joiner_new:
 *
 * Returns: (transfer full): a joiner that has heard of nothing
 */
BatonListJoiner *
baton_list_joiner_new (void)
{
  BatonListJoiner *self = g_new0 (BatonListJoiner, 1);

  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_object);

  return self;
}

/**
 * baton_list_joiner_free:
 * @self: (nullable): a joiner
 *
 * Frees @self, and what was begun.
 */
void
baton_list_joiner_free (BatonListJoiner *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->pending);
  g_free (self);
}

/**
 * baton_list_joiner_joins:
 * @type: type of an event
 *
 * Returns: %TRUE if events of @type may take several lines
 */
gboolean
baton_list_joiner_joins (const char *type)
{
  return find_kind (type) != NULL;
}

/**
 * baton_list_joiner_push:
 * @self: a joiner
 * @event: an event of a type that it joins
 *
 * Takes in one line. Of several, the first says the scalars and each adds to the lists.
 *
 * Returns: (transfer full) (nullable): the whole object where this line was its last
 */
JsonObject *
baton_list_joiner_push (BatonListJoiner *self, const BatonEvent *event)
{
  const Kind *kind = find_kind (event->type);
  const char *card = baton_json_get_string (event->object, "card");
  g_autofree char *key = NULL;
  JsonObject *pending = NULL;
  JsonObject *whole = NULL;

  g_return_val_if_fail (kind != NULL, NULL);

  key = g_strconcat (kind->type, "/", card != NULL ? card : "", NULL);
  pending = g_hash_table_lookup (self->pending, key);
  if (pending != NULL &&
      baton_json_get_int (pending, "snap", 0) != baton_json_get_int (event->object, "snap", 0))
    {
      g_hash_table_remove (self->pending, key);
      pending = NULL;
    }

  if (pending == NULL && !baton_json_get_boolean (event->object, "more"))
    return json_object_ref (event->object);

  if (pending == NULL)
    {
      g_hash_table_insert (self->pending, g_steal_pointer (&key),
                           copy_lists (kind, event->object));
      return NULL;
    }

  append_lists (kind, pending, event->object);
  if (baton_json_get_boolean (event->object, "more"))
    return NULL;

  whole = json_object_ref (pending);
  g_hash_table_remove (self->pending, key);

  return whole;
}

/**
 * baton_list_joiner_forget:
 * @self: a joiner
 *
 * Forgets what was begun: another output follows, whose snapshots count from one again.
 */
void
baton_list_joiner_forget (BatonListJoiner *self)
{
  g_hash_table_remove_all (self->pending);
}
