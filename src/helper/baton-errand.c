/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-errand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-text.h"

/* An answer is one packet: this byte, or the reason why not. */
#define GRANTED '+'

#define MAX_ANSWER_BYTES 512

/* The worker is the last that the kernel ends where memory is short. An errand takes in what others
 * send, and must not have them ended in its place. */
#define OOM_FILE "self/oom_score_adj"
#define OOM_USUAL "0"

/* The child has this one descriptor beside its standard ones. */
#define CHILD_SOCKET 3

struct _BatonErrand
{
  BatonWaiter *waiter; /* borrowed */
  pid_t pid;

  /* owned */
  int socket;
};

typedef union
{
  struct cmsghdr header;
  char bytes[CMSG_SPACE (sizeof (int))];
} Ancillary;

static void
be_mortal (BatonRoot *root)
{
  baton_autofd int fd = baton_root_open (root, BATON_ROOT_PROC, OOM_FILE, O_WRONLY, NULL);

  if (fd >= 0 && write (fd, OOM_USUAL, strlen (OOM_USUAL)) < 0)
    g_debug ("could not write '%s': %s, ignoring", OOM_FILE, g_strerror (errno));
}

/* Neither the lock nor the journal nor an inhibitor goes on an errand. */
static void
be_the_child (
    BatonRoot *root, BatonErrandFunc func, gpointer func_data, int socket, pid_t sender)
{
  sigset_t none;

  baton_errand_end_with (sender);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  be_mortal (root);
  if (socket != CHILD_SOCKET && dup2 (socket, CHILD_SOCKET) < 0)
    _exit (1);
  close_range (CHILD_SOCKET + 1, ~0U, 0);
  func (CHILD_SOCKET, func_data);
  _exit (0);
}

/**
 * baton_errand_new:
 * @root: the roots
 * @waiter: what waits
 * @func: what the child does
 * @func_data: for @func
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): an errand that is under way; freeing it ends it
 */
BatonErrand *
baton_errand_new (BatonRoot *root,
                  BatonWaiter *waiter,
                  BatonErrandFunc func,
                  gpointer func_data,
                  GError **error)
{
  int ends[2];
  BatonErrand *self;
  pid_t sender = getpid ();
  int errsv;
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "could not make a socket: %s", g_strerror (errno));
      return NULL;
    }
  pid = fork ();
  if (pid == 0)
    be_the_child (root, func, func_data, ends[1], sender);
  errsv = errno;
  close (ends[1]);
  if (pid < 0)
    {
      close (ends[0]);
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   "could not start another process: %s", g_strerror (errsv));
      return NULL;
    }

  self = g_new0 (BatonErrand, 1);
  self->waiter = waiter;
  self->pid = pid;
  self->socket = ends[0];
  /* So that an errand that stays sees the end of whoever sent it. */
  baton_waiter_keep_from_children (waiter, self->socket);

  return self;
}

/**
 * baton_errand_free:
 * @self: an errand
 *
 * Ends the child, whatever it does.
 */
void
baton_errand_free (BatonErrand *self)
{
  kill (self->pid, SIGKILL);
  while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  baton_waiter_forget (self->waiter, self->socket);
  baton_fd_clear (&self->socket);
  g_free (self);
}

/**
 * baton_errand_await:
 * @self: an errand
 * @deadline_us: in g_get_monotonic_time()
 * @cancellable: come back when somebody asks to stop
 *
 * Waits until there is something to hear.
 *
 * Returns: why it came back
 */
BatonWait
baton_errand_await (BatonErrand *self, gint64 deadline_us, gboolean cancellable)
{
  return baton_waiter_wait (self->waiter, self->socket, deadline_us, cancellable);
}

/**
 * baton_errand_recall:
 * @self: an errand
 *
 * Lets the child know, by the end of what it could read, that it is to come back: what it then says
 * is still heard.
 */
void
baton_errand_recall (BatonErrand *self)
{
  shutdown (self->socket, SHUT_WR);
}

static int
take_fd (struct msghdr *message)
{
  struct cmsghdr *header = CMSG_FIRSTHDR (message);
  int fd = -1;

  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN (sizeof fd))
    memcpy (&fd, CMSG_DATA (header), sizeof fd);

  return fd;
}

/**
 * baton_errand_hear:
 * @self: an errand
 * @deadline_us: in g_get_monotonic_time()
 * @ret_fd: (out) (optional): the descriptor that came with the answer, or -1
 * @error: return location for an error
 *
 * Waits for the answer. Somebody who asks to stop is not heard meanwhile: the deadline is short, or
 * baton_errand_await() has gone before.
 *
 * Returns: %TRUE if it was granted
 */
gboolean
baton_errand_hear (BatonErrand *self, gint64 deadline_us, int *ret_fd, GError **error)
{
  char answer[MAX_ANSWER_BYTES];
  Ancillary ancillary;
  struct iovec part = { .iov_base = answer, .iov_len = sizeof answer };
  struct msghdr message = {
    .msg_iov = &part,
    .msg_iovlen = 1,
    .msg_control = ret_fd != NULL ? &ancillary : NULL,
    .msg_controllen = ret_fd != NULL ? sizeof ancillary : 0,
  };
  g_autofree char *reason = NULL;
  baton_autofd int fd = -1;
  gssize n;

  if (baton_waiter_wait (self->waiter, self->socket, deadline_us, FALSE) != BATON_WAIT_READY)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "there was no answer in time");
      return FALSE;
    }
  n = recvmsg (self->socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n > 0)
    fd = take_fd (&message);
  if (n > 0 && answer[0] == GRANTED)
    {
      if (ret_fd != NULL)
        *ret_fd = baton_fd_steal (&fd);
      return TRUE;
    }

  reason = n > 0 ? baton_text_clean (answer, n, sizeof answer, NULL, NULL)
                 : g_strdup ("whoever was sent to ask did not come back");
  g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "%s", reason);

  return FALSE;
}

/**
 * baton_errand_end_with:
 * @sender: the process that sent it
 *
 * In the child: has the kernel end it with whoever sent it, so that a bus that does not answer
 * keeps nobody whom systemd was told to leave alone (the worker's KillMode=process). To be called
 * again after a change of uid, which lets go of it (prctl(2), PR_SET_PDEATHSIG).
 */
void
baton_errand_end_with (pid_t sender)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != sender)
    _exit (1);
}

/**
 * baton_errand_answer:
 * @socket: where the child answers
 * @fd: a descriptor that goes with the answer, or -1
 * @error: (nullable): why it was not granted
 *
 * In the child: says what it came to.
 */
void
baton_errand_answer (int socket, int fd, const GError *error)
{
  char granted[] = { GRANTED };
  Ancillary ancillary = { 0 };
  struct iovec part = { .iov_base = granted, .iov_len = sizeof granted };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

  if (error != NULL)
    {
      part.iov_base = error->message;
      part.iov_len = MIN (strlen (error->message), MAX_ANSWER_BYTES);
    }
  else if (fd >= 0)
    {
      message.msg_control = &ancillary;
      message.msg_controllen = sizeof ancillary;
      ancillary.header.cmsg_level = SOL_SOCKET;
      ancillary.header.cmsg_type = SCM_RIGHTS;
      ancillary.header.cmsg_len = CMSG_LEN (sizeof fd);
      memcpy (CMSG_DATA (&ancillary.header), &fd, sizeof fd);
    }
  if (sendmsg (socket, &message, MSG_NOSIGNAL) < 0)
    _exit (1);
}

/**
 * baton_errand_stay:
 * @socket: where the child has answered
 *
 * In the child: returns when whoever sent it has no more need of it, or is gone.
 */
void
baton_errand_stay (int socket)
{
  struct pollfd end = { .fd = socket, .events = POLLIN };

  while (poll (&end, 1, -1) < 0 && errno == EINTR)
    ;
}
