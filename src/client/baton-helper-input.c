/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-input.h"

#include <string.h>

struct _BatonHelperInput
{
  gatomicrefcount ref_count;
  GOutputStream *stream; /* owned */
  guint wanted;          /* set of BatonCommand: those that wait */
  gboolean is_writing;
};

/* The most urgent first. */
static const struct
{
  BatonCommand command;
  const char *line;
} lines[] = {
  { BATON_COMMAND_CANCEL, "{\"cancel\":true}\n" },
  { BATON_COMMAND_LOOK, "{\"look\":true}\n" },
};

static void write_next (BatonHelperInput *self);

static void
on_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BatonHelperInput) self = user_data;

  /* A helper that has ended takes no commands; its end is heard of elsewhere. Ignoring. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  self->is_writing = FALSE;
  write_next (self);
}

static void
write_next (BatonHelperInput *self)
{
  if (self->is_writing)
    return;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      if ((self->wanted & lines[i].command) == 0)
        continue;

      self->wanted &= ~(guint) lines[i].command;
      self->is_writing = TRUE;
      g_atomic_ref_count_inc (&self->ref_count);
      g_output_stream_write_all_async (self->stream, lines[i].line, strlen (lines[i].line),
                                       G_PRIORITY_DEFAULT, NULL, on_written_cb, self);
      return;
    }
}

/**
 * baton_helper_input_new:
 * @stream: standard input of a helper
 *
 * Returns: (transfer full): an input to which nothing was written yet
 */
BatonHelperInput *
baton_helper_input_new (GOutputStream *stream)
{
  BatonHelperInput *self = g_new0 (BatonHelperInput, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->stream = g_object_ref (stream);

  return self;
}

/**
 * baton_helper_input_unref:
 * @self: (nullable): an input
 *
 * Gives a reference up. What has begun to be written still goes out.
 */
void
baton_helper_input_unref (BatonHelperInput *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->stream);
  g_free (self);
}

/**
 * baton_helper_input_ask:
 * @self: an input
 * @command: what to ask for
 *
 * Writes @command as soon as the pipe takes it. A helper that has ended does not hear it, which is
 * no error here.
 */
void
baton_helper_input_ask (BatonHelperInput *self, BatonCommand command)
{
  self->wanted |= command;
  write_next (self);
}
