/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-hold.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handoff-place.h"

/* Who is at a handoff until its worker has said who it is. The front holds a lock on the directory
 * from before there is a request in it, and the worker one on `events` from before it takes that
 * request. The kernel lets both go with the process, whatever ended it, and not while it is only
 * frozen: so what nobody holds is nobody's, however young it is (flock(2)). */

static gboolean
is_held (int fd)
{
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    return TRUE;
  flock (fd, LOCK_UN);

  return FALSE;
}

static gboolean
has_request (BatonHandoffDir *self)
{
  return faccessat (baton_handoff_dir_get_fd (self), BATON_HANDOFF_REQUEST, F_OK,
                    AT_SYMLINK_NOFOLLOW) == 0;
}

/**
 * baton_handoff_hold_as_front:
 * @self: a directory that was just made, with nothing in it
 * @error: return location for an error
 *
 * Lasts as long as @self.
 *
 * Returns: %TRUE if it is held
 */
gboolean
baton_handoff_hold_as_front (BatonHandoffDir *self, GError **error)
{
  if (flock (baton_handoff_dir_get_fd (self), LOCK_SH | LOCK_NB) == 0)
    return TRUE;
  g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
               "could not lock the directory of '%s': %s", baton_handoff_dir_get_id (self),
               g_strerror (errno));

  return FALSE;
}

/**
 * baton_handoff_hold_as_worker:
 * @events_fd: the handoff's `events`, open for as long as the worker works
 *
 * Returns: %FALSE if somebody is clearing the handoff away this very moment: then its front is
 *   gone, and there is no request to take
 */
gboolean
baton_handoff_hold_as_worker (int events_fd)
{
  return flock (events_fd, LOCK_SH | LOCK_NB) == 0;
}

/**
 * baton_handoff_hold_is_dropped:
 * @self: a directory whose worker has not said who it is
 *
 * Returns: %TRUE if a worker has taken the request and is gone: nobody else will
 */
gboolean
baton_handoff_hold_is_dropped (BatonHandoffDir *self)
{
  baton_autofd int events = baton_handoff_dir_open_events (self, O_RDONLY, NULL);

  /* In this order: whoever takes the request holds the events already. */
  return events >= 0 && !has_request (self) && !is_held (events);
}

/**
 * baton_handoff_hold_clear:
 * @root: the roots
 * @self: a directory
 *
 * Removes what a front has left that died before it had a worker: nobody will act on it. A worker
 * whose start was asked for and is still to come finds no request, and ends.
 *
 * Returns: %TRUE if nothing is left of it; %FALSE where somebody is at it, or was
 */
gboolean
baton_handoff_hold_clear (BatonRoot *root, BatonHandoffDir *self)
{
  baton_autofd int events = baton_handoff_dir_open_events (self, O_RDONLY, NULL);
  struct stat file;

  if (events < 0 || is_held (baton_handoff_dir_get_fd (self)) ||
      flock (events, LOCK_EX | LOCK_NB) < 0 || fstat (events, &file) < 0 || file.st_size > 0)
    return FALSE;
  /* Kept until the directory is gone: a worker that comes meanwhile takes nothing. */
  baton_handoff_dir_withdraw (self);
  baton_handoff_dir_remove (root, self);

  return TRUE;
}

/**
 * baton_handoff_hold_is_free:
 * @self: a directory
 *
 * Returns: %TRUE if neither a front nor a worker is at it: nobody will act on it or read it
 */
gboolean
baton_handoff_hold_is_free (BatonHandoffDir *self)
{
  baton_autofd int events = baton_handoff_dir_open_events (self, O_RDONLY, NULL);

  /* Before there are events in it, its front may be about to hold it. */
  return events >= 0 && !is_held (baton_handoff_dir_get_fd (self)) && !is_held (events);
}
