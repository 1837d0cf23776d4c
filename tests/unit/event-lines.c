/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "event-lines.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

EventLines *
event_lines_new (const char *handoff)
{
  EventLines *self = g_new0 (EventLines, 1);

  self->fd = memfd_create ("events", MFD_CLOEXEC);
  g_assert_cmpint (self->fd, >=, 0);
  self->writer = baton_event_writer_new (self->fd, handoff);

  return self;
}

void
event_lines_free (EventLines *self)
{
  baton_event_writer_free (self->writer);
  close (self->fd);
  g_free (self);
}

/* Every line has the promises of the contract that no schema can hold. */
static void
check_line (const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEvent) event = baton_event_parse (line, -1, &error);

  g_assert_no_error (error);
  g_assert_nonnull (event);
  g_assert_cmpuint (strlen (line), <, BATON_MAX_LINE_OUT);
  for (const char *c = line; *c != '\0'; c++)
    g_assert_true (*c >= 0x20 && *c < 0x7f);
}

static void
keep_for_schema (const char *text)
{
  const char *path = g_getenv ("BATON_TEST_LINES");
  FILE *stream = NULL;

  if (path == NULL)
    return;

  stream = fopen (path, "ae");
  g_assert_nonnull (stream);
  fputs (text, stream);
  g_assert_cmpint (fclose (stream), ==, 0);
}

/* Returns: the lines written until now, without their newlines; the next call returns the next */
GStrv
event_lines_take (EventLines *self)
{
  off_t end = lseek (self->fd, 0, SEEK_END);
  g_autofree char *text = g_malloc0 ((gsize) end + 1);
  g_auto (GStrv) lines = NULL;
  guint n_lines = 0;

  g_assert_cmpint (pread (self->fd, text, (gsize) end, 0), ==, end);
  g_assert_cmpint (ftruncate (self->fd, 0), ==, 0);
  g_assert_cmpint (lseek (self->fd, 0, SEEK_SET), ==, 0);

  lines = g_strsplit (text, "\n", -1);
  n_lines = g_strv_length (lines);
  g_assert_cmpuint (n_lines, >=, 1);
  g_assert_cmpstr (lines[n_lines - 1], ==, "");
  g_clear_pointer (&lines[n_lines - 1], g_free);

  for (guint i = 0; lines[i] != NULL; i++)
    check_line (lines[i]);
  keep_for_schema (text);

  return g_steal_pointer (&lines);
}
