/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-json.h"

/* Readers of the contract's objects: what is missing or of another type is empty, never an error,
 * because the helper may be newer than this program. */

static JsonNode *
find_value (JsonObject *object, const char *key, GType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, key) : NULL;

  return node != NULL && json_node_get_value_type (node) == type ? node : NULL;
}

/**
 * baton_cli_object:
 * @array: an array
 * @index: a place in it
 *
 * Returns: (transfer none) (nullable): the object there
 */
JsonObject *
baton_cli_object (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/**
 * baton_cli_array:
 * @object: (nullable): an object
 * @key: a key
 *
 * Returns: (transfer none) (nullable): the array there
 */
JsonArray *
baton_cli_array (JsonObject *object, const char *key)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/**
 * baton_cli_length:
 * @array: (nullable): an array
 *
 * Returns: how many items it has
 */
guint
baton_cli_length (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

/**
 * baton_cli_string:
 * @object: (nullable): an object
 * @key: a key
 *
 * Returns: (transfer none) (nullable): the text there
 */
const char *
baton_cli_string (JsonObject *object, const char *key)
{
  JsonNode *node = find_value (object, key, G_TYPE_STRING);

  return node != NULL ? json_node_get_string (node) : NULL;
}

/**
 * baton_cli_integer:
 * @object: (nullable): an object
 * @key: a key
 *
 * Returns: the number there, or 0
 */
gint64
baton_cli_integer (JsonObject *object, const char *key)
{
  JsonNode *node = find_value (object, key, G_TYPE_INT64);

  return node != NULL ? json_node_get_int (node) : 0;
}

/**
 * baton_cli_boolean:
 * @object: (nullable): an object
 * @key: a key
 *
 * Returns: the truth there, or %FALSE
 */
gboolean
baton_cli_boolean (JsonObject *object, const char *key)
{
  JsonNode *node = find_value (object, key, G_TYPE_BOOLEAN);

  return node != NULL && json_node_get_boolean (node);
}

/**
 * baton_cli_join:
 * @array: (nullable): an array of texts
 *
 * Returns: (transfer full): the texts with commas between
 */
char *
baton_cli_join (JsonArray *array)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; i < baton_cli_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) != G_TYPE_STRING)
        continue;
      if (joined->len > 0)
        g_string_append (joined, ", ");
      g_string_append (joined, json_node_get_string (node));
    }

  return g_string_free (g_steal_pointer (&joined), FALSE);
}
