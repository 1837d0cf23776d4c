/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-output.h"

#include <string.h>

#include "baton-error.h"
#include "baton-json.h"
#include "baton-line-splitter.h"

struct _BatonHelperOutput
{
  /* owned */
  BatonLineSplitter *splitter;
  JsonObject *result; /* NULL until it has come */

  gboolean is_greeted;
  gboolean is_mismatch;
};

static gboolean
speaks_our_version (JsonObject *hello)
{
  JsonArray *versions = baton_json_get_array (hello, "proto");

  for (guint i = 0; i < baton_json_count (versions); i++)
    {
      JsonNode *version = json_array_get_element (versions, i);

      if (JSON_NODE_HOLDS_VALUE (version) &&
          json_node_get_int (version) == BATON_PROTOCOL_VERSION)
        return TRUE;
    }

  return FALSE;
}

/* Returns: (transfer full) (nullable): the line's event, where it is one to be believed */
static BatonEvent *
take_line (BatonHelperOutput *self, const char *line, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEvent) event = baton_event_parse (line, (gssize) length, &error);

  if (event == NULL)
    {
      self->is_mismatch |= g_error_matches (error, BATON_ERROR, BATON_ERROR_MISMATCH);
      return NULL;
    }

  if (strcmp (event->type, "hello") == 0)
    {
      self->is_greeted = TRUE;
      self->is_mismatch |= !speaks_our_version (event->object);
    }

  if (!self->is_greeted || self->is_mismatch)
    return NULL;

  /* It ends in a terminal or a label, and how it was made there is no business of theirs. */
  baton_event_clean (event);
  if (strcmp (event->type, "result") == 0)
    {
      g_clear_pointer (&self->result, json_object_unref);
      self->result = json_object_ref (event->object);
    }

  return g_steal_pointer (&event);
}

/**
 * baton_helper_output_new:
 *
 * Returns: (transfer full): an output of which nothing has come yet
 */
BatonHelperOutput *
baton_helper_output_new (void)
{
  BatonHelperOutput *self = g_new0 (BatonHelperOutput, 1);

  self->splitter = baton_line_splitter_new (BATON_MAX_LINE_IN);

  return self;
}

/**
 * baton_helper_output_free:
 * @self: (nullable): an output
 *
 * Frees @self.
 */
void
baton_helper_output_free (BatonHelperOutput *self)
{
  if (self == NULL)
    return;

  baton_line_splitter_free (self->splitter);
  g_clear_pointer (&self->result, json_object_unref);
  g_free (self);
}

/**
 * baton_helper_output_push:
 * @self: an output
 * @bytes: what was read
 * @length: how much of it
 *
 * Takes in what has come; baton_helper_output_pop() then says what it was.
 */
void
baton_helper_output_push (BatonHelperOutput *self, const char *bytes, gsize length)
{
  baton_line_splitter_push (self->splitter, bytes, length);
}

/**
 * baton_helper_output_pop:
 * @self: an output
 * @ret_line: (out) (transfer full): the line that the event was
 *
 * Returns: (transfer full) (nullable): the next event that is to be believed, %NULL where there is
 *   none until more has come
 */
BatonEvent *
baton_helper_output_pop (BatonHelperOutput *self, char **ret_line)
{
  for (;;)
    {
      g_autoptr (GBytes) bytes = baton_line_splitter_pop (self->splitter);
      g_autofree char *line = NULL;
      BatonEvent *event = NULL;
      const char *data = NULL;
      gsize length = 0;

      if (bytes == NULL)
        return NULL;

      data = g_bytes_get_data (bytes, &length);
      line = g_strndup (data != NULL ? data : "", length);
      event = take_line (self, line, length);
      if (event == NULL)
        continue;

      *ret_line = g_steal_pointer (&line);
      return event;
    }
}

/**
 * baton_helper_output_is_greeted:
 * @self: an output
 *
 * Returns: %TRUE if the helper itself has spoken, and not only pkexec
 */
gboolean
baton_helper_output_is_greeted (const BatonHelperOutput *self)
{
  return self->is_greeted;
}

/**
 * baton_helper_output_is_mismatch:
 * @self: an output
 *
 * Returns: %TRUE if the helper speaks another version of the protocol
 */
gboolean
baton_helper_output_is_mismatch (const BatonHelperOutput *self)
{
  return self->is_mismatch;
}

/**
 * baton_helper_output_get_result:
 * @self: an output
 *
 * Returns: (transfer none) (nullable): the `result`, once it has come
 */
JsonObject *
baton_helper_output_get_result (const BatonHelperOutput *self)
{
  return self->result;
}
