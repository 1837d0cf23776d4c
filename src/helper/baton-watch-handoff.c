/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-waits.h"
#include "baton-lock.h"

/* Where something appears that says more: the directory of the lock, or the place where that
 * directory will be made by the first handoff since the start of the machine; and the report. */
static const struct
{
  BatonRootPart part;
  const char *path;
  guint32 events;
} places[] = {
  { BATON_ROOT_RUN, "", IN_CREATE | IN_MOVED_TO },
  { BATON_ROOT_RUN, "baton", IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE_SELF },
  { BATON_ROOT_VAR, "lib", IN_CREATE | IN_MOVED_TO },
  { BATON_ROOT_VAR, "lib/baton", IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF },
};

struct _BatonWatchHandoff
{
  BatonRoot *root; /* borrowed */
  BatonRelayFunc on_event;
  BatonWatchStateFunc on_state;
  gpointer data;
  char id[BATON_HANDOFF_ID_DIGITS + 1];

  /* owned */
  BatonRelay *relay;
  int notify;
  guint notify_source;
  int events_watch;
  int place_watches[G_N_ELEMENTS (places)];
};

static int
add_watch (BatonWatchHandoff *self, BatonRootPart part, const char *path, guint32 events)
{
  g_autofree char *whole = baton_root_build_path (self->root, part, path);

  return inotify_add_watch (self->notify, whole, events);
}

/* The outer place is left alone as soon as the inner one is there: others make files in it. */
static void
watch_places (BatonWatchHandoff *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i += 2)
    {
      int *outer = &self->place_watches[i];
      int *inner = &self->place_watches[i + 1];

      *inner = add_watch (self, places[i + 1].part, places[i + 1].path,
                          places[i + 1].events | IN_ONLYDIR);
      if (*inner < 0)
        *outer =
            add_watch (self, places[i].part, places[i].path, places[i].events | IN_ONLYDIR);
      else if (*outer >= 0)
        {
          inotify_rm_watch (self->notify, *outer);
          *outer = -1;
        }
    }
}

/* A name that stayed in the lock after the end is history, which the report tells. */
static gboolean
has_ended (BatonWatchHandoff *self, const char *id)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (self->root, id, NULL);

  return dir == NULL || baton_handoff_dir_has_ended (dir);
}

/* Whoever works goes before one that waits for a virtual machine, which is come back to. */
static char *
find_handoff (BatonWatchHandoff *self)
{
  g_autofree char *id = baton_lock_read_handoff (self->root);
  g_autoptr (GPtrArray) waiting = NULL;

  if (id != NULL && !has_ended (self, id))
    return g_steal_pointer (&id);
  if (self->relay != NULL)
    return NULL;
  waiting = baton_handoff_waits_list (self->root);

  return waiting->len > 0 ? g_strdup (g_ptr_array_index (waiting, 0)) : NULL;
}

static void
begin_to_follow (BatonWatchHandoff *self, const char *id)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (self->root, id, NULL);
  g_autofree char *path = g_strdup_printf ("baton/handoff/%s/events", id);
  int fd = -1;

  g_clear_pointer (&self->relay, baton_relay_free);
  if (self->events_watch >= 0)
    inotify_rm_watch (self->notify, self->events_watch);
  self->events_watch = -1;
  g_strlcpy (self->id, id, sizeof self->id);

  if (dir == NULL)
    return;

  fd = baton_handoff_dir_open_events (dir, O_RDONLY, NULL);
  if (fd < 0)
    return;

  self->events_watch = add_watch (self, BATON_ROOT_RUN, path, IN_MODIFY);
  self->relay = baton_relay_new (fd, self->on_event, self->data);
}

/**
 * baton_watch_handoff_look:
 * @self: a handoff
 *
 * Hands on what it has written up to now.
 */
void
baton_watch_handoff_look (BatonWatchHandoff *self)
{
  g_autofree char *id = NULL;

  do
    {
      if (self->relay != NULL)
        baton_relay_pump (self->relay);
      if (self->relay != NULL && baton_relay_has_result (self->relay, NULL))
        {
          g_clear_pointer (&self->relay, baton_relay_free);
          self->on_state (self->data);
        }
      g_clear_pointer (&id, g_free);
      id = find_handoff (self);
      if (id == NULL || g_str_equal (id, self->id))
        return;
      begin_to_follow (self, id);
    }
  while (self->relay != NULL);
}

static gboolean
on_notes_cb (int fd, GIOCondition condition, gpointer data)
{
  BatonWatchHandoff *self = data;
  char buffer[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gboolean moved = FALSE;
  gboolean report = FALSE;
  gssize n;

  while ((n = read (self->notify, buffer, sizeof buffer)) > 0)
    for (char *at = buffer; at < buffer + n;)
      {
        const struct inotify_event *note = (const struct inotify_event *) (gpointer) at;

        at += sizeof *note + note->len;
        moved |= note->wd == self->place_watches[0] || note->wd == self->place_watches[2] ||
                 (note->mask & (IN_DELETE_SELF | IN_Q_OVERFLOW)) != 0;
        report |= note->wd == self->place_watches[3];
      }

  if (moved)
    watch_places (self);
  baton_watch_handoff_look (self);
  if (report || moved)
    self->on_state (self->data);

  return G_SOURCE_CONTINUE;
}

/**
 * baton_watch_handoff_new:
 * @root: the roots
 * @on_event: called for each event of a handoff
 * @on_state: called when one has ended, or another report is there
 * @data: passed to both
 * @error: return location for an error
 *
 * Begins to listen for handoffs, also for the first one since the start of the machine.
 *
 * Returns: (transfer full): the handoff, or %NULL where this user may not watch any more files
 */
BatonWatchHandoff *
baton_watch_handoff_new (BatonRoot *root,
                         BatonRelayFunc on_event,
                         BatonWatchStateFunc on_state,
                         gpointer data,
                         GError **error)
{
  BatonWatchHandoff *self = NULL;
  int notify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  if (notify < 0)
    {
      g_set_error (
          error, BATON_ERROR, baton_error_from_errno (errno),
          "A handoff that somebody else starts goes unnoticed, because this user has too "
          "many programs that watch files: %s.",
          g_strerror (errno));
      return NULL;
    }

  self = g_new0 (BatonWatchHandoff, 1);
  self->root = root;
  self->on_event = on_event;
  self->on_state = on_state;
  self->data = data;
  self->notify = notify;
  self->events_watch = -1;
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    self->place_watches[i] = -1;

  watch_places (self);
  self->notify_source = g_unix_fd_add (notify, G_IO_IN, on_notes_cb, self);

  return self;
}

/**
 * baton_watch_handoff_free:
 * @self: (nullable): a handoff
 */
void
baton_watch_handoff_free (BatonWatchHandoff *self)
{
  if (self == NULL)
    return;

  g_clear_handle_id (&self->notify_source, g_source_remove);
  g_clear_pointer (&self->relay, baton_relay_free);
  baton_fd_clear (&self->notify);
  g_free (self);
}
