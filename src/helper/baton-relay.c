/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-relay.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-front-lines.h"
#include "baton-process.h"

struct _BatonRelay
{
  BatonRelayFunc func;
  gpointer data;
  int worker_pid;
  int exit_status;
  gboolean has_result;

  /* owned */
  int fd;
  BatonLines *lines;
  char *worker_start;
};

/**
 * baton_relay_new:
 * @events_fd: (transfer full): the file, open for reading
 * @func: called for each event, in order; not for the line that only names the worker
 * @data: passed to @func
 *
 * Returns: (transfer full): a relay that has read nothing yet
 */
BatonRelay *
baton_relay_new (int events_fd, BatonRelayFunc func, gpointer data)
{
  BatonRelay *self = g_new0 (BatonRelay, 1);

  self->fd = events_fd;
  self->func = func;
  self->data = data;
  self->lines = baton_lines_new (BATON_MAX_LINE_IN);

  return self;
}

/**
 * baton_relay_free:
 * @self: (nullable): a relay
 */
void
baton_relay_free (BatonRelay *self)
{
  if (self == NULL)
    return;

  baton_fd_clear (&self->fd);
  baton_lines_free (self->lines);
  g_free (self->worker_start);
  g_free (self);
}

static void
handle_line (BatonRelay *self, const char *line, gsize length)
{
  g_autoptr (BatonEvent) event = baton_event_parse (line, (gssize) length, NULL);

  /* Half a line, where the disk was full for a moment: the next one is whole. */
  if (event == NULL)
    return;

  if (g_str_equal (event->type, "worker"))
    {
      self->worker_pid =
          (int) json_object_get_int_member_with_default (event->object, "pid", 0);
      g_free (self->worker_start);
      self->worker_start = g_strdup (
          json_object_get_string_member_with_default (event->object, "start_time", ""));
      return;
    }

  if (g_str_equal (event->type, "result"))
    {
      self->has_result = TRUE;
      self->exit_status = (int) json_object_get_int_member_with_default (event->object, "exit",
                                                                         BATON_EXIT_ERROR);
    }

  self->func (event, line, length, self->data);
}

/**
 * baton_relay_pump:
 * @self: a relay
 *
 * Hands on everything that has been appended, up to the result and no further.
 *
 * Returns: how many events there were
 */
guint
baton_relay_pump (BatonRelay *self)
{
  guint n_lines = 0;

  while (!self->has_result && baton_lines_read (self->lines, self->fd) > 0)
    {
      const char *line = NULL;
      gsize length = 0;

      while (!self->has_result && (line = baton_lines_next (self->lines, &length)) != NULL)
        {
          handle_line (self, line, length);
          n_lines++;
        }
    }

  return n_lines;
}

/**
 * baton_relay_open_worker:
 * @self: a relay
 * @root: the roots
 *
 * Opens the worker by the pid in the file's first line. The start time is compared after that, so
 * that another process to which the pid was given meanwhile is not taken for it.
 *
 * Returns: a pidfd that the caller closes; -1 with errno 0 where the worker has not said its pid,
 *   and with another errno where it cannot be had, as with ESRCH after its end
 */
int
baton_relay_open_worker (BatonRelay *self, BatonRoot *root)
{
  g_autoptr (BatonProcess) process = NULL;
  baton_autofd int fd = -1;

  if (self->worker_pid <= 0)
    {
      errno = 0;
      return -1;
    }

  /* A pidfd is closed on exec (pidfd_open(2)). */
  fd = (int) syscall (SYS_pidfd_open, self->worker_pid, 0);
  if (fd < 0)
    return -1;

  process = baton_process_new (root, self->worker_pid, NULL);
  if (process != NULL && g_strcmp0 (process->start_time, self->worker_start) != 0)
    {
      errno = ESRCH;
      return -1;
    }

  return baton_fd_steal (&fd);
}

/**
 * baton_relay_has_result:
 * @self: a relay
 * @ret_exit: (out) (optional): its exit status
 *
 * Returns: whether the result has been handed on
 */
gboolean
baton_relay_has_result (BatonRelay *self, int *ret_exit)
{
  if (self->has_result && ret_exit != NULL)
    *ret_exit = self->exit_status;

  return self->has_result;
}
