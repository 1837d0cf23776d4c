/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front-lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

struct _BatonLines
{
  gsize max_bytes;
  gsize next;
  gboolean dropping;
  guint n_dropped;

  /* owned */
  GByteArray *bytes;
};

/**
 * baton_lines_new:
 * @max_bytes: longest line that is given back, its newline not counted
 *
 * Returns: (transfer full): an empty buffer
 */
BatonLines *
baton_lines_new (gsize max_bytes)
{
  BatonLines *self = g_new0 (BatonLines, 1);

  self->max_bytes = max_bytes;
  self->bytes = g_byte_array_new ();

  return self;
}

/**
 * baton_lines_free:
 * @self: (nullable): a buffer
 */
void
baton_lines_free (BatonLines *self)
{
  if (self == NULL)
    return;

  g_byte_array_unref (self->bytes);
  g_free (self);
}

/**
 * baton_lines_read:
 * @self: a buffer
 * @fd: where to read once
 *
 * Returns: what read(2) returned: 0 at the end, -1 with errno set
 */
gssize
baton_lines_read (BatonLines *self, int fd)
{
  guint8 chunk[CHUNK_BYTES];
  gssize n;

  do
    n = read (fd, chunk, sizeof chunk);
  while (n < 0 && errno == EINTR);

  if (n > 0)
    {
      g_byte_array_remove_range (self->bytes, 0, (guint) self->next);
      self->next = 0;
      g_byte_array_append (self->bytes, chunk, (guint) n);
    }

  return n;
}

static void
drop_what_is_too_long (BatonLines *self)
{
  if (self->bytes->len - self->next <= self->max_bytes && !self->dropping)
    return;

  if (!self->dropping)
    self->n_dropped++;
  self->dropping = TRUE;
  g_byte_array_set_size (self->bytes, (guint) self->next);
}

/**
 * baton_lines_next:
 * @self: a buffer
 * @ret_length: (out): length of the line
 *
 * Returns: (nullable): the next whole line without its newline, good until the next
 *   baton_lines_read(), or %NULL where more must be read first
 */
const char *
baton_lines_next (BatonLines *self, gsize *ret_length)
{
  while (self->next < self->bytes->len)
    {
      const char *begin = (const char *) self->bytes->data + self->next;
      const char *end = memchr (begin, '\n', self->bytes->len - self->next);
      gsize length = end != NULL ? (gsize) (end - begin) : 0;

      if (end == NULL)
        break;

      self->next += length + 1;
      if (self->dropping)
        {
          self->dropping = FALSE;
          continue;
        }
      if (length > self->max_bytes)
        {
          self->n_dropped++;
          continue;
        }

      *ret_length = length;
      return begin;
    }

  drop_what_is_too_long (self);
  return NULL;
}

/**
 * baton_lines_get_n_dropped:
 * @self: a buffer
 *
 * Returns: how many lines were too long
 */
guint
baton_lines_get_n_dropped (BatonLines *self)
{
  return self->n_dropped;
}
