/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-nodes.h"

#include <errno.h>
#include <glib-unix.h>
#include <gudev/gudev.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"

/* References used below:
 *  INOTIFY7 - inotify(7): a file is watched by who may read it, a directory tells of the files in it
 *    whoever may read those; what is closed for good is told too when its process ends
 */

#define EVENTS (IN_OPEN | IN_CLOSE)

/* Of graphics cards' nodes alone. */
#define DIRECTORY "dri"

struct _BatonNoticeNodes
{
  BatonNoticeNodesFunc func;
  gpointer data;

  /* owned */
  GUdevClient *devices;
  GHashTable *names; /* files of which their directory tells */
  int notify;
  guint source;
};

static void
on_uevent_cb (GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
  BatonNoticeNodes *self = data;

  self->func (self->data);
}

/**
 * baton_notice_nodes_new:
 * @func: called when something may have changed
 * @data: passed to @func
 *
 * Begins to hear of cards that come and go.
 *
 * Returns: (transfer full): who hears
 */
BatonNoticeNodes *
baton_notice_nodes_new (BatonNoticeNodesFunc func, gpointer data)
{
  static const char *const subsystems[] = { "drm", NULL };
  BatonNoticeNodes *self = g_new0 (BatonNoticeNodes, 1);

  self->func = func;
  self->data = data;
  self->notify = -1;
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->devices = g_udev_client_new (subsystems);
  g_signal_connect (self->devices, "uevent", G_CALLBACK (on_uevent_cb), self);

  return self;
}

/**
 * baton_notice_nodes_free:
 * @self: (nullable): who hears
 */
void
baton_notice_nodes_free (BatonNoticeNodes *self)
{
  if (self == NULL)
    return;

  baton_notice_nodes_rest (self);
  g_signal_handlers_disconnect_by_data (self->devices, self);
  g_object_unref (self->devices);
  g_hash_table_unref (self->names);
  baton_fd_clear (&self->notify);
  g_free (self);
}

/* What this user may not read yet, such as another seat's, others may still open for it. Never /dev
 * itself: every terminal, every random number would wake us. */
static void
follow_in_directory (BatonNoticeNodes *self, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (!g_str_has_suffix (directory, "/" DIRECTORY))
    return;
  g_hash_table_add (self->names, g_path_get_basename (path));
  inotify_add_watch (self->notify, directory, EVENTS | IN_ONLYDIR);
}

/**
 * baton_notice_nodes_follow:
 * @self: who hears
 * @paths: (element-type filename): device files
 * @error: return location for an error
 *
 * Hears of these being opened and closed, and of no others. What happened up to now is forgotten: to
 * be called before a look.
 *
 * Fails where this user watches too many files already.
 *
 * Returns: %TRUE if they are heard of
 */
gboolean
baton_notice_nodes_follow (BatonNoticeNodes *self, GPtrArray *paths, GError **error)
{
  gboolean was_listening = self->source != 0;

  baton_notice_nodes_rest (self);
  baton_fd_clear (&self->notify);
  g_hash_table_remove_all (self->names);
  self->notify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->notify < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "could not watch who opens the graphics cards, because this user has too "
                   "many programs that watch files: %s",
                   g_strerror (errno));
      return FALSE;
    }

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      /* One that is gone again is told of by a device event. */
      if (inotify_add_watch (self->notify, path, EVENTS) < 0 && errno == EACCES)
        follow_in_directory (self, path);
    }
  if (was_listening)
    baton_notice_nodes_listen (self);

  return TRUE;
}

static gboolean
is_news (BatonNoticeNodes *self, const struct inotify_event *note)
{
  if (note->mask & IN_Q_OVERFLOW)
    return TRUE;

  return (note->mask & EVENTS) != 0 && (note->mask & IN_ISDIR) == 0 &&
         (note->len == 0 || g_hash_table_contains (self->names, note->name));
}

/**
 * baton_notice_nodes_take:
 * @self: who hears
 *
 * Returns: whether something was opened or closed since this was asked last
 */
gboolean
baton_notice_nodes_take (BatonNoticeNodes *self)
{
  char buffer[16384] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gboolean found = FALSE;
  gssize n;

  while (self->notify >= 0 && (n = read (self->notify, buffer, sizeof buffer)) > 0)
    for (char *at = buffer; at < buffer + n;)
      {
        const struct inotify_event *note = (const struct inotify_event *) (gpointer) at;

        at += sizeof *note + note->len;
        found = is_news (self, note) || found;
      }

  return found;
}

static gboolean
on_notes_cb (int fd, GIOCondition condition, gpointer data)
{
  BatonNoticeNodes *self = data;

  if (baton_notice_nodes_take (self))
    {
      /* It may rest by it, and free the source that this belongs to. */
      self->func (self->data);
      return self->source != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }

  return G_SOURCE_CONTINUE;
}

/**
 * baton_notice_nodes_listen:
 * @self: who hears
 *
 * Calls the function when something is opened or closed.
 */
void
baton_notice_nodes_listen (BatonNoticeNodes *self)
{
  if (self->notify >= 0 && self->source == 0)
    self->source = g_unix_fd_add (self->notify, G_IO_IN, on_notes_cb, self);
}

/**
 * baton_notice_nodes_rest:
 * @self: who hears
 *
 * Does not wake for it until baton_notice_nodes_listen(); the kernel keeps what happens meanwhile.
 */
void
baton_notice_nodes_rest (BatonNoticeNodes *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
}
