/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guest-watch.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "baton-card-state.h"
#include "baton-fd.h"

/* Children of a directory are heard whatever their names are: nodes made anew, and those of iommufd.
 * And the devices' guard of a unit (DevicePolicy=) refuses a watch on a node, as it would refuse to
 * open it (inode_permission() in the kernel's fs/namei.c), where a directory is no device. */
#define NODE_EVENTS (IN_OPEN | IN_CLOSE | IN_CREATE | IN_DELETE | IN_ONLYDIR)

/* libvirt makes a private node for each guest of its own, which no watch of ours hears. It keeps
 * what it knows of a guest in a file that it replaces when the guest has started, and that may be
 * the first of its kind (qemuDomainMknodPaths() and virDomainObjSave() in libvirt). */
#define FILE_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/* Everybody may open /dev/vfio/vfio, which has mode 0666 (vfio_container_init() in the kernel's
 * drivers/vfio), as often as he likes: a look at all processes comes once in that time at most. */
#define REST_US G_USEC_PER_SEC

static const struct
{
  BatonRootPart part;
  const char *path;
  guint32 events;
  gboolean is_needed;
} places[] = {
  { BATON_ROOT_DEV, "vfio", NODE_EVENTS, TRUE },
  { BATON_ROOT_DEV, "vfio/devices", NODE_EVENTS, FALSE },
  { BATON_ROOT_RUN, "", FILE_EVENTS, FALSE },
  { BATON_ROOT_RUN, "libvirt", FILE_EVENTS, FALSE },
  { BATON_ROOT_RUN, "libvirt/qemu", FILE_EVENTS, FALSE },
  /* Where another card of the group stays its node does, and only our own note of the card goes. */
  { BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, IN_DELETE | IN_ONLYDIR, FALSE },
};

typedef struct
{
  int pid;
  int pidfd;
} Guest;

struct _BatonGuestWatch
{
  /* owned */
  int epoll_fd;
  int inotify_fd;
  int rest_fd;
  int end_fd;
  GArray *guests;

  gint64 listened_us;
  gboolean rests;
};

static gboolean
add (BatonGuestWatch *self, int fd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

  return fd >= 0 && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* At 0 it is stopped. */
static gboolean
set_timer (int fd, gint64 until_us)
{
  struct itimerspec end = {
    .it_value = { .tv_sec = until_us / G_USEC_PER_SEC,
                  .tv_nsec = until_us % G_USEC_PER_SEC * 1000 },
  };

  return timerfd_settime (fd, TFD_TIMER_ABSTIME, &end, NULL) == 0;
}

/* While it rests notes are collected, and only the end of the rest is heard. */
static gboolean
set_rest (BatonGuestWatch *self, gboolean rests)
{
  struct epoll_event event = { .events = rests ? 0 : EPOLLIN, .data.fd = self->inotify_fd };

  self->rests = rests;

  return epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, self->inotify_fd, &event) == 0 &&
         set_timer (self->rest_fd, rests ? self->listened_us + REST_US : 0);
}

static void
clear_guest (gpointer data)
{
  Guest *guest = data;

  baton_fd_clear (&guest->pidfd);
}

static GArray *
guests_new (void)
{
  GArray *guests = g_array_new (FALSE, FALSE, sizeof (Guest));

  g_array_set_clear_func (guests, clear_guest);

  return guests;
}

static gboolean
has_ended (const Guest *guest)
{
  struct pollfd end = { .fd = guest->pidfd, .events = POLLIN };

  return poll (&end, 1, 0) > 0;
}

static gboolean
is_among (const Guest *guest, const GArray *guests)
{
  for (guint i = 0; i < guests->len; i++)
    if (g_array_index (guests, Guest, i).pid == guest->pid)
      return TRUE;

  return FALSE;
}

/* Returns: whether something has happened. Our own look opens the directories, which is no news. */
static gboolean
read_notes (BatonGuestWatch *self)
{
  char buffer[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gboolean is_news = FALSE;
  gssize n;

  while ((n = read (self->inotify_fd, buffer, sizeof buffer)) > 0)
    for (char *at = buffer; at < buffer + n;)
      {
        const struct inotify_event *note = (const struct inotify_event *) (gpointer) at;

        at += sizeof *note + note->len;
        if ((note->mask & IN_ISDIR) == 0 || (note->mask & (IN_OPEN | IN_CLOSE)) == 0)
          is_news = TRUE;
      }

  return is_news;
}

/**
 * baton_guest_watch_new:
 *
 * Returns: (transfer full) (nullable): a watch of nothing yet, or %NULL with errno set
 */
BatonGuestWatch *
baton_guest_watch_new (void)
{
  g_autoptr (BatonGuestWatch) self = g_new0 (BatonGuestWatch, 1);

  self->guests = guests_new ();
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->inotify_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  self->rest_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  self->end_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->epoll_fd < 0 || !add (self, self->inotify_fd) || !add (self, self->rest_fd) ||
      !add (self, self->end_fd))
    return NULL;

  return g_steal_pointer (&self);
}

void
baton_guest_watch_free (BatonGuestWatch *self)
{
  g_array_unref (self->guests);
  baton_fd_clear (&self->inotify_fd);
  baton_fd_clear (&self->rest_fd);
  baton_fd_clear (&self->end_fd);
  baton_fd_clear (&self->epoll_fd);
  g_free (self);
}

/**
 * baton_guest_watch_get_fd:
 * @self: a watch
 *
 * Returns: a descriptor that becomes readable when something may have happened
 */
int
baton_guest_watch_get_fd (BatonGuestWatch *self)
{
  return self->epoll_fd;
}

/**
 * baton_guest_watch_has_news:
 * @self: a watch whose descriptor was readable
 *
 * What somebody opens is a reason to look when a second has passed since it was listened for; the
 * descriptor becomes readable again then.
 *
 * Returns: whether there is a reason to look
 */
gboolean
baton_guest_watch_has_news (BatonGuestWatch *self)
{
  struct epoll_event event;

  if (!self->rests && read_notes (self) &&
      (g_get_monotonic_time () >= self->listened_us + REST_US || !set_rest (self, TRUE)))
    return TRUE;

  /* All notes are read or wait: what is left is the end of a process, of the rest, or of all. */
  return epoll_wait (self->epoll_fd, &event, 1, 0) > 0;
}

/**
 * baton_guest_watch_set_end:
 * @self: a watch
 * @end_us: in g_get_monotonic_time(), or 0 for none
 *
 * From then on there is a reason to look, until another end is set: a wait of hours is one sleep.
 *
 * Returns: whether it could be set; errno is set where not
 */
gboolean
baton_guest_watch_set_end (BatonGuestWatch *self, gint64 end_us)
{
  return set_timer (self->end_fd, end_us);
}

/**
 * baton_guest_watch_listen:
 * @self: a watch
 * @root: the roots
 *
 * Forgets what happened up to now and listens. To be called before each look, so that what happens
 * during it is heard, and directories that were made anew are the ones that are heard.
 *
 * Returns: %FALSE if nobody could be heard, with errno set
 */
gboolean
baton_guest_watch_listen (BatonGuestWatch *self, BatonRoot *root)
{
  set_rest (self, FALSE);
  read_notes (self);
  self->listened_us = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = baton_root_build_path (root, places[i].part, places[i].path);

      if (inotify_add_watch (self->inotify_fd, path, places[i].events) < 0 &&
          places[i].is_needed)
        return FALSE;
    }

  return TRUE;
}

static gboolean
follow_guest (BatonGuestWatch *self, int pid)
{
  Guest guest = { pid, pidfd_open (pid, 0) };

  /* Whoever cannot be followed, for want of descriptors perhaps, lives all the same. */
  if (guest.pidfd < 0)
    return errno != ESRCH;
  g_array_append_val (self->guests, guest);
  add (self, guest.pidfd);

  return TRUE;
}

/**
 * baton_guest_watch_follow:
 * @self: a watch
 * @holders: who has the card
 *
 * Listens to the end of those processes that have it through vfio. One that ends while it is
 * looked at is simply not there any more. Where not everybody could be looked at, who had it the
 * last time and lives is taken to have it still.
 *
 * Returns: how many there are
 */
guint
baton_guest_watch_follow (BatonGuestWatch *self, const BatonHolders *holders)
{
  g_autoptr (GArray) before = g_steal_pointer (&self->guests);
  guint n_guests = 0;

  self->guests = guests_new ();
  for (guint i = 0; i < holders->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders->holders, i);

      if (holder->pid > 0 && (holder->how & BATON_HOW_VFIO) != 0)
        n_guests += follow_guest (self, holder->pid);
    }
  for (guint i = 0; !holders->complete && i < before->len; i++)
    {
      Guest *guest = &g_array_index (before, Guest, i);

      if (has_ended (guest) || is_among (guest, self->guests))
        continue;
      /* It is listened to already. */
      g_array_append_val (self->guests, *guest);
      guest->pidfd = -1;
      n_guests++;
    }

  return n_guests;
}
