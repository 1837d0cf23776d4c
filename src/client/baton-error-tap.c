/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error-tap.h"

#include <unistd.h>

#define CHUNK_BYTES 4096
#define MAX_HELD_BYTES 16384

struct _BatonErrorTap
{
  gatomicrefcount ref_count;
  GInputStream *stream; /* owned */
  GByteArray *held;     /* owned: what has come while the tap was closed */
  int to_fd;
  gboolean is_open;
};

static void read_more (BatonErrorTap *self);

static void
tap_unref (BatonErrorTap *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->stream);
  g_byte_array_unref (self->held);
  g_free (self);
}

/* What people would have read had it come straight to them: a failure to write it is theirs. */
static void
pass_on (BatonErrorTap *self, const void *bytes, gsize length)
{
  if (length > 0 && write (self->to_fd, bytes, length) < 0)
    self->is_open = FALSE;
}

static void
on_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  BatonErrorTap *self = user_data;
  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (self->stream, result, NULL);
  gsize length = 0;
  const void *bytes = chunk != NULL ? g_bytes_get_data (chunk, &length) : NULL;

  if (length > 0 && self->is_open)
    pass_on (self, bytes, length);
  else if (length > 0 && self->held->len + length <= MAX_HELD_BYTES)
    g_byte_array_append (self->held, bytes, (guint) length);

  if (length > 0)
    read_more (self);

  tap_unref (self);
}

static void
read_more (BatonErrorTap *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  g_input_stream_read_bytes_async (self->stream, CHUNK_BYTES, G_PRIORITY_DEFAULT, NULL,
                                   on_read_cb, self);
}

/**
 * baton_error_tap_new:
 * @stream: standard error of a program that was started through pkexec
 * @to_fd: where to pass it on
 *
 * Holds back what a program says until it is known who speaks. pkexec says "This incident has been
 * reported" to somebody who merely has no password agent, and our own sentence is better; what the
 * helper says is passed on.
 *
 * Returns: (transfer full): a closed tap; it drinks on until the stream ends, whoever drops it
 */
BatonErrorTap *
baton_error_tap_new (GInputStream *stream, int to_fd)
{
  BatonErrorTap *self = g_new0 (BatonErrorTap, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->stream = g_object_ref (stream);
  self->held = g_byte_array_new ();
  self->to_fd = to_fd;
  read_more (self);

  return self;
}

/**
 * baton_error_tap_open:
 * @self: a tap
 *
 * Passes on what was held back, and from now on everything.
 */
void
baton_error_tap_open (BatonErrorTap *self)
{
  if (self->is_open)
    return;

  self->is_open = TRUE;
  pass_on (self, self->held->data, self->held->len);
  g_byte_array_set_size (self->held, 0);
}

/**
 * baton_error_tap_unref:
 * @self: (nullable): a tap
 */
void
baton_error_tap_unref (BatonErrorTap *self)
{
  if (self != NULL)
    tap_unref (self);
}
