/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"

/* How often the reader is told anew whom a stalled write waits for. */
#define STALLED_AGAIN_US (15 * G_USEC_PER_SEC)

static void
be_the_child (BatonWaiter *waiter, BatonChildFunc func, gpointer func_data, int answer_fd)
{
  ssize_t n;
  int errsv;

  baton_waiter_close_kept (waiter);
  errsv = func (func_data);
  n = write (answer_fd, &errsv, sizeof errsv);

  /* Nothing of the parent's is flushed or freed here. */
  _exit (n == sizeof errsv ? 0 : 1);
}

static gboolean
wait_for_end (BatonWaiter *waiter,
              int pidfd,
              BatonStalledFunc stalled,
              gpointer stalled_data,
              guint soft_ms,
              guint hard_ms)
{
  gint64 start_us = g_get_monotonic_time ();
  gint64 hard_us = start_us + (gint64) hard_ms * 1000;
  gint64 next_us = start_us + (gint64) soft_ms * 1000;
  gboolean told = FALSE;

  while (baton_waiter_wait (waiter, pidfd, MIN (next_us, hard_us), FALSE) != BATON_WAIT_READY)
    {
      gboolean over = g_get_monotonic_time () >= hard_us;

      /* Nobody hears of a driver that does not answer without having heard whom it waits for,
       * not even where we ourselves were kept from running between the two deadlines. */
      if (!over || !told)
        stalled (stalled_data);
      if (over)
        return FALSE;
      told = TRUE;
      next_us = g_get_monotonic_time () + STALLED_AGAIN_US;
    }

  return TRUE;
}

/**
 * baton_child_run:
 * @waiter: what waits
 * @func: one call that may block, with nothing around it
 * @func_data: for @func
 * @stalled: called when it takes longer than @soft_ms, and now and then after that
 * @stalled_data: for @stalled
 * @soft_ms: how long is usual
 * @hard_ms: how long is bearable
 * @ret_errno: (out): what @func returned, where the end is %BATON_CHILD_RETURNED
 *
 * Makes a call that may block in a child of its own, so that we stay able to
 * tell about it and to end. The child is never signalled: vfio waits
 * uninterruptibly after the first signal (vfio_unregister_group_dev() in the
 * kernel's drivers/vfio/vfio_main.c), and other drivers do so from the start.
 * One that is stuck keeps the lock, since it has inherited the descriptor.
 *
 * Returns: how it ended
 */
BatonChildEnd
baton_child_run (BatonWaiter *waiter,
                 BatonChildFunc func,
                 gpointer func_data,
                 BatonStalledFunc stalled,
                 gpointer stalled_data,
                 guint soft_ms,
                 guint hard_ms,
                 int *ret_errno)
{
  int ends[2];
  baton_autofd int answer_fd = -1;
  baton_autofd int pidfd = -1;
  int errsv = 0;
  ssize_t n;
  pid_t pid;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    {
      *ret_errno = errno;
      return BATON_CHILD_NOT_STARTED;
    }
  answer_fd = ends[0];
  pid = fork ();
  if (pid == 0)
    be_the_child (waiter, func, func_data, ends[1]);
  errsv = errno;
  close (ends[1]);
  if (pid < 0)
    {
      *ret_errno = errsv;
      return BATON_CHILD_NOT_STARTED;
    }

  /* The pipe would do to see the end, but a pidfd is readable even where the child is killed
   * while somebody else has inherited the pipe. Without one (descriptors used up) it has to do. */
  pidfd = pidfd_open (pid, 0);
  if (!wait_for_end (waiter, pidfd >= 0 ? pidfd : answer_fd, stalled, stalled_data, soft_ms,
                     hard_ms))
    return BATON_CHILD_STUCK;

  do
    n = read (answer_fd, &errsv, sizeof errsv);
  while (n < 0 && errno == EINTR);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
  if (n != sizeof errsv)
    return BATON_CHILD_CRASHED;
  *ret_errno = errsv;

  return BATON_CHILD_RETURNED;
}
