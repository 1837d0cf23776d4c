/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include "baton-text.h"

#include <string.h>

/* json-glib's own generator writes raw UTF-8 and trusts its strings. Ours writes ASCII, takes
 * hostile bytes, and keeps to a size, so the one place that cleans them is also the last one. */

#define MIN_STRING 64

static void
encode_code_unit (GString *out, guint unit)
{
  g_string_append_printf (out, "\\u%04x", unit);
}

/* @text is clean: valid UTF-8 without control characters. */
static void
encode_clean_text (GString *out, const char *text)
{
  g_string_append_c (out, '"');

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", (char) c);
      else if (c < 0x80)
        g_string_append_c (out, (char) c);
      else if (c < 0x10000)
        encode_code_unit (out, c);
      else
        {
          encode_code_unit (out, 0xd800 + ((c - 0x10000) >> 10));
          encode_code_unit (out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }

  g_string_append_c (out, '"');
}

static void
encode_key (GString *out, const char *key, const char *suffix)
{
  g_autofree char *whole = g_strconcat (key, suffix, NULL);
  g_autofree char *clean = baton_text_clean (whole, -1, BATON_MAX_STRING, NULL, NULL);

  encode_clean_text (out, clean);
  g_string_append_c (out, ':');
}

static void
encode_flag (GString *out, const char *key)
{
  g_string_append_c (out, ',');
  encode_key (out, key, "_cut");
  g_string_append (out, "true");
}

static gboolean
has_suffixed (JsonObject *object, const char *key, const char *suffix)
{
  g_autofree char *whole = g_strconcat (key, suffix, NULL);

  return json_object_has_member (object, whole);
}

/* Writes a member that is a string, and beside it what cleaning took away from it. A line that is
 * relayed has both already, and its string is clean. */
static void
encode_string_member (GString *out,
                      JsonObject *object,
                      const char *key,
                      const char *bytes,
                      const BatonEncodeLimits *limits)
{
  gboolean lost = FALSE;
  gboolean cut = FALSE;
  g_autofree char *clean = baton_text_clean (bytes, -1, limits->max_string, &lost, &cut);

  encode_key (out, key, NULL);
  encode_clean_text (out, clean);

  if (lost && !has_suffixed (object, key, "_b64"))
    {
      gsize n_exact = MIN (strlen (bytes), limits->max_string / 4 * 3);
      g_autofree char *exact = g_base64_encode ((const guchar *) bytes, n_exact);

      cut |= bytes[n_exact] != '\0';
      g_string_append_c (out, ',');
      encode_key (out, key, "_b64");
      encode_clean_text (out, exact);
    }

  if (cut && !has_suffixed (object, key, "_cut"))
    encode_flag (out, key);
}

static void
encode_array (GString *out, JsonArray *array, const BatonEncodeLimits *limits)
{
  guint n_items = MIN (json_array_get_length (array), limits->max_items);

  g_string_append_c (out, '[');
  for (guint i = 0; i < n_items; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      baton_event_encode_node (out, json_array_get_element (array, i), limits);
    }
  g_string_append_c (out, ']');
}

static void
encode_value (GString *out, JsonNode *node, const BatonEncodeLimits *limits)
{
  GType type = json_node_get_value_type (node);

  if (type == G_TYPE_BOOLEAN)
    {
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
    }
  else if (type == G_TYPE_STRING)
    {
      g_autofree char *clean =
          baton_text_clean (json_node_get_string (node), -1, limits->max_string, NULL, NULL);

      encode_clean_text (out, clean);
    }
  else if (type == G_TYPE_INT64)
    {
      g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
    }
  else
    {
      /* The contract has integers only: what is none is unknown. */
      g_string_append (out, "null");
    }
}

/* Writes @node as JSON in ASCII. Strings may hold any bytes. */
void
baton_event_encode_node (GString *out, JsonNode *node, const BatonEncodeLimits *limits)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      g_string_append_c (out, '{');
      baton_event_encode_members (out, json_node_get_object (node), NULL, limits);
      g_string_append_c (out, '}');
      break;
    case JSON_NODE_ARRAY:
      encode_array (out, json_node_get_array (node), limits);
      break;
    case JSON_NODE_VALUE:
      encode_value (out, node, limits);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (out, "null");
      break;
    }
}

/* Writes the members of @object but those in @except, with commas between, without the braces.
 * `KEY_b64` follows a string of which cleaning lost something, `KEY_cut` what is not whole. */
void
baton_event_encode_members (GString *out,
                            JsonObject *object,
                            const char *const *except,
                            const BatonEncodeLimits *limits)
{
  JsonObjectIter iter;
  const char *key = NULL;
  JsonNode *node = NULL;
  gboolean first = TRUE;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &node))
    {
      if (except != NULL && g_strv_contains (except, key))
        continue;

      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        {
          encode_string_member (out, object, key, json_node_get_string (node), limits);
          continue;
        }

      encode_key (out, key, NULL);
      baton_event_encode_node (out, node, limits);
      if (JSON_NODE_HOLDS_ARRAY (node) &&
          json_array_get_length (json_node_get_array (node)) > limits->max_items)
        encode_flag (out, key);
    }
}

/* Writes @node in at most @max_bytes: whole where it fits; else with ever shorter strings, then
 * with ever shorter arrays, marked by `KEY_cut`. A line that says a part beats one that is not
 * there. */
char *
baton_event_encode_fitting (JsonNode *node, gsize max_bytes)
{
  BatonEncodeLimits limits = { BATON_MAX_STRING, G_MAXUINT };
  g_autoptr (GString) out = g_string_new (NULL);

  for (;;)
    {
      g_string_truncate (out, 0);
      baton_event_encode_node (out, node, &limits);

      if (out->len <= max_bytes)
        return g_string_free (g_steal_pointer (&out), FALSE);

      if (limits.max_string > MIN_STRING)
        limits.max_string /= 2;
      else if (limits.max_items == G_MAXUINT)
        limits.max_items = 256;
      else if (limits.max_items > 0)
        limits.max_items /= 2;
      else
        return g_strdup (JSON_NODE_HOLDS_OBJECT (node) ? "{}" : "null");
    }
}
