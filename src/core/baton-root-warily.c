/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-warily.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-root-private.h"

/* References used below:
 *  LOCKS - Linux kernel/locking/mutex.c: mutex_lock() waits uninterruptibly, so that who waits
 *    does not even die of SIGKILL; do_exit() in kernel/exit.c waits for no such thread, but the
 *    process is there until its last thread has ended
 *  SAFE - signal-safety(7): what a child of a process with several threads may call; _Fork()
 *    is fork() without the handlers that may not
 */

/* A socket of packets keeps answers apart, and a whole one is there or none. */
#define MAX_HEAD_BYTES 4088

typedef struct
{
  guint32 index;
  gint32 length; /* -1 where the file could not be read */
  guint8 bytes[MAX_HEAD_BYTES];
} Answer;

#define ANSWER_HEADER offsetof (Answer, bytes)

/* One driver that hangs is to hide nothing of the others: a second child is asked for what comes
 * after its file. Where several hang, or one keeps several files, the next look gets further. */
#define MAX_CHILDREN 2

/* A child that the kernel has not given back yet, and the file that it reads. */
typedef struct
{
  /* owned */
  char *path;
  int socket;
} Waiting;

/* They are the whole program's: whoever looks again and again must not gather them. No child is
 * asked for a file that another still waits for. */
G_LOCK_DEFINE_STATIC (all_waiting);
static GSList *all_waiting;

static gssize
read_head (int fd, guint8 *bytes)
{
  gsize length = 0;

  while (length < MAX_HEAD_BYTES)
    {
      gssize n = read (fd, bytes + length, MAX_HEAD_BYTES - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      length += (gsize) n;
    }

  return (gssize) length;
}

/* Whoever the kernel keeps must keep nobody else: not the reader of our output, who waits for its
 * end, and not the lock of a handoff. */
static void
close_all_but (int one, int other)
{
  guint low = (guint) MIN (one, other);
  guint high = (guint) MAX (one, other);

  if (low > 0)
    close_range (0, low - 1, 0);
  if (high > low + 1)
    close_range (low + 1, high - 1, 0);
  close_range (high + 1, ~0U, 0);
}

/* Runs in the child: nothing here allocates or locks (SAFE). */
static void
answer_all (BatonRoot *root,
            BatonRootPart part,
            const char *const *paths,
            const gboolean *asked,
            int socket)
{
  Answer answer;

  close_all_but (baton_root_get_fd (root, part), socket);
  for (guint32 i = 0; paths[i] != NULL; i++)
    {
      gsize size = ANSWER_HEADER;
      int fd;

      if (!asked[i])
        continue;
      fd = baton_root_open_quietly (root, part, paths[i], O_RDONLY | O_NOCTTY);
      answer.index = i;
      answer.length = fd >= 0 ? (gint32) read_head (fd, answer.bytes) : -1;
      if (fd >= 0)
        close (fd);
      if (answer.length > 0)
        size += (gsize) answer.length;
      if (send (socket, &answer, size, MSG_NOSIGNAL) < 0)
        _exit (1);
    }

  _exit (0);
}

/* The child is given away at once: it may end long after us, and nobody is to wait for it. Its
 * signals are blocked, because the handlers are the parent's. */
static gboolean
start_child (BatonRoot *root,
             BatonRootPart part,
             const char *const *paths,
             const gboolean *asked,
             int *ret_fd)
{
  sigset_t every, before;
  int ends[2];
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return FALSE;

  sigfillset (&every);
  pthread_sigmask (SIG_SETMASK, &every, &before);
  pid = _Fork ();
  if (pid == 0)
    {
      if (_Fork () != 0)
        _exit (0);
      answer_all (root, part, paths, asked, ends[1]);
    }
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  close (ends[1]);
  if (pid < 0)
    {
      close (ends[0]);
      return FALSE;
    }
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
  *ret_fd = ends[0];

  return TRUE;
}

static gboolean
wait_until (int fd, gint64 deadline_us)
{
  struct pollfd one = { .fd = fd, .events = POLLIN };

  for (;;)
    {
      gint64 left_us = MAX (deadline_us - g_get_monotonic_time (), 0);
      int n = poll (&one, 1, (int) ((left_us + 999) / 1000));

      if (n > 0)
        return TRUE;
      if (n == 0 || errno != EINTR)
        return FALSE;
    }
}

/* Returns whether the child owes us something still, at the deadline. */
static gboolean
hear_answers (int fd, gboolean *asked, guint *n_asked, gint64 deadline_us, GPtrArray *heads)
{
  Answer answer;

  while (*n_asked > 0)
    {
      gssize n;

      if (!wait_until (fd, deadline_us))
        return TRUE;
      n = recv (fd, &answer, sizeof answer, MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (n < (gssize) ANSWER_HEADER || answer.index >= heads->len || !asked[answer.index])
        return FALSE; /* it has ended, killed by somebody */

      asked[answer.index] = FALSE;
      (*n_asked)--;
      if (answer.length >= 0)
        heads->pdata[answer.index] = g_bytes_new (answer.bytes, (gsize) n - ANSWER_HEADER);
    }

  return FALSE;
}

static void
free_waiting (Waiting *self)
{
  g_free (self->path);
  close (self->socket);
  g_free (self);
}

/* Hears out a child that was late, so that it can go on to its end. */
static gboolean
is_over (const Waiting *self)
{
  Answer answer;
  gssize n;

  do
    n = recv (self->socket, &answer, sizeof answer, MSG_DONTWAIT);
  while (n > 0 || (n < 0 && errno == EINTR));

  return n == 0 || errno != EAGAIN;
}

static gboolean
is_waited_for (const char *path)
{
  gboolean found = FALSE;
  GSList *next;

  G_LOCK (all_waiting);
  for (GSList *link = all_waiting; link != NULL; link = next)
    {
      Waiting *waiting = link->data;

      next = link->next;
      if (is_over (waiting))
        {
          all_waiting = g_slist_delete_link (all_waiting, link);
          free_waiting (waiting);
        }
      else if (strcmp (waiting->path, path) == 0)
        found = TRUE;
    }
  G_UNLOCK (all_waiting);

  return found;
}

/* Takes @socket over. */
static void
remember (BatonRoot *root, BatonRootPart part, const char *path, int socket)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->path = baton_root_build_path (root, part, path);
  waiting->socket = socket;
  G_LOCK (all_waiting);
  all_waiting = g_slist_prepend (all_waiting, waiting);
  G_UNLOCK (all_waiting);
}

/**
 * baton_root_read_warily:
 * @self: a root
 * @part: %BATON_ROOT_SYS or %BATON_ROOT_PROC
 * @paths: (array zero-terminated=1): paths below it
 * @timeout_ms: how long to wait for all of them together
 *
 * Reads files whose reading takes a lock of a driver's. A driver that crashed keeps it for ever,
 * and whoever reads then cannot be killed (LOCKS); a thread would do no better than we, since the
 * process could not end. So a short-lived process reads, and nothing depends on its end.
 *
 * A file that keeps an earlier reader waiting is not asked for again until that has ended.
 *
 * Returns: (transfer full) (element-type GBytes): for each of @paths the first bytes of it, some
 *   four thousand at most, or %NULL where it cannot be read or does not answer in time
 */
GPtrArray *
baton_root_read_warily (BatonRoot *self,
                        BatonRootPart part,
                        const char *const *paths,
                        guint timeout_ms)
{
  gint64 start_us = g_get_monotonic_time ();
  guint n_paths = g_strv_length ((char **) paths);
  g_autofree gboolean *asked = g_new0 (gboolean, n_paths);
  g_autoptr (GPtrArray) heads = g_ptr_array_new_full (n_paths, (GDestroyNotify) g_bytes_unref);
  guint n_asked = 0;

  g_return_val_if_fail (part == BATON_ROOT_SYS || part == BATON_ROOT_PROC, NULL);

  g_ptr_array_set_size (heads, (int) n_paths);
  for (guint i = 0; i < n_paths; i++)
    {
      g_autofree char *path = baton_root_build_path (self, part, paths[i]);

      asked[i] = !is_waited_for (path);
      n_asked += asked[i] ? 1 : 0;
    }
  if (baton_root_get_fd (self, part) < 0)
    return g_steal_pointer (&heads);

  for (gint64 child = 1; child <= MAX_CHILDREN && n_asked > 0; child++)
    {
      gint64 deadline_us = start_us + (gint64) timeout_ms * 1000 * child / MAX_CHILDREN;
      baton_autofd int fd = -1;
      guint late = 0;

      if (!start_child (self, part, paths, asked, &fd) ||
          !hear_answers (fd, asked, &n_asked, deadline_us, heads))
        break;

      /* It reads them in order, so that it sits at the first that it owes us. */
      while (!asked[late])
        late++;
      asked[late] = FALSE;
      n_asked--;
      remember (self, part, paths[late], baton_fd_steal (&fd));
    }

  return g_steal_pointer (&heads);
}
