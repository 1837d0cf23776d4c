/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include "baton-error.h"
#include "baton-text.h"

#include <string.h>

/* Our own lines nest five deep. json-glib's parser calls itself for each level, so the depth is
 * looked at before it is asked: a hundred thousand brackets would end the stack. */
#define MAX_DEPTH 32

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
               "could not read a line of the protocol: %s", what);

  return FALSE;
}

/* Walks over the line without understanding it: one object, nested within reason, nothing behind
 * it. json-glib reads comments, several values and `var x =` as well, which the contract has not. */
static gboolean
check_shape (const char *line, gsize length, GError **error)
{
  guint depth = 0;
  gboolean in_string = FALSE;
  gboolean ended = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      char c = line[i];

      if (in_string)
        {
          if (c == '\\')
            i++;
          else if (c == '"')
            in_string = FALSE;
          continue;
        }

      if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        continue;
      if (ended)
        return refuse (error, "something follows the object");
      if (depth == 0 && c != '{')
        return refuse (error, "it is not a JSON object");

      if (c == '{' || c == '[')
        {
          if (++depth > MAX_DEPTH)
            return refuse (error, "it is nested too deeply");
        }
      else if (c == '}' || c == ']')
        {
          ended = --depth == 0;
        }
      else if (c == '"')
        {
          in_string = TRUE;
        }
      else if (c == '/' || c == '#')
        {
          return refuse (error, "it holds a comment");
        }
      else if (c == '\'')
        {
          /* json-glib takes it for the beginning of a string, in which it would hide a quotation
           * mark from this walk and brackets behind that. */
          return refuse (error, "it holds a string in single quotation marks");
        }
    }

  return ended || refuse (error, "it ends too early");
}

static JsonObject *
parse_object (const char *line, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) cause = NULL;
  JsonNode *root = NULL;

  if (!json_parser_load_from_data (parser, line, (gssize) length, &cause))
    {
      /* The cause quotes the line, which may be anything: the reason is enough. */
      refuse (error, "it is not JSON");
      return NULL;
    }

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      refuse (error, "it is not a JSON object");
      return NULL;
    }

  return json_object_ref (json_node_get_object (root));
}

/* Reads one line that is an object and nothing else, whoever wrote it: bounded in length and in
 * depth, valid UTF-8. */
JsonObject *
baton_event_parse_object (const char *line, gssize length, GError **error)
{
  gsize n_bytes = length < 0 ? strlen (line) : (gsize) length;

  if (n_bytes > BATON_MAX_LINE_IN)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_TOO_LARGE,
                   "could not read a line of the protocol: it is longer than %d bytes",
                   BATON_MAX_LINE_IN);
      return NULL;
    }
  if (!g_utf8_validate_len (line, n_bytes, NULL))
    {
      refuse (error, "it is not UTF-8");
      return NULL;
    }
  if (!check_shape (line, n_bytes, error))
    return NULL;

  return parse_object (line, n_bytes, error);
}

/**
 * baton_event_parse:
 * @line: one line, without its newline
 * @length: how long it is, or -1 if it ends with a NUL
 * @error: return location for an error
 *
 * Reads one line of the contract. Types and keys that are unknown are kept as they are.
 *
 * Fails with %BATON_ERROR_TOO_LARGE for more than %BATON_MAX_LINE_IN bytes, with
 * %BATON_ERROR_MISMATCH for another version of the protocol, and with %BATON_ERROR_PARSE for
 * anything that is no event.
 *
 * Returns: (transfer full): the event
 */
BatonEvent *
baton_event_parse (const char *line, gssize length, GError **error)
{
  g_autoptr (BatonEvent) self = NULL;
  g_autoptr (JsonObject) object = baton_event_parse_object (line, length, error);
  gint64 version = 0;
  gint64 seq = 0;
  gint64 t_ms = 0;

  if (object == NULL)
    return NULL;

  if (!baton_json_read_int (object, "v", &version))
    {
      refuse (error, "it names no version");
      return NULL;
    }
  if (version != BATON_PROTOCOL_VERSION)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                   "could not read a line of the protocol: it is of version %" G_GINT64_FORMAT
                   ", and this is version %d",
                   version, BATON_PROTOCOL_VERSION);
      return NULL;
    }
  if (!baton_json_read_int (object, "seq", &seq) || seq < 1 ||
      !baton_json_read_int (object, "t_ms", &t_ms) ||
      baton_json_get_string (object, "type") == NULL)
    {
      refuse (error, "its envelope is not whole");
      return NULL;
    }

  self = g_new0 (BatonEvent, 1);
  self->seq = (guint64) seq;
  self->t_ms = t_ms;
  self->type = g_strdup (baton_json_get_string (object, "type"));
  self->handoff = g_strdup (baton_json_get_string (object, "handoff"));
  self->object = g_steal_pointer (&object);

  return g_steal_pointer (&self);
}

static void
clean_node (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      {
        g_autoptr (GList) members = json_object_get_values (json_node_get_object (node));

        for (GList *member = members; member != NULL; member = member->next)
          clean_node (member->data);
        break;
      }
    case JSON_NODE_ARRAY:
      for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
        clean_node (json_array_get_element (json_node_get_array (node), i));
      break;
    case JSON_NODE_VALUE:
      {
        const char *text = baton_json_node_get_string (node);
        gboolean lost = FALSE;
        g_autofree char *clean =
            text != NULL ? baton_text_clean (text, -1, G_MAXSIZE, &lost, NULL) : NULL;

        if (lost)
          json_node_set_string (node, clean);
        break;
      }
    case JSON_NODE_NULL:
    default:
      break;
    }
}

/**
 * baton_event_clean:
 * @self: an event
 *
 * Makes every string of @self fit to be shown, as baton_text_clean() does. Our own writer has done
 * so already; whoever shows an event to people need not believe that it was our writer.
 */
void
baton_event_clean (BatonEvent *self)
{
  g_autoptr (GList) members = json_object_get_values (self->object);

  for (GList *member = members; member != NULL; member = member->next)
    clean_node (member->data);
}

/**
 * baton_event_free:
 * @self: (nullable): an event
 */
void
baton_event_free (BatonEvent *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->handoff);
  json_object_unref (self->object);
  g_free (self);
}
