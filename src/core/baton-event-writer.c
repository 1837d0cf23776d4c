/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct _BatonEventWriter
{
  int fd;        /* borrowed */
  char *handoff; /* owned */
  guint64 seq;
  guint64 snap;
  gboolean gone;
  gboolean torn;
  gboolean lossy;
};

/**
 * baton_event_writer_new:
 * @fd: where the lines go; stays the caller's
 * @handoff: (nullable): id of the handoff that every line belongs to
 *
 * Returns: (transfer full): a writer whose first line has `seq` 1
 */
BatonEventWriter *
baton_event_writer_new (int fd, const char *handoff)
{
  BatonEventWriter *self = g_new0 (BatonEventWriter, 1);

  self->fd = fd;
  self->handoff = g_strdup (handoff);

  return self;
}

/**
 * baton_event_writer_free:
 * @self: (nullable): a writer
 */
void
baton_event_writer_free (BatonEventWriter *self)
{
  if (self == NULL)
    return;

  g_free (self->handoff);
  g_free (self);
}

/* The last line of @text that is an event, or %NULL. */
static BatonEvent *
find_last_event (const char *text, gsize length)
{
  while (length > 0)
    {
      const char *newline = memrchr (text, '\n', length);
      const char *begin = newline != NULL ? newline + 1 : text;
      BatonEvent *event = baton_event_parse (begin, text + length - begin, NULL);

      if (event != NULL || newline == NULL)
        return event;
      length = (gsize) (newline - text);
    }

  return NULL;
}

/**
 * baton_event_writer_resume:
 * @self: a writer on a file that somebody else has written to before, open for reading as well
 *
 * Goes on with the numbers of what is there already: `seq` has no gap, and a last line that was
 * cut off in the middle does not swallow the next one.
 */
void
baton_event_writer_resume (BatonEventWriter *self)
{
  /* Room for a whole last line and a torn one after it. */
  gsize max_bytes = 2 * BATON_MAX_LINE_OUT;
  g_autofree char *tail = g_malloc (max_bytes);
  g_autoptr (BatonEvent) last = NULL;
  off_t size = lseek (self->fd, 0, SEEK_END);
  ssize_t length = 0;

  if (size > 0)
    length = pread (self->fd, tail, max_bytes, MAX (0, size - (off_t) max_bytes));
  if (length <= 0)
    return;

  self->torn = tail[length - 1] != '\n';
  last = find_last_event (tail, (gsize) length - (self->torn ? 0 : 1));
  if (last != NULL)
    self->seq = last->seq;
}

/**
 * baton_event_writer_is_gone:
 * @self: a writer
 *
 * Returns: %TRUE if nobody reads any more: a write failed, and not for want of room
 */
gboolean
baton_event_writer_is_gone (BatonEventWriter *self)
{
  return self->gone;
}

/**
 * baton_event_writer_has_lost:
 * @self: a writer
 *
 * Returns: %TRUE if a line was not written, or not whole, for whatever cause
 */
gboolean
baton_event_writer_has_lost (BatonEventWriter *self)
{
  return self->lossy;
}

/* The clock of `t_ms`: it goes on while the machine sleeps. */
gint64
baton_event_get_boottime_ms (void)
{
  struct timespec now = { 0 };

  clock_gettime (CLOCK_BOOTTIME, &now);

  return (gint64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Writes all of @bytes. A descriptor that the caller left non-blocking is waited for. */
static gboolean
write_all (BatonEventWriter *self, const char *bytes, gsize length)
{
  gsize done = 0;

  while (done < length)
    {
      gssize n_written = write (self->fd, bytes + done, length - done);

      if (n_written > 0)
        {
          done += (gsize) n_written;
        }
      else if (n_written < 0 && errno == EAGAIN)
        {
          struct pollfd wait = { .fd = self->fd, .events = POLLOUT };

          poll (&wait, 1, -1);
        }
      else if (n_written == 0 || errno != EINTR)
        {
          /* A full file system may have room again for the next line; the reader is there. */
          self->torn |= done > 0;
          self->gone = n_written == 0 || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
          return FALSE;
        }
    }

  return TRUE;
}

/* Writes a line that baton_event_writer_begin_line() began: @line, a brace, a newline. */
void
baton_event_writer_end_line (BatonEventWriter *self, GString *line)
{
  if (self->gone)
    {
      self->lossy = TRUE;
      return;
    }

  /* Half a line stays what it is, a line that no reader can parse, and hides none of ours. */
  if (self->torn)
    g_string_prepend_c (line, '\n');

  g_string_append (line, "}\n");
  if (write_all (self, line->str, line->len))
    {
      self->torn = FALSE;
      self->seq++;
    }
  else
    {
      self->lossy = TRUE;
    }
}

/* Adds the members of @object, a whole encoded object, to a line. */
void
baton_event_append_members (GString *line, const char *object)
{
  if (strcmp (object, "{}") == 0)
    return;

  g_string_append_c (line, ',');
  g_string_append_len (line, object + 1, (gssize) strlen (object) - 2);
}

/* Returns: (transfer full): a line with its envelope, and no closing brace */
GString *
baton_event_writer_begin_line (BatonEventWriter *self,
                               const char *type,
                               gint64 t_ms,
                               const char *handoff)
{
  static const BatonEncodeLimits limits = { 128, 0 };
  g_autoptr (JsonObject) envelope = json_object_new ();
  GString *line = g_string_new ("{");

  json_object_set_int_member (envelope, "v", BATON_PROTOCOL_VERSION);
  json_object_set_int_member (envelope, "seq", (gint64) self->seq + 1);
  json_object_set_int_member (envelope, "t_ms", t_ms);
  json_object_set_string_member (envelope, "type", type);
  if (handoff != NULL)
    json_object_set_string_member (envelope, "handoff", handoff);
  baton_event_encode_members (line, envelope, NULL, &limits);

  return line;
}

static void
emit_whole (BatonEventWriter *self,
            const char *type,
            gint64 t_ms,
            const char *handoff,
            JsonObject *body)
{
  g_autoptr (GString) line = baton_event_writer_begin_line (self, type, t_ms, handoff);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), body);
  g_autofree char *encoded =
      baton_event_encode_fitting (node, BATON_MAX_LINE_OUT - BATON_LINE_SLACK - line->len);

  baton_event_append_members (line, encoded);
  baton_event_writer_end_line (self, line);
}

/* Returns: (nullable): id of the handoff that every line belongs to */
const char *
baton_event_writer_get_handoff (BatonEventWriter *self)
{
  return self->handoff;
}

/* Returns: the number of the next snapshot of a list */
guint64
baton_event_writer_begin_snap (BatonEventWriter *self)
{
  return ++self->snap;
}

/* Writes one event, with @body after the envelope. The arrays named in @lists may go on in
 * further lines; `snap` and `more` are then there even where one line is enough. */
void
baton_event_writer_emit (BatonEventWriter *self,
                         const char *type,
                         JsonObject *body,
                         const char *const *lists)
{
  if (lists != NULL)
    baton_event_writer_emit_pages (self, type, body, lists);
  else
    emit_whole (self, type, baton_event_get_boottime_ms (), self->handoff, body);
}

/**
 * baton_event_writer_hello:
 * @self: a writer
 * @verb: (nullable): the verb that is being carried out, %NULL for one that is unknown
 * @by: `helper`, or `self` where batonctl reads without it
 *
 * Writes the first line of every output: `proto` (a list with the versions spoken), `version`
 * (Baton's own), `verb`, `by`.
 */
void
baton_event_writer_hello (BatonEventWriter *self, const char *verb, const char *by)
{
  g_autoptr (JsonObject) body = json_object_new ();
  JsonArray *versions = json_array_new ();

  json_array_add_int_element (versions, BATON_PROTOCOL_VERSION);
  json_object_set_array_member (body, "proto", versions);
  json_object_set_string_member (body, "version", BATON_VERSION);
  baton_json_set_string (body, "verb", verb);
  json_object_set_string_member (body, "by", by);
  baton_event_writer_emit (self, "hello", body, NULL);
}

/**
 * baton_event_writer_worker:
 * @self: a writer on a handoff's `events`
 * @pid: the worker
 * @start_time: field 22 of its `/proc/PID/stat`, as text
 *
 * Writes the first line of a handoff's `events`, so that whoever reads the file can hold a pidfd
 * of the worker and hear of its end. Readers of the contract may ignore the type.
 */
void
baton_event_writer_worker (BatonEventWriter *self, int pid, const char *start_time)
{
  g_autoptr (JsonObject) body = json_object_new ();

  json_object_set_int_member (body, "pid", pid);
  json_object_set_string_member (body, "start_time", start_time);
  baton_event_writer_emit (self, "worker", body, NULL);
}

/**
 * baton_event_writer_log:
 * @self: a writer
 * @level: `debug`, `info` or `warning`
 * @text: a sentence for whoever looks for the cause; may hold hostile bytes
 */
void
baton_event_writer_log (BatonEventWriter *self, const char *level, const char *text)
{
  g_autoptr (JsonObject) body = json_object_new ();

  json_object_set_string_member (body, "level", level);
  json_object_set_string_member (body, "text", text);
  baton_event_writer_emit (self, "log", body, NULL);
}

/**
 * baton_event_writer_heartbeat:
 * @self: a writer
 *
 * Says that the worker lives. It comes from the worker itself, every 2 s.
 */
void
baton_event_writer_heartbeat (BatonEventWriter *self)
{
  g_autoptr (JsonObject) body = json_object_new ();

  baton_event_writer_emit (self, "heartbeat", body, NULL);
}

/**
 * baton_event_writer_relay:
 * @self: a writer
 * @line: a line of somebody else's output
 * @length: its length without the newline, or -1 if it ends with a NUL
 *
 * Writes the event again with a sequence number of this output. Time, handoff and everything else
 * stay as they are; strings are cleaned once more, whatever they have been through.
 *
 * Returns: %FALSE if @line was no event and nothing was written
 */
gboolean
baton_event_writer_relay (BatonEventWriter *self, const char *line, gssize length)
{
  static const char *const envelope[] = { "v", "seq", "t_ms", "type", "handoff" };
  g_autoptr (BatonEvent) event = baton_event_parse (line, length, NULL);
  const char *handoff = NULL;

  if (event == NULL)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (envelope); i++)
    json_object_remove_member (event->object, envelope[i]);

  handoff = event->handoff != NULL ? event->handoff : self->handoff;
  emit_whole (self, event->type, event->t_ms, handoff, event->object);

  return TRUE;
}
