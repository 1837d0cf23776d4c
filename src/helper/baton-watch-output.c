/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-output.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"

struct _BatonWatchOutput
{
  BatonEventWriter *writer; /* borrowed */

  /* owned */
  int draft_fd;
  BatonEventWriter *draft;
  GHashTable *known; /* what a picture is about -> how it looked */
};

/**
 * baton_watch_output_new:
 * @writer: where the lines go
 * @error: return location for an error
 *
 * Returns: (transfer full): an output whose reader knows nothing
 */
BatonWatchOutput *
baton_watch_output_new (BatonEventWriter *writer, GError **error)
{
  BatonWatchOutput *self = NULL;
  int fd = memfd_create ("baton-watch", MFD_CLOEXEC);

  if (fd < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "there is no memory to compare pictures in: %s", g_strerror (errno));
      return NULL;
    }

  self = g_new0 (BatonWatchOutput, 1);
  self->writer = writer;
  self->draft_fd = fd;
  self->draft = baton_event_writer_new (fd, NULL);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

/**
 * baton_watch_output_free:
 * @self: (nullable): an output
 */
void
baton_watch_output_free (BatonWatchOutput *self)
{
  if (self == NULL)
    return;

  baton_event_writer_free (self->draft);
  baton_fd_clear (&self->draft_fd);
  g_hash_table_unref (self->known);
  g_free (self);
}

/**
 * baton_watch_output_forget:
 * @self: an output
 *
 * Has everything written once more: whoever asks for a look waits for the answer.
 */
void
baton_watch_output_forget (BatonWatchOutput *self)
{
  g_hash_table_remove_all (self->known);
}

/* Takes what was drafted since the last time, a line each. The file only grows within one draft:
 * it is read from its beginning and written from its beginning again. */
static GStrv
take_draft (BatonWatchOutput *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char chunk[BATON_MAX_LINE_OUT];
  off_t length = lseek (self->draft_fd, 0, SEEK_CUR);
  gssize n = 1;

  for (off_t at = 0; at < length && n > 0; at += n)
    {
      n = pread (self->draft_fd, chunk, MIN (sizeof chunk, (gsize) (length - at)), at);
      if (n > 0)
        g_string_append_len (text, chunk, n);
    }
  lseek (self->draft_fd, 0, SEEK_SET);

  if (text->len > 0)
    g_string_truncate (text, text->len - 1);

  return g_strsplit (text->str, "\n", -1);
}

/* How a picture looks but for when it was taken. */
static char *
describe (GStrv lines)
{
  static const char *const passing[] = { "seq", "t_ms", "snap" };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = baton_event_parse (lines[i], -1, NULL);
      g_autoptr (JsonNode) node = NULL;
      g_autofree char *described = NULL;

      if (event == NULL)
        continue;

      for (guint j = 0; j < G_N_ELEMENTS (passing); j++)
        json_object_remove_member (event->object, passing[j]);

      node = json_node_init_object (json_node_alloc (), event->object);
      described = json_to_string (node, FALSE);
      g_string_append (text, described);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
tell_if_new (BatonWatchOutput *self, const char *about)
{
  g_auto (GStrv) lines = take_draft (self);
  g_autofree char *look = describe (lines);

  if (g_strcmp0 (g_hash_table_lookup (self->known, about), look) == 0)
    return;

  for (guint i = 0; lines[i] != NULL; i++)
    baton_event_writer_relay (self->writer, lines[i], -1);
  g_hash_table_replace (self->known, g_strdup (about), g_steal_pointer (&look));
}

/**
 * baton_watch_output_machine:
 * @self: an output
 * @machine: the machine as it is now
 */
void
baton_watch_output_machine (BatonWatchOutput *self, BatonMachine *machine)
{
  baton_event_writer_machine (self->draft, machine);
  tell_if_new (self, "machine");
}

/**
 * baton_watch_output_holders:
 * @self: an output
 * @holders: who has one card now
 */
void
baton_watch_output_holders (BatonWatchOutput *self, BatonHolders *holders)
{
  baton_event_writer_holders (self->draft, holders);
  tell_if_new (self, holders->card);
}

/**
 * baton_watch_output_report:
 * @self: an output
 * @report: what the last handoff came to
 */
void
baton_watch_output_report (BatonWatchOutput *self, JsonNode *report)
{
  baton_event_writer_report (self->draft, report);
  tell_if_new (self, "report");
}
