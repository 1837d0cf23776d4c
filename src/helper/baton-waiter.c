/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"

#define HEARTBEAT_US (2 * G_USEC_PER_SEC)
#define CANCEL_NAME "cancel"

struct _BatonWaiter
{
  /* borrowed */
  BatonEventWriter *events;
  int handoff_dir;

  /* owned */
  int cancel_fd;
  int signal_fd;
  GArray *kept_from_children;

  gint64 next_heartbeat_us;
  gboolean cancelled;
};

static gboolean
set_waiter_error (GError **error, const char *what)
{
  int errsv = errno;

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv), "could not %s: %s", what,
               g_strerror (errsv));

  return FALSE;
}

/**
 * baton_waiter_hold_signals_back:
 * @ret_signals: (out) (nullable): those that are held back
 *
 * A shutdown and a stop of the unit come as SIGTERM, which ends nobody in the middle of his work
 * (SECURITY §5). Blocked for ever: a child inherits the mask, and the wait of a write in the kernel
 * must not be broken, since vfio waits uninterruptibly after the first signal.
 *
 * Returns: whether it could be done; errno is set where not
 */
gboolean
baton_waiter_hold_signals_back (sigset_t *ret_signals)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGHUP);
  if (ret_signals != NULL)
    *ret_signals = signals;

  return sigprocmask (SIG_BLOCK, &signals, NULL) == 0;
}

/* To a handoff they count as a cancel. */
static gboolean
watch_signals (BatonWaiter *self, GError **error)
{
  sigset_t signals;

  if (!baton_waiter_hold_signals_back (&signals))
    return set_waiter_error (error, "hold signals back");
  self->signal_fd = signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self->signal_fd < 0)
    return set_waiter_error (error, "receive signals");

  return TRUE;
}

static gboolean
watch_cancel_file (BatonWaiter *self, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", self->handoff_dir);

  self->cancel_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->cancel_fd < 0 ||
      inotify_add_watch (self->cancel_fd, path, IN_CREATE | IN_MOVED_TO) < 0)
    return set_waiter_error (error, "watch for a cancel");

  return TRUE;
}

/**
 * baton_waiter_new:
 * @events: where the heartbeat is written
 * @handoff_dir: directory of the handoff, where a file `cancel` may appear, or -1 for work that
 *   cannot be cancelled: recovery
 * @error: return location for an error
 *
 * Returns: (transfer full): a waiter, or %NULL
 */
BatonWaiter *
baton_waiter_new (BatonEventWriter *events, int handoff_dir, GError **error)
{
  g_autoptr (BatonWaiter) self = g_new0 (BatonWaiter, 1);

  self->events = events;
  self->handoff_dir = handoff_dir;
  self->cancel_fd = -1;
  self->signal_fd = -1;
  self->kept_from_children = g_array_new (FALSE, FALSE, sizeof (int));
  self->next_heartbeat_us = g_get_monotonic_time () + HEARTBEAT_US;
  if (handoff_dir >= 0 && (!watch_cancel_file (self, error) || !watch_signals (self, error)))
    return NULL;

  return g_steal_pointer (&self);
}

void
baton_waiter_free (BatonWaiter *self)
{
  baton_fd_clear (&self->cancel_fd);
  baton_fd_clear (&self->signal_fd);
  g_array_unref (self->kept_from_children);
  g_free (self);
}

/**
 * baton_waiter_keep_from_children:
 * @self: a waiter
 * @fd: a descriptor; it stays the caller's
 *
 * A child that makes a write inherits every descriptor, and may be in the kernel for as long as
 * the machine runs. What stands for something that ends with the handoff must not outlive it
 * there.
 */
void
baton_waiter_keep_from_children (BatonWaiter *self, int fd)
{
  g_array_append_val (self->kept_from_children, fd);
}

/**
 * baton_waiter_forget:
 * @self: a waiter
 * @fd: a descriptor that is going to be closed
 */
void
baton_waiter_forget (BatonWaiter *self, int fd)
{
  for (guint i = self->kept_from_children->len; i > 0; i--)
    if (g_array_index (self->kept_from_children, int, i - 1) == fd)
      g_array_remove_index (self->kept_from_children, i - 1);
}

/**
 * baton_waiter_close_kept:
 * @self: a waiter
 *
 * To be called in a new child, before anything else.
 */
void
baton_waiter_close_kept (BatonWaiter *self)
{
  for (guint i = 0; i < self->kept_from_children->len; i++)
    close (g_array_index (self->kept_from_children, int, i));
}

static void
drain (int fd)
{
  char buffer[4096] __attribute__ ((aligned (8)));

  while (fd >= 0 && read (fd, buffer, sizeof buffer) > 0)
    ;
}

/**
 * baton_waiter_is_cancelled:
 * @self: a waiter
 *
 * Returns: %TRUE if somebody has asked to stop; once asked, always
 */
gboolean
baton_waiter_is_cancelled (BatonWaiter *self)
{
  struct signalfd_siginfo info;

  if (self->cancelled || self->handoff_dir < 0)
    return self->cancelled;

  drain (self->cancel_fd);
  if (faccessat (self->handoff_dir, CANCEL_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
      read (self->signal_fd, &info, sizeof info) == sizeof info)
    self->cancelled = TRUE;

  return self->cancelled;
}

static void
beat (BatonWaiter *self, gint64 now_us)
{
  if (now_us < self->next_heartbeat_us)
    return;

  baton_event_writer_heartbeat (self->events);
  self->next_heartbeat_us = now_us + HEARTBEAT_US;
}

static int
get_timeout_ms (gint64 until_us, gint64 now_us)
{
  if (until_us == BATON_WAIT_FOR_EVER)
    return -1;

  return (int) CLAMP ((until_us - now_us + 999) / 1000, 0, HEARTBEAT_US / 1000);
}

/**
 * baton_waiter_wait:
 * @self: a waiter
 * @fd: a descriptor that becomes readable, or -1 for the deadline alone
 * @deadline_us: in g_get_monotonic_time(), or %BATON_WAIT_FOR_EVER
 * @cancellable: come back when somebody asks to stop
 *
 * What is ready wins over a cancel, and a cancel over the deadline. Who waits for ever waits for
 * people: no heartbeat says for days that nothing happens and wakes all who read. That the worker
 * lives its pidfd tells as well.
 *
 * Returns: why it came back
 */
BatonWait
baton_waiter_wait (BatonWaiter *self, int fd, gint64 deadline_us, gboolean cancellable)
{
  gboolean for_ever = deadline_us == BATON_WAIT_FOR_EVER;

  for (;;)
    {
      gint64 now_us = g_get_monotonic_time ();
      gint64 until_us = for_ever ? deadline_us : MIN (deadline_us, self->next_heartbeat_us);
      struct pollfd fds[] = {
        { .fd = fd, .events = POLLIN },
        { .fd = cancellable ? self->cancel_fd : -1, .events = POLLIN },
        { .fd = cancellable ? self->signal_fd : -1, .events = POLLIN },
      };
      int n_ready;

      if (!for_ever)
        beat (self, now_us);
      if (cancellable && self->cancelled)
        /* Asked already: only what is ready this very moment goes before it. */
        until_us = now_us;
      n_ready = poll (fds, G_N_ELEMENTS (fds), get_timeout_ms (until_us, now_us));
      if (n_ready < 0 && errno != EINTR)
        return BATON_WAIT_TIMEOUT;
      if (n_ready > 0 && fds[0].revents != 0)
        return BATON_WAIT_READY;
      if (cancellable && baton_waiter_is_cancelled (self))
        return BATON_WAIT_CANCELLED;
      if (g_get_monotonic_time () >= deadline_us)
        return BATON_WAIT_TIMEOUT;
    }
}
