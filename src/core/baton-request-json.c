/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-request-private.h"

#include "baton-error.h"
#include "baton-json.h"
#include "baton-text.h"

#include <string.h>

/* The front writes this file and the worker reads it, both of one version. It is read as strictly
 * as arguments are all the same: it is what root acts on, and half a file must not be an order. */
static const char *const keys[] = {
  "v",
  "to",
  "cards",
  "closes",
  "end_session",
  "let_open",
  "may_not_return",
  "when_free",
  "until_free",
  "start_guest",
  "expect",
  "uid",
  "log_out",
  "within_minutes",
};

static gboolean
refuse (GError **error, const char *key)
{
  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "the request's “%s” is missing or wrong",
               key);

  return FALSE;
}

static void
add_string (JsonArray *array, const char *text)
{
  json_array_add_string_element (array, text);
}

/* Only where a hook asks, which no argument can. */
#define HOOK_GUEST "hook_guest"

/**
 * baton_request_to_json:
 * @self: a request
 *
 * Writes the request as the front leaves it for the worker:
 * `{"v":1,"to":"guest","cards":["0000:01:00.0"],"closes":["1234:567890"],"end_session":false,…,
 * "expect":null,"uid":1000}`. Every key is there; `hook_guest` where a hook of libvirt's asks.
 *
 * Returns: (transfer full): an object
 */
JsonNode *
baton_request_to_json (const BatonRequest *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *cards = json_array_new ();
  JsonArray *closes = json_array_new ();

  for (guint i = 0; self->cards[i] != NULL; i++)
    add_string (cards, self->cards[i]);

  for (guint i = 0; i < self->closes->len; i++)
    {
      const BatonClose *item = g_ptr_array_index (self->closes, i);
      g_autofree char *text = g_strdup_printf ("%d:%s", item->pid, item->start_time);

      add_string (closes, text);
    }

  json_object_set_int_member (object, "v", 1);
  json_object_set_string_member (object, "to", baton_side_to_string (self->to));
  json_object_set_array_member (object, "cards", cards);
  json_object_set_array_member (object, "closes", closes);
  json_object_set_boolean_member (object, "end_session", self->end_session);
  json_object_set_boolean_member (object, "log_out", self->log_out);
  json_object_set_boolean_member (object, "let_open", self->let_open);
  json_object_set_boolean_member (object, "may_not_return", self->may_not_return);
  json_object_set_boolean_member (object, "when_free", self->when_free);
  json_object_set_boolean_member (object, "until_free", self->until_free);
  json_object_set_int_member (object, "within_minutes", self->within_minutes);
  baton_json_set_string (object, "start_guest", self->start_guest);
  baton_json_set_string (object, "expect", self->expect);
  json_object_set_int_member (object, "uid", self->uid);
  if (self->hook_guest != NULL)
    json_object_set_string_member (object, HOOK_GUEST, self->hook_guest);
  json_node_take_object (node, object);

  return node;
}

static gboolean
read_flag (JsonObject *object, const char *key, gboolean *ret_flag, GError **error)
{
  return baton_json_read_boolean (object, key, ret_flag) || refuse (error, key);
}

static gboolean
read_integer (
    JsonObject *object, const char *key, gint64 max, gint64 *ret_value, GError **error)
{
  gint64 value = 0;

  if (!baton_json_read_int (object, key, &value) || value < 0 || value > max)
    return refuse (error, key);

  *ret_value = value;

  return TRUE;
}

static JsonArray *
read_array (JsonObject *object, const char *key, GError **error)
{
  JsonArray *array = baton_json_get_array (object, key);

  if (array == NULL)
    refuse (error, key);

  return array;
}

static gboolean
read_cards (BatonRequest *self, JsonObject *object, GError **error)
{
  JsonArray *array = read_array (object, "cards", error);
  g_autoptr (GPtrArray) cards = g_ptr_array_new_with_free_func (g_free);

  if (array == NULL)
    return FALSE;

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = baton_json_node_get_string (json_array_get_element (array, i));

      if (text == NULL)
        return refuse (error, "cards");
      if (!baton_request_take_card (cards, text, error))
        return FALSE;
    }

  g_ptr_array_add (cards, NULL);
  g_strfreev (self->cards);
  self->cards = (GStrv) g_ptr_array_free (g_steal_pointer (&cards), FALSE);

  return TRUE;
}

static gboolean
read_closes (BatonRequest *self, JsonObject *object, GError **error)
{
  JsonArray *array = read_array (object, "closes", error);

  if (array == NULL)
    return FALSE;

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = baton_json_node_get_string (json_array_get_element (array, i));

      if (text == NULL)
        return refuse (error, "closes");
      if (!baton_request_take_close (self, text, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_hook_guest (BatonRequest *self, JsonObject *object, GError **error)
{
  const char *guest = baton_json_get_string (object, HOOK_GUEST);
  g_autofree char *clean = NULL;

  if (!json_object_has_member (object, HOOK_GUEST))
    return TRUE;
  if (guest != NULL)
    clean = baton_text_clean (guest, -1, BATON_MAX_GUEST_BYTES, NULL, NULL);
  if (guest == NULL || *guest == '\0' || !g_str_equal (guest, clean))
    return refuse (error, HOOK_GUEST);
  self->hook_guest = g_steal_pointer (&clean);

  return TRUE;
}

static gboolean
read_start_guest (BatonRequest *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "start_guest");
  const char *text = baton_json_node_get_string (node);

  if (JSON_NODE_HOLDS_NULL (node))
    return TRUE;

  return text != NULL ? baton_request_take_guest (self, text, error)
                      : refuse (error, "start_guest");
}

/* A time is one for whoever waits at all. */
static gboolean
read_minutes (BatonRequest *self, JsonObject *object, GError **error)
{
  gint64 minutes = 0;

  if (!read_integer (object, "within_minutes", BATON_MAX_MINUTES, &minutes, error))
    return FALSE;
  if (minutes > 0 && !self->until_free)
    return refuse (error, "within_minutes");
  self->within_minutes = (guint) minutes;

  return TRUE;
}

static gboolean
read_rest (BatonRequest *self, JsonObject *object, GError **error)
{
  const char *to = baton_json_get_string (object, "to");
  JsonNode *expect = json_object_get_member (object, "expect");
  gint64 version = 0;
  gint64 uid = 0;

  if (!read_integer (object, "v", G_MAXINT, &version, error) ||
      !read_integer (object, "uid", G_MAXUINT32 - 1, &uid, error))
    return FALSE;
  if (version != 1)
    return refuse (error, "v");
  self->uid = (guint) uid;

  if (to == NULL || !baton_side_from_string (to, &self->to) ||
      (self->to != BATON_SIDE_GUEST && self->to != BATON_SIDE_HOST))
    return refuse (error, "to");

  if (expect == NULL ||
      (!JSON_NODE_HOLDS_NULL (expect) && baton_json_node_get_string (expect) == NULL))
    return refuse (error, "expect");
  if (!JSON_NODE_HOLDS_NULL (expect) &&
      !baton_request_take_expect (self, baton_json_node_get_string (expect), error))
    return FALSE;

  return read_flag (object, "end_session", &self->end_session, error) &&
         read_flag (object, "log_out", &self->log_out, error) &&
         read_flag (object, "let_open", &self->let_open, error) &&
         read_flag (object, "may_not_return", &self->may_not_return, error) &&
         read_flag (object, "when_free", &self->when_free, error) &&
         read_flag (object, "until_free", &self->until_free, error) &&
         read_minutes (self, object, error);
}

/**
 * baton_request_new_from_json:
 * @node: what baton_request_to_json() wrote
 * @error: return location for an error
 *
 * Reads a request back. A key that is missing, unknown or of another type, and whatever
 * baton_request_new_from_arguments() would refuse, is refused with %BATON_ERROR_PARSE.
 *
 * Returns: (transfer full): the request
 */
BatonRequest *
baton_request_new_from_json (JsonNode *node, GError **error)
{
  g_autoptr (BatonRequest) self = baton_request_new ();
  JsonObject *object = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "the request is not a JSON object");
      return NULL;
    }

  object = json_node_get_object (node);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!json_object_has_member (object, keys[i]))
      {
        refuse (error, keys[i]);
        return NULL;
      }
  if (json_object_get_size (object) !=
      G_N_ELEMENTS (keys) + json_object_has_member (object, HOOK_GUEST))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "the request has a key that is unknown");
      return NULL;
    }

  if (!read_rest (self, object, error) || !read_cards (self, object, error) ||
      !read_closes (self, object, error) || !read_start_guest (self, object, error) ||
      !read_hook_guest (self, object, error) || !baton_request_check (self, error))
    return NULL;

  return g_steal_pointer (&self);
}
