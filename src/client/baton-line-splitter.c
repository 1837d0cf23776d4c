/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-line-splitter.h"

#include <string.h>

struct _BatonLineSplitter
{
  gsize max_bytes;
  GByteArray *rest; /* owned: a line that has no end yet */
  GQueue lines;     /* owned: of GBytes, whole lines */
  gboolean skipping;
};

/**
 * baton_line_splitter_new:
 * @max_bytes: the longest line that is kept
 *
 * Makes lines of bytes as they come. A line that is longer is dropped whole: a helper gone mad must
 * not take the window's memory.
 *
 * Returns: (transfer full): a splitter
 */
BatonLineSplitter *
baton_line_splitter_new (gsize max_bytes)
{
  BatonLineSplitter *self = g_new0 (BatonLineSplitter, 1);

  self->max_bytes = max_bytes;
  self->rest = g_byte_array_new ();
  g_queue_init (&self->lines);

  return self;
}

/**
 * baton_line_splitter_free:
 * @self: (nullable): a splitter
 */
void
baton_line_splitter_free (BatonLineSplitter *self)
{
  if (self == NULL)
    return;

  g_byte_array_unref (self->rest);
  g_queue_clear_full (&self->lines, (GDestroyNotify) g_bytes_unref);
  g_free (self);
}

static void
keep (BatonLineSplitter *self, const char *bytes, gsize length)
{
  if (self->skipping)
    return;

  if (self->rest->len + length > self->max_bytes)
    {
      self->skipping = TRUE;
      g_byte_array_set_size (self->rest, 0);
      return;
    }

  g_byte_array_append (self->rest, (const guint8 *) bytes, (guint) length);
}

static void
end_line (BatonLineSplitter *self)
{
  if (!self->skipping)
    g_queue_push_tail (&self->lines, g_bytes_new (self->rest->data, self->rest->len));

  self->skipping = FALSE;
  g_byte_array_set_size (self->rest, 0);
}

/**
 * baton_line_splitter_push:
 * @self: a splitter
 * @bytes: what has come
 * @length: how much
 */
void
baton_line_splitter_push (BatonLineSplitter *self, const char *bytes, gsize length)
{
  while (length > 0)
    {
      const char *newline = memchr (bytes, '\n', length);
      gsize taken = newline != NULL ? (gsize) (newline - bytes) : length;

      keep (self, bytes, taken);
      if (newline == NULL)
        return;

      end_line (self);
      bytes += taken + 1;
      length -= taken + 1;
    }
}

/**
 * baton_line_splitter_pop:
 * @self: a splitter
 *
 * Returns: (transfer full) (nullable): the next whole line, without its newline
 */
GBytes *
baton_line_splitter_pop (BatonLineSplitter *self)
{
  return g_queue_pop_head (&self->lines);
}
