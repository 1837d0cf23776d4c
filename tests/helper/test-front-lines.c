/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front-lines.h"

#include <string.h>
#include <unistd.h>

#define MAX_BYTES 8

typedef struct
{
  const char *name;
  const char *chunks[6];
  const char *lines[6];
  guint n_dropped;
} Row;

static const Row rows[] = {
  { "nothing", { NULL }, { NULL }, 0 },
  { "one line", { "abc\n" }, { "abc" }, 0 },
  { "empty lines", { "\n\n" }, { "", "" }, 0 },
  { "two in one chunk", { "abc\ndef\n" }, { "abc", "def" }, 0 },
  { "one in three chunks", { "a", "b", "c\n" }, { "abc" }, 0 },
  { "half a line at the end", { "abc\nde" }, { "abc" }, 0 },
  { "just fits", { "12345678\n" }, { "12345678" }, 0 },
  { "one byte too long", { "123456789\nab\n" }, { "ab" }, 1 },
  { "too long, in chunks", { "12345", "67890", "12345", "\nab\n" }, { "ab" }, 1 },
  { "too long, newline in a chunk of its own", { "123456789", "\n", "ab\n" }, { "ab" }, 1 },
  { "too long twice", { "123456789\n123456789\nab\n" }, { "ab" }, 2 },
  { "too long and never ends", { "1234567890", "1234567890" }, { NULL }, 1 },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      g_autoptr (BatonLines) lines = baton_lines_new (MAX_BYTES);
      guint n_lines = 0;
      int ends[2];

      g_test_message ("%s", row->name);
      g_assert_no_errno (pipe (ends));

      for (guint j = 0; j < G_N_ELEMENTS (row->chunks) && row->chunks[j] != NULL; j++)
        {
          gsize n_bytes = strlen (row->chunks[j]);
          const char *line = NULL;
          gsize length = 0;

          g_assert_cmpint (write (ends[1], row->chunks[j], n_bytes), ==, n_bytes);
          g_assert_cmpint (baton_lines_read (lines, ends[0]), ==, n_bytes);
          while ((line = baton_lines_next (lines, &length)) != NULL)
            {
              g_assert_nonnull (row->lines[n_lines]);
              g_assert_cmpmem (line, length, row->lines[n_lines], strlen (row->lines[n_lines]));
              n_lines++;
            }
        }

      g_assert_null (row->lines[n_lines]);
      g_assert_cmpuint (baton_lines_get_n_dropped (lines), ==, row->n_dropped);
      g_assert_no_errno (close (ends[1]));
      g_assert_cmpint (baton_lines_read (lines, ends[0]), ==, 0);
      g_assert_no_errno (close (ends[0]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/front-lines/rows", test_rows);

  return g_test_run ();
}
