/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-root-private.h"

/* References used below:
 *  SAFE - signal-safety(7): what a child of a process with several threads may call; _Fork()
 *    is fork() without the handlers that may not
 *  CONFIG - Linux drivers/pci/pci-sysfs.c, pci_read_config(): what comes after the header of a
 *    configuration space is for root alone, because some devices lock up where nothing is defined
 */

/* A request is one packet too: the part, then an index and a path with its end, again and again. */
#define MAX_REQUEST_BYTES 32768

#define ANSWER_HEADER offsetof (BatonRootAnswer, bytes)

/* Nobody needs more of it than everybody may read (CONFIG). */
#define CONFIG_NAME "/config"
#define CONFIG_HEAD_BYTES 64

struct _BatonRootReader
{
  pid_t owner;

  /* owned */
  int socket;
};

static gssize
read_head (int fd, guint8 *bytes, gsize max)
{
  gsize length = 0;

  while (length < max)
    {
      gssize n = read (fd, bytes + length, max - length);

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
close_all_but (int *kept, guint n_kept)
{
  guint from = 0;

  for (guint i = 1; i < n_kept; i++)
    for (guint j = i; j > 0 && kept[j] < kept[j - 1]; j--)
      {
        int higher = kept[j - 1];

        kept[j - 1] = kept[j];
        kept[j] = higher;
      }
  for (guint i = 0; i < n_kept; i++)
    {
      if (kept[i] < 0)
        continue;
      if ((guint) kept[i] > from)
        close_range (from, (guint) kept[i] - 1, 0);
      from = (guint) kept[i] + 1;
    }
  close_range (from, ~0U, 0);
}

/* Nobody asks or listens any more where the socket has ended or its owner has: others whom the
 * owner forked off may hold the socket's other end for longer than it lives. */
static gboolean
wait_for (int socket, short events, int owner)
{
  struct pollfd both[] = { { .fd = socket, .events = events },
                           { .fd = owner, .events = POLLIN } };

  while (poll (both, G_N_ELEMENTS (both), -1) < 0)
    {
      if (errno != EINTR)
        return FALSE;
    }

  return both[1].revents == 0;
}

static gsize
get_max_bytes (const char *path)
{
  gsize length = strlen (path);
  gsize name_length = strlen (CONFIG_NAME);

  return length >= name_length && strcmp (path + length - name_length, CONFIG_NAME) == 0
             ? CONFIG_HEAD_BYTES
             : BATON_ROOT_READER_HEAD_BYTES;
}

static void
answer_one (
    BatonRoot *root, BatonRootPart part, guint32 index, const char *path, int socket, int owner)
{
  BatonRootAnswer answer;
  gsize size = ANSWER_HEADER;
  int fd = baton_root_open_quietly (root, part, path, O_RDONLY | O_NOCTTY);

  answer.index = index;
  answer.length = fd >= 0 ? (gint32) read_head (fd, answer.bytes, get_max_bytes (path)) : -1;
  if (fd >= 0)
    close (fd);
  if (answer.length > 0)
    size += (gsize) answer.length;
  if (!wait_for (socket, POLLOUT, owner) || send (socket, &answer, size, MSG_NOSIGNAL) < 0)
    _exit (1);
}

static void
answer_all (BatonRoot *root, const char *request, gsize length, int socket, int owner)
{
  guint32 part;
  gsize at = sizeof part;

  memcpy (&part, request, sizeof part);
  while (at + sizeof (guint32) < length)
    {
      guint32 index;

      memcpy (&index, request + at, sizeof index);
      at += sizeof index;
      answer_one (root, part, index, request + at, socket, owner);
      at += strlen (request + at) + 1;
    }
}

/* Runs in the child: nothing here allocates or locks (SAFE). */
static void
serve (BatonRoot *root, int socket, int owner)
{
  static char request[MAX_REQUEST_BYTES];
  int kept[] = { baton_root_get_fd (root, BATON_ROOT_SYS),
                 baton_root_get_fd (root, BATON_ROOT_PROC), socket, owner };

  close_all_but (kept, G_N_ELEMENTS (kept));
  while (wait_for (socket, POLLIN, owner))
    {
      gssize n = recv (socket, request, sizeof request, 0);

      if (n <= 0)
        break;
      answer_all (root, request, (gsize) n, socket, owner);
    }

  _exit (0);
}

/**
 * baton_root_reader_new:
 * @root: a root
 *
 * Starts a process that reads files of @root's sysfs and procfs for us. It is given away at once:
 * it may end long after us, and nobody is to wait for it. It ends by itself when it is freed or
 * its owner ends, unless the kernel keeps it. Its signals are blocked, because the handlers are
 * the owner's.
 *
 * It has the rights that its owner has now: whoever gives rights up has to free it first.
 *
 * Returns: (transfer full) (nullable): the reader, or %NULL where no process could be started
 */
BatonRootReader *
baton_root_reader_new (BatonRoot *root)
{
  baton_autofd int owner = -1;
  BatonRootReader *self;
  sigset_t every, before;
  int ends[2];
  pid_t pid;

  owner = pidfd_open (getpid (), 0);
  if (owner < 0 || socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return NULL;

  sigfillset (&every);
  pthread_sigmask (SIG_SETMASK, &every, &before);
  pid = _Fork ();
  if (pid == 0)
    {
      if (_Fork () != 0)
        _exit (0);
      serve (root, ends[1], owner);
    }
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  close (ends[1]);
  if (pid < 0)
    {
      close (ends[0]);
      return NULL;
    }
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;

  self = g_new0 (BatonRootReader, 1);
  self->owner = getpid ();
  self->socket = ends[0];

  return self;
}

/**
 * baton_root_reader_free:
 * @self: a reader
 *
 * Lets it end, also where a child that hangs in a driver has a copy of the socket. A copy of
 * @self that was forked off leaves it to its owner.
 */
void
baton_root_reader_free (BatonRootReader *self)
{
  if (baton_root_reader_is_ours (self))
    shutdown (self->socket, SHUT_RDWR);
  baton_fd_clear (&self->socket);
  g_free (self);
}

/**
 * baton_root_reader_is_ours:
 * @self: a reader
 *
 * Returns: whether this process has started it. A child that was forked off has a copy, and would
 *   hear its parent's answers.
 */
gboolean
baton_root_reader_is_ours (BatonRootReader *self)
{
  return self->owner == getpid ();
}

/**
 * baton_root_reader_ask:
 * @self: a reader that owes us nothing
 * @part: %BATON_ROOT_SYS or %BATON_ROOT_PROC
 * @paths: (array zero-terminated=1): paths below it
 * @asked: which of @paths are wanted, one for each of them
 *
 * Asks for the first of them, as many as one request holds. They are read in order.
 *
 * Returns: how many, or 0 where the reader has ended
 */
guint
baton_root_reader_ask (BatonRootReader *self,
                       BatonRootPart part,
                       const char *const *paths,
                       const gboolean *asked)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  guint32 number = part;
  guint n = 0;

  g_byte_array_append (request, (const guint8 *) &number, sizeof number);
  for (guint32 i = 0; paths[i] != NULL; i++)
    {
      gsize size = strlen (paths[i]) + 1;

      if (!asked[i])
        continue;
      if (request->len + sizeof i + size > MAX_REQUEST_BYTES)
        break;
      g_byte_array_append (request, (const guint8 *) &i, sizeof i);
      g_byte_array_append (request, (const guint8 *) paths[i], (guint) size);
      n++;
    }

  return send (self->socket, request->data, request->len, MSG_NOSIGNAL) >= 0 ? n : 0;
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

/**
 * baton_root_reader_hear:
 * @self: a reader
 * @deadline_us: until when to wait, of the monotonic clock
 * @ret_answer: (out): the next answer
 *
 * Returns: what came
 */
BatonRootHeard
baton_root_reader_hear (BatonRootReader *self, gint64 deadline_us, BatonRootAnswer *ret_answer)
{
  gssize n;

  do
    {
      if (!wait_until (self->socket, deadline_us))
        return BATON_ROOT_HEARD_LATE;
      n = recv (self->socket, ret_answer, sizeof *ret_answer, MSG_DONTWAIT);
    }
  while (n < 0 && (errno == EINTR || errno == EAGAIN));

  if (n < (gssize) ANSWER_HEADER || n != (gssize) ANSWER_HEADER + MAX (ret_answer->length, 0))
    return BATON_ROOT_HEARD_END;

  return BATON_ROOT_HEARD;
}

/**
 * baton_root_reader_ask_no_more:
 * @self: a reader that owes us answers
 *
 * Lets it end after those that it owes.
 */
void
baton_root_reader_ask_no_more (BatonRootReader *self)
{
  shutdown (self->socket, SHUT_WR);
}
