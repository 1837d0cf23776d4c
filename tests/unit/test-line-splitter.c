/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-line-splitter.h"

#include <string.h>

#define MAX_BYTES 8

typedef struct
{
  const char *what;
  const char *bytes;
  const char *lines; /* with a newline behind each */
} Row;

static const Row rows[] = {
  { "nothing", "", "" },
  { "half a line", "abc", "" },
  { "a line", "abc\n", "abc\n" },
  { "lines", "a\nb\n\nc\nd", "a\nb\n\nc\n" },
  { "as long as may be", "12345678\n", "12345678\n" },
  { "too long", "123456789\nok\n", "ok\n" },
  { "far too long", "1234567890123456789012345678901234567890\nok\n", "ok\n" },
  { "too long without an end", "1234567890123456789012345678901234567890", "" },
  { "too long twice", "123456789\n123456789\nok\n", "ok\n" },
};

static char *
split (const char *bytes, gsize chunk)
{
  g_autoptr (BatonLineSplitter) splitter = baton_line_splitter_new (MAX_BYTES);
  GString *lines = g_string_new (NULL);
  gsize length = strlen (bytes);

  for (gsize i = 0; i < length; i += chunk)
    {
      baton_line_splitter_push (splitter, bytes + i, MIN (chunk, length - i));

      for (;;)
        {
          g_autoptr (GBytes) line = baton_line_splitter_pop (splitter);
          gsize n_bytes = 0;
          const char *data = line != NULL ? g_bytes_get_data (line, &n_bytes) : NULL;

          if (line == NULL)
            break;
          g_string_append_len (lines, data, (gssize) n_bytes);
          g_string_append_c (lines, '\n');
        }
    }

  return g_string_free (lines, FALSE);
}

static void
test_lines_however_they_come (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize chunk = 1; chunk < 50; chunk++)
      {
        g_autofree char *lines = split (rows[i].bytes, chunk);

        g_test_message ("%s, %zu bytes at a time", rows[i].what, chunk);
        g_assert_cmpstr (lines, ==, rows[i].lines);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/line-splitter/however-they-come", test_lines_however_they_come);

  return g_test_run ();
}
