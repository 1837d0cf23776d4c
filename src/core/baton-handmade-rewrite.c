/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade.h"

#include <string.h>

/* Returns: (nullable): what is in line @number of @path and is to make room there */
static const BatonHandmade *
find_line (GPtrArray *handmade, const char *path, guint number)
{
  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);

      if (one->move == BATON_HANDMADE_LINE && strcmp (one->path, path) == 0 &&
          number >= one->line && number <= one->last_line)
        return one;
    }

  return NULL;
}

static gboolean
says_something (const char *line, gsize length)
{
  gsize i = 0;

  while (i < length && g_ascii_isspace (line[i]))
    i++;

  return i < length && line[i] != '#';
}

/**
 * baton_handmade_rewrite:
 * @handmade: (element-type BatonHandmade): what is to make room
 * @path: a file, as it has it
 * @text: any bytes: what that file holds
 * @length: how many there are
 * @ret_length: (out): how many the new ones are
 *
 * Every byte that is in none of its lines stays as it is.
 *
 * Returns: (transfer full) (nullable): what it holds without, and a zero behind it; %NULL where nothing
 *   is left but comments, and it is not needed any more
 */
char *
baton_handmade_rewrite (
    GPtrArray *handmade, const char *path, const char *text, gsize length, gsize *ret_length)
{
  g_autoptr (GString) left = g_string_sized_new (length);
  gboolean is_needed = FALSE;
  guint number = 0;

  for (gsize at = 0; at < length;)
    {
      const char *end = memchr (text + at, '\n', length - at);
      gsize n_bytes = end != NULL ? (gsize) (end - text) + 1 - at : length - at;
      const BatonHandmade *one = find_line (handmade, path, ++number);

      if (one == NULL)
        {
          g_string_append_len (left, text + at, (gssize) n_bytes);
          is_needed = is_needed || says_something (text + at, n_bytes);
        }
      else if (number == one->line && one->replacement != NULL)
        {
          g_string_append (left, one->replacement);
          g_string_append_c (left, '\n');
          is_needed = TRUE;
        }
      at += n_bytes;
    }
  if (!is_needed)
    return NULL;
  *ret_length = left->len;

  return g_string_free (g_steal_pointer (&left), FALSE);
}
