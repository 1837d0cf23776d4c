/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-application.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handoff-dir.h"
#include "baton-process.h"
#include "baton-state-file.h"

/* What it holds: the handoff, which is what readers want, and in a second line the process that
 * took it, `PID START`. */
#define LOCK_NAME "lock"
#define MAX_OWNER_BYTES 128

struct _BatonLock
{
  /* owned */
  int fd;
};

static void
set_lock_error (GError **error, const char *what, int errsv)
{
  g_autofree char *path =
      baton_root_dup_shown_path (BATON_ROOT_RUN, BATON_RUN_DIRECTORY "/" LOCK_NAME);

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
               "could not %s the lock '%s': %s", what, path, g_strerror (errsv));
}

static char *
read_owner (int fd)
{
  char text[MAX_OWNER_BYTES + 1] = { 0 };

  if (pread (fd, text, MAX_OWNER_BYTES, 0) < 0)
    return NULL;
  text[strcspn (text, "\n")] = '\0';

  return g_strdup (text);
}

static int
open_lock (BatonRoot *root, GError **error)
{
  baton_autofd int dir =
      baton_state_open_directory (root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY, TRUE, error);
  int fd;

  if (dir < 0)
    return -1;
  fd = openat (dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (fd < 0)
    set_lock_error (error, "open", errno);

  return fd;
}

static BatonLock *
lock_new (BatonRoot *root, int *fd, const char *handoff, GError **error)
{
  g_autoptr (BatonProcess) process = baton_process_new (root, getpid (), NULL);
  g_autofree char *line = g_strdup_printf (
      "%s\n%d %s\n", handoff, getpid (),
      process != NULL && process->start_time != NULL ? process->start_time : "0");
  BatonLock *self;

  if (ftruncate (*fd, 0) < 0 || pwrite (*fd, line, strlen (line), 0) < 0)
    {
      set_lock_error (error, "write to", errno);
      return NULL;
    }
  self = g_new0 (BatonLock, 1);
  self->fd = baton_fd_steal (fd);

  return self;
}

/**
 * baton_lock_take:
 * @root: the roots
 * @handoff: who takes it; written into it for others to read
 * @ret_owner: (out) (optional): where it is held already, who wrote himself into it
 * @error: return location for an error
 *
 * Never waits. The kernel drops the lock with the last process that has it
 * open, so one that was left by a dead process is free, and one whose holder
 * is frozen or stuck is not.
 *
 * Fails with %BATON_ERROR_BUSY where somebody holds it. It is made for root
 * alone: whoever can open a file can lock it.
 *
 * Returns: (transfer full): the lock, or %NULL
 */
BatonLock *
baton_lock_take (BatonRoot *root, const char *handoff, char **ret_owner, GError **error)
{
  baton_autofd int fd = open_lock (root, error);

  if (fd < 0)
    return NULL;
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      int errsv = errno;

      if (errsv == EWOULDBLOCK && ret_owner != NULL)
        *ret_owner = read_owner (fd);
      set_lock_error (error, "take", errsv);
      return NULL;
    }

  return lock_new (root, &fd, handoff, error);
}

static void
on_alarm (int number)
{
  /* Only there to interrupt flock(). */
}

/**
 * baton_lock_wait:
 * @root: the roots
 * @handoff: who takes it
 * @wait_s: how long to wait for it
 * @error: return location for an error
 *
 * For recovery alone: a worker that was killed leaves the lock to the child
 * that makes its last write, mostly for a few milliseconds.
 *
 * Returns: (transfer full): the lock, or %NULL
 */
BatonLock *
baton_lock_wait (BatonRoot *root, const char *handoff, guint wait_s, GError **error)
{
  struct sigaction interrupt = { .sa_handler = on_alarm };
  struct sigaction before;
  baton_autofd int fd = open_lock (root, error);
  int result, errsv;

  if (fd < 0)
    return NULL;
  sigaction (SIGALRM, &interrupt, &before);
  alarm (wait_s);
  result = flock (fd, LOCK_EX);
  errsv = errno;
  alarm (0);
  sigaction (SIGALRM, &before, NULL);
  if (result < 0)
    {
      set_lock_error (error, "take", errsv == EINTR ? EWOULDBLOCK : errsv);
      return NULL;
    }

  return lock_new (root, &fd, handoff, error);
}

/* The lock belongs to the open file, which parent and child share: what the child is granted the
 * parent has (flock(2)). Its only call can be interrupted, so that it may be killed at any time. */
static void
wait_in_child (int fd, pid_t parent)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (1);
  while (flock (fd, LOCK_EX) < 0)
    if (errno != EINTR)
      _exit (1);
  _exit (0);
}

/* Returns: whether the child was granted the lock */
static gboolean
wait_for_child (pid_t pid, BatonWaiter *waiter)
{
  baton_autofd int pidfd = pidfd_open (pid, 0);
  int status = 0;

  if (pidfd < 0 ||
      baton_waiter_wait (waiter, pidfd, BATON_WAIT_FOR_EVER, TRUE) != BATON_WAIT_READY)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;

  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

/**
 * baton_lock_await:
 * @root: the roots
 * @handoff: who takes it
 * @waiter: what waits
 * @error: return location for an error
 *
 * Waits for the lock as long as others work, without asking again and again.
 *
 * Fails with %BATON_ERROR_BUSY where somebody asked to stop before it was free.
 *
 * Returns: (transfer full): the lock, or %NULL
 */
BatonLock *
baton_lock_await (BatonRoot *root, const char *handoff, BatonWaiter *waiter, GError **error)
{
  baton_autofd int fd = open_lock (root, error);
  pid_t parent = getpid ();
  pid_t pid;

  if (fd < 0)
    return NULL;
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return lock_new (root, &fd, handoff, error);

  pid = fork ();
  if (pid == 0)
    wait_in_child (fd, parent);
  if (pid < 0 || !wait_for_child (pid, waiter))
    {
      set_lock_error (error, "wait for", pid < 0 ? errno : EWOULDBLOCK);
      return NULL;
    }

  return lock_new (root, &fd, handoff, error);
}

/**
 * baton_lock_read_handoff:
 * @root: the roots
 *
 * Returns: (transfer full) (nullable): the handoff that is named in the lock, which may have ended
 */
char *
baton_lock_read_handoff (BatonRoot *root)
{
  g_autofree char *id =
      baton_root_read_line (root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY "/" LOCK_NAME, NULL);

  return id != NULL && baton_handoff_id_is_valid (id) ? g_steal_pointer (&id) : NULL;
}

/**
 * baton_lock_is_taker_alive:
 * @root: the roots
 *
 * For who finds the lock held: whoever took it may be at work, or be gone and
 * have left it to a child that is stuck in the kernel. It need not be the
 * worker of the handoff that is named in it: recovery takes it in its name.
 *
 * Returns: %TRUE if the process that took it last still runs
 */
gboolean
baton_lock_is_taker_alive (BatonRoot *root)
{
  g_autofree char *text = baton_root_read_file (
      root, BATON_ROOT_RUN, BATON_RUN_DIRECTORY "/" LOCK_NAME, MAX_OWNER_BYTES, NULL, NULL);
  const char *line = text != NULL ? strchr (text, '\n') : NULL;
  char *start_time = NULL;
  gint64 pid = line != NULL ? g_ascii_strtoll (line + 1, &start_time, 10) : 0;

  if (pid <= 0 || pid > G_MAXINT32 || *start_time != ' ')
    return FALSE;
  g_strchomp (++start_time);

  return baton_application_is_process (root, (int) pid, start_time);
}

/**
 * baton_lock_release:
 * @self: a lock
 *
 * Lets the lock go, and with it the name in it.
 */
void
baton_lock_release (BatonLock *self)
{
  /* A name that stays is harmless: readers ask for the lock, not for the name. */
  if (ftruncate (self->fd, 0) < 0)
    g_debug ("could not empty the lock: %s, ignoring", g_strerror (errno));
  baton_lock_leave (self);
}

/**
 * baton_lock_leave:
 * @self: a lock
 *
 * Closes our own descriptor and leaves the lock, with the name in it, to a
 * child that is stuck in the kernel.
 */
void
baton_lock_leave (BatonLock *self)
{
  baton_fd_clear (&self->fd);
  g_free (self);
}
