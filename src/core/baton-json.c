/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-json.h"

/* The contract says that every key is always present and that what is unknown is null, but a
 * reader must also bear a helper of another version: each getter takes "not there", "null" and
 * "of another type" for the same thing. */

static JsonNode *
find_node (JsonObject *object, const char *key)
{
  JsonNode *node = NULL;

  if (object != NULL)
    node = json_object_get_member (object, key);

  return node;
}

/**
 * baton_json_node_get_string:
 * @node: (nullable): any node
 *
 * Returns: (nullable): the string that it is, or %NULL where it is none
 */
const char *
baton_json_node_get_string (JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;

  return json_node_get_string (node);
}

/**
 * baton_json_get_string:
 * @object: (nullable): an object of the contract
 * @key: its key
 *
 * Returns: (nullable): the string, or %NULL where there is none
 */
const char *
baton_json_get_string (JsonObject *object, const char *key)
{
  return baton_json_node_get_string (find_node (object, key));
}

/**
 * baton_json_read_int:
 * @object: (nullable): an object of the contract
 * @key: its key
 * @ret_value: (out caller-allocates): where to store the integer
 *
 * For whoever must not take what is missing for a number.
 *
 * Returns: %TRUE if @ret_value was set
 */
gboolean
baton_json_read_int (JsonObject *object, const char *key, gint64 *ret_value)
{
  JsonNode *node = find_node (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;

  *ret_value = json_node_get_int (node);
  return TRUE;
}

/**
 * baton_json_read_boolean:
 * @object: (nullable): an object of the contract
 * @key: its key
 * @ret_value: (out caller-allocates): where to store the truth value
 *
 * For whoever must not take what is missing for %FALSE.
 *
 * Returns: %TRUE if @ret_value was set
 */
gboolean
baton_json_read_boolean (JsonObject *object, const char *key, gboolean *ret_value)
{
  JsonNode *node = find_node (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;

  *ret_value = json_node_get_boolean (node);
  return TRUE;
}

/**
 * baton_json_get_int:
 * @object: (nullable): an object of the contract
 * @key: its key
 * @fallback: what to return where there is no integer
 *
 * Returns: the integer, or @fallback
 */
gint64
baton_json_get_int (JsonObject *object, const char *key, gint64 fallback)
{
  gint64 value = fallback;

  baton_json_read_int (object, key, &value);

  return value;
}

/**
 * baton_json_get_boolean:
 * @object: (nullable): an object of the contract
 * @key: its key
 *
 * Returns: the truth value, %FALSE where there is none
 */
gboolean
baton_json_get_boolean (JsonObject *object, const char *key)
{
  gboolean value = FALSE;

  baton_json_read_boolean (object, key, &value);

  return value;
}

/**
 * baton_json_get_array:
 * @object: (nullable): an object of the contract
 * @key: its key
 *
 * Returns: (transfer none) (nullable): the array, or %NULL where there is none
 */
JsonArray *
baton_json_get_array (JsonObject *object, const char *key)
{
  JsonNode *node = find_node (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;

  return json_node_get_array (node);
}

/**
 * baton_json_get_object:
 * @object: (nullable): an object of the contract
 * @key: its key
 *
 * Returns: (transfer none) (nullable): the object, or %NULL where there is none
 */
JsonObject *
baton_json_get_object (JsonObject *object, const char *key)
{
  JsonNode *node = find_node (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;

  return json_node_get_object (node);
}

/**
 * baton_json_count:
 * @array: (nullable): an array
 *
 * Returns: its length, 0 for no array
 */
guint
baton_json_count (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

/**
 * baton_json_nth_object:
 * @array: (nullable): an array of objects
 * @n: index from 0
 *
 * Returns: (transfer none) (nullable): the object at @n, or %NULL where none is there
 */
JsonObject *
baton_json_nth_object (JsonArray *array, guint n)
{
  JsonNode *node;

  if (n >= baton_json_count (array))
    return NULL;

  node = json_array_get_element (array, n);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/**
 * baton_json_dup_args:
 * @object: (nullable): a finding, step event or result
 * @key: where its arguments are
 *
 * Returns: (transfer full) (element-type utf8 utf8): the arguments, for baton_code_fill()
 */
GHashTable *
baton_json_dup_args (JsonObject *object, const char *key)
{
  GHashTable *args = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  JsonObject *from = baton_json_get_object (object, key);
  g_autoptr (GList) names = from != NULL ? json_object_get_members (from) : NULL;

  for (GList *name = names; name != NULL; name = name->next)
    {
      const char *value = baton_json_get_string (from, name->data);

      if (value != NULL)
        g_hash_table_insert (args, g_strdup (name->data), g_strdup (value));
    }

  return args;
}

/**
 * baton_json_join_strings:
 * @array: (nullable): an array of strings
 * @separator: what stands between two
 *
 * Returns: (transfer full): the strings in one
 */
char *
baton_json_join_strings (JsonArray *array, const char *separator)
{
  GString *joined = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (array); i++)
    {
      const char *text = baton_json_node_get_string (json_array_get_element (array, i));

      if (text == NULL)
        continue;
      if (joined->len > 0)
        g_string_append (joined, separator);
      g_string_append (joined, text);
    }

  return g_string_free (joined, FALSE);
}

/**
 * baton_json_set_string:
 * @object: an object of the contract
 * @key: its key
 * @text: (nullable): what to set it to, %NULL where it is unknown
 *
 * Sets a member to @text, or to null: the contract has every key, always.
 */
void
baton_json_set_string (JsonObject *object, const char *key, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, key, text);
  else
    json_object_set_null_member (object, key);
}
