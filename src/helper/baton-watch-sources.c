/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-sources.h"

#include <errno.h>
#include <glib-unix.h>
#include <gudev/gudev.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"

/* Closing says nothing of who else has it open, and opening nothing of who did: both only lead to
 * a look. Nodes come and go with the driver. */
#define NODE_EVENTS (IN_OPEN | IN_CLOSE | IN_CREATE | IN_DELETE | IN_MOVE)

/* Never /dev itself: every terminal, every random number would wake us. */
static const char *const directories[] = { "dri", "snd", "vfio", "vfio/devices" };

/* libvirt's guests open nodes of their own making, which is not heard (see baton-guest-watch.c). */
static const char *const guest_directories[] = { "", "libvirt", "libvirt/qemu" };

#define GUEST_EVENTS (IN_CREATE | IN_MOVED_TO)

static const char *const subsystems[] = { "drm", "pci", "sound", "vfio", "vfio-dev", NULL };

struct _BatonWatchSources
{
  BatonRoot *root; /* borrowed */
  BatonWatchFunc func;
  gpointer data;

  /* owned */
  GUdevClient *devices;
  int notify;
  guint notify_source;
  int clock;
  guint clock_source;
  GHashTable *processes; /* "PID:START" -> Process */
};

typedef struct
{
  BatonWatchSources *sources; /* borrowed */

  /* owned */
  int fd;
  guint source;
} Process;

static void
free_process (gpointer data)
{
  Process *self = data;

  if (self->source != 0)
    g_source_remove (self->source);
  baton_fd_clear (&self->fd);
  g_free (self);
}

static void
on_uevent_cb (GUdevClient *client, const char *action, GUdevDevice *device, gpointer data)
{
  BatonWatchSources *self = data;

  self->func (BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS, self->data);
}

static gboolean
on_process_ended_cb (int fd, GIOCondition condition, gpointer data)
{
  Process *process = data;

  process->source = 0;
  process->sources->func (BATON_WATCH_HOLDERS, process->sources->data);
  return G_SOURCE_REMOVE;
}

/* Reads all that has happened. Our own look opens the directories, which is no news. */
static guint
read_notes (BatonWatchSources *self)
{
  char buffer[16384] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  guint changes = 0;
  gssize n;

  while ((n = read (self->notify, buffer, sizeof buffer)) > 0)
    for (char *at = buffer; at < buffer + n;)
      {
        const struct inotify_event *note = (const struct inotify_event *) (gpointer) at;

        at += sizeof *note + note->len;
        if (note->mask & IN_Q_OVERFLOW)
          changes |= BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS;
        else if (note->mask & (IN_CREATE | IN_DELETE | IN_MOVE))
          changes |= BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS;
        else if (!(note->mask & (IN_ISDIR | IN_IGNORED)))
          changes |= BATON_WATCH_HOLDERS;
      }

  return changes;
}

static gboolean
on_notes_cb (int fd, GIOCondition condition, gpointer data)
{
  BatonWatchSources *self = data;
  guint changes = read_notes (self);

  if (changes != 0)
    self->func (changes, self->data);

  return G_SOURCE_CONTINUE;
}

/* A timer that never comes due, and is cancelled when the clock is set. To the kernel a resume is
 * that as well (timekeeping_resume() in kernel/time/timekeeping.c calls timerfd_resume()), and it
 * tells so without a bus and without a right. */
static gboolean
listen_to_clock (BatonWatchSources *self)
{
  /* More than the kernel counts it takes for its last moment (ktime_set() in linux/ktime.h). */
  const time_t last = (time_t) 1 << (sizeof (time_t) * 8 - 2);
  const struct itimerspec never = { .it_value = { .tv_sec = last } };

  return timerfd_settime (self->clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                          NULL) == 0;
}

static gboolean
on_clock_set_cb (int fd, GIOCondition condition, gpointer data)
{
  BatonWatchSources *self = data;
  guint64 n_times = 0;

  /* It fails with ECANCELED, which is the news. */
  if (read (fd, &n_times, sizeof n_times) < 0 && errno != ECANCELED)
    return G_SOURCE_CONTINUE;
  self->func (BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS, self->data);
  if (listen_to_clock (self))
    return G_SOURCE_CONTINUE;

  self->clock_source = 0;

  return G_SOURCE_REMOVE;
}

/* Whatever happened while the computer slept gave no event; without this a reader would see it at
 * the next one. */
static void
watch_clock (BatonWatchSources *self)
{
  self->clock = timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->clock >= 0 && listen_to_clock (self))
    self->clock_source = g_unix_fd_add (self->clock, G_IO_IN, on_clock_set_cb, self);
}

/**
 * baton_watch_sources_new:
 * @root: the roots
 * @func: called when something may look different
 * @data: passed to @func
 * @error: (optional): why some changes will go unnoticed
 *
 * Begins to listen for device events. Where the user has no inotify instance left, nodes are not
 * listened to, and @error says so: devices and processes still are.
 *
 * Returns: (transfer full): the sources; never %NULL
 */
BatonWatchSources *
baton_watch_sources_new (BatonRoot *root, BatonWatchFunc func, gpointer data, GError **error)
{
  BatonWatchSources *self = g_new0 (BatonWatchSources, 1);

  self->root = root;
  self->func = func;
  self->data = data;
  self->processes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_process);

  self->devices = g_udev_client_new (subsystems);
  g_signal_connect (self->devices, "uevent", G_CALLBACK (on_uevent_cb), self);

  watch_clock (self);
  self->notify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->notify < 0)
    g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                 "Who opens and closes a card goes unnoticed until somebody asks, because this "
                 "user has too many programs that watch files: %s.",
                 g_strerror (errno));

  return self;
}

/**
 * baton_watch_sources_free:
 * @self: (nullable): sources
 */
void
baton_watch_sources_free (BatonWatchSources *self)
{
  if (self == NULL)
    return;

  baton_watch_sources_rest (self);
  g_hash_table_unref (self->processes);
  g_signal_handlers_disconnect_by_data (self->devices, self);
  g_object_unref (self->devices);
  baton_fd_clear (&self->notify);
  g_clear_handle_id (&self->clock_source, g_source_remove);
  baton_fd_clear (&self->clock);
  g_free (self);
}

/**
 * baton_watch_sources_rest:
 * @self: sources
 *
 * Does not wake for nodes any more, because a look is going to happen anyway. What happens
 * meanwhile is kept by the kernel.
 */
void
baton_watch_sources_rest (BatonWatchSources *self)
{
  g_clear_handle_id (&self->notify_source, g_source_remove);
}

static void
follow_path (BatonWatchSources *self, BatonRootPart part, const char *path, guint32 events)
{
  g_autofree char *whole = NULL;

  if (self->notify < 0)
    return;

  /* Added again each time: where a node was made anew under an old name the watch on the old one
   * is gone, and adding one that is there changes nothing (inotify(7)). */
  whole = baton_root_build_path (self->root, part, path);
  inotify_add_watch (self->notify, whole, events);
}

static gboolean
is_in_directory (const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      gsize length = strlen (directories[i]);

      if (strncmp (path, directories[i], length) == 0 && path[length] == '/' &&
          strchr (path + length + 1, '/') == NULL)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_watch_sources_listen:
 * @self: sources
 *
 * Forgets what happened up to now and wakes for nodes again. To be called just before a look, so
 * that nothing falls between the two.
 */
void
baton_watch_sources_listen (BatonWatchSources *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    follow_path (self, BATON_ROOT_DEV, directories[i], NODE_EVENTS | IN_ONLYDIR);
  for (guint i = 0; i < G_N_ELEMENTS (guest_directories); i++)
    follow_path (self, BATON_ROOT_RUN, guest_directories[i], GUEST_EVENTS | IN_ONLYDIR);

  if (self->notify < 0 || self->notify_source != 0)
    return;

  read_notes (self);
  self->notify_source = g_unix_fd_add (self->notify, G_IO_IN, on_notes_cb, self);
}

/**
 * baton_watch_sources_follow_nodes:
 * @self: sources
 * @machine: the machine as it is now
 *
 * Listens to the nodes that lie elsewhere than in the directories. To be called before it is looked
 * who has them.
 */
void
baton_watch_sources_follow_nodes (BatonWatchSources *self, BatonMachine *machine)
{
  g_autofree char *dev = baton_root_dup_shown_path (BATON_ROOT_DEV, "/");

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      for (guint j = 0; j < card->nodes->len; j++)
        {
          const BatonNode *node = g_ptr_array_index (card->nodes, j);
          const char *path =
              g_str_has_prefix (node->path, dev) ? node->path + strlen (dev) : NULL;

          if (path != NULL && !is_in_directory (path))
            follow_path (self, BATON_ROOT_DEV, path, IN_OPEN | IN_CLOSE);
        }
    }
}

static void
follow_process (BatonWatchSources *self, GHashTable *previous, const BatonHolder *holder)
{
  g_autofree char *key = g_strdup_printf ("%d:%s", holder->pid, holder->start_time);
  gpointer kept_key = NULL;
  gpointer kept = NULL;
  Process *process = NULL;
  int fd;

  if (g_hash_table_contains (self->processes, key) ||
      g_hash_table_size (self->processes) >= BATON_WATCH_MAX_PIDFDS)
    return;
  if (g_hash_table_steal_extended (previous, key, &kept_key, &kept))
    {
      g_hash_table_insert (self->processes, kept_key, kept);
      return;
    }

  fd = (int) syscall (SYS_pidfd_open, holder->pid, 0);
  if (fd < 0)
    {
      /* It has ended since it was seen. */
      if (errno == ESRCH)
        self->func (BATON_WATCH_HOLDERS, self->data);
      return;
    }

  process = g_new0 (Process, 1);
  process->sources = self;
  process->fd = fd;
  process->source = g_unix_fd_add (fd, G_IO_IN, on_process_ended_cb, process);
  g_hash_table_insert (self->processes, g_steal_pointer (&key), process);
}

/**
 * baton_watch_sources_follow_processes:
 * @self: sources
 * @holders: (element-type BatonHolders): who has the cards
 *
 * Listens to the end of these processes, and of no others, from now on.
 */
void
baton_watch_sources_follow_processes (BatonWatchSources *self, GPtrArray *holders)
{
  g_autoptr (GHashTable) previous = g_steal_pointer (&self->processes);

  self->processes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_process);
  for (guint i = 0; i < holders->len; i++)
    {
      const BatonHolders *card = g_ptr_array_index (holders, i);

      for (guint j = 0; j < card->holders->len; j++)
        {
          const BatonHolder *holder = g_ptr_array_index (card->holders, j);

          if (holder->pid > 0)
            follow_process (self, previous, holder);
        }
    }
}
