/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "baton-command.h"
#include "baton-fd.h"
#include "baton-front-lines.h"
#include "baton-front-start.h"
#include "baton-handoff-dir.h"
#include "baton-json.h"
#include "baton-plan.h"
#include "baton-relay.h"

/* From the start of its unit to the worker's first line, which needs nothing but the disk. */
#define FIRST_LINE_MS 60000

/* What a recovery may be silent for: its longest step has a deadline of two minutes. */
#define RECOVERY_MS 180000

typedef struct
{
  BatonFront *front;
  gint64 deadline_us;
  gboolean cancel_asked;
  gboolean complained;
  gboolean detached;
  gboolean waits; /* the worker does, and the caller does not */

  /* borrowed */
  BatonHandoffDir *dir;

  /* owned */
  BatonRelay *relay;
  BatonLines *commands;
  int commands_fd;
  int events_notify;
  int signals;
  int worker;
  gboolean worker_named;
  gboolean worker_ended;
  gboolean given_up;
} Follow;

static void
clear_follow (Follow *self)
{
  g_clear_pointer (&self->relay, baton_relay_free);
  g_clear_pointer (&self->commands, baton_lines_free);
  baton_fd_clear (&self->events_notify);
  baton_fd_clear (&self->signals);
  baton_fd_clear (&self->worker);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Follow, clear_follow)

static void
set_deadline (Follow *self, guint ms)
{
  self->deadline_us = g_get_monotonic_time () + (gint64) ms * 1000;
}

/* The lock is free again then, and all that is to be known is in the report. */
static gboolean
is_wait (const BatonEvent *event)
{
  const char *id = baton_json_get_string (event->object, "id");
  const char *kind = baton_step_kind_to_string (BATON_STEP_WAIT_GUEST);

  return g_str_equal (event->type, "step") && id != NULL && g_str_has_prefix (id, kind) &&
         id[strlen (kind)] == ':' &&
         g_strcmp0 (baton_json_get_string (event->object, "state"), "start") == 0;
}

static void
on_event (const BatonEvent *event, const char *line, gsize length, gpointer data)
{
  Follow *self = data;

  if (self->front->leaves_wait && is_wait (event))
    self->waits = TRUE;
  /* The caller has had a hello, from us. */
  if (!g_str_equal (event->type, "hello"))
    baton_event_writer_relay (self->front->writer, line, (gssize) length);
}

/* The watch is set before the first read, so that no line falls between them. */
static gboolean
open_events (Follow *self, GError **error)
{
  g_autofree char *path = NULL;
  int fd = baton_handoff_dir_open_events (self->dir, O_RDONLY, error);

  if (fd < 0)
    return FALSE;

  self->relay = baton_relay_new (fd, on_event, self);
  path = baton_handoff_dir_dup_events_path (self->dir);
  self->events_notify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->events_notify >= 0)
    {
      g_autofree char *whole = baton_root_build_path (self->front->root, BATON_ROOT_RUN, path);

      if (inotify_add_watch (self->events_notify, whole, IN_MODIFY) >= 0)
        return TRUE;
    }

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "the handoff's events cannot be watched: %s", g_strerror (errno));
  return FALSE;
}

/* TERM and HUP only end this program: the handoff is not in its hands. */
static gboolean
open_signals (Follow *self, GError **error)
{
  sigset_t ends;

  sigemptyset (&ends);
  sigaddset (&ends, SIGTERM);
  sigaddset (&ends, SIGHUP);
  sigprocmask (SIG_BLOCK, &ends, NULL);
  self->signals = signalfd (-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self->signals >= 0)
    return TRUE;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "signals cannot be waited for: %s", g_strerror (errno));
  return FALSE;
}

static void
complain_once (Follow *self)
{
  if (!self->complained)
    baton_event_writer_log (self->front->writer, "warning",
                            "A line of input was not understood and is ignored, and so will be "
                            "all others like it.");
  self->complained = TRUE;
}

static void
ask_cancel (Follow *self)
{
  g_autoptr (GError) error = NULL;

  if (self->cancel_asked)
    return;

  self->cancel_asked = baton_handoff_dir_ask_cancel (self->dir, &error);
  if (!self->cancel_asked)
    baton_event_writer_log (self->front->writer, "warning", error->message);
}

/* The end of the input only means that no more commands come. */
static void
read_commands (Follow *self)
{
  const char *line = NULL;
  gsize length = 0;
  guint n_dropped = baton_lines_get_n_dropped (self->commands);

  if (baton_lines_read (self->commands, self->commands_fd) <= 0)
    {
      self->commands_fd = -1;
      return;
    }

  while ((line = baton_lines_next (self->commands, &length)) != NULL)
    {
      guint commands = 0;

      if (length == 0)
        continue;
      if (!baton_command_parse (line, (gssize) length, &commands, NULL))
        complain_once (self);
      else if (commands & BATON_COMMAND_CANCEL)
        ask_cancel (self);
    }

  if (baton_lines_get_n_dropped (self->commands) > n_dropped)
    complain_once (self);
}

/* A worker that ended with its request untaken has done nothing, and nobody else will do it.
 * Otherwise systemd starts recovery when the worker's unit has failed (`OnFailure=`), and recovery
 * goes on in the same file, up to the result. */
static void
on_worker_ended (Follow *self)
{
  g_autoptr (GError) error = NULL;

  baton_fd_clear (&self->worker);
  self->worker_ended = TRUE;
  baton_relay_pump (self->relay);
  if (baton_relay_has_result (self->relay, NULL))
    return;

  self->given_up = baton_handoff_dir_give_up (self->front->root, self->dir);
  if (self->given_up)
    return;

  set_deadline (self, RECOVERY_MS);
  if (!baton_front_start_recovery (self->front->root, &error))
    baton_event_writer_log (self->front->writer, "warning", error->message);
}

static void
pump (Follow *self)
{
  char noted[4096] __attribute__ ((aligned (8)));
  int worker;

  while (read (self->events_notify, noted, sizeof noted) > 0)
    ;

  if (baton_relay_pump (self->relay) > 0 && self->worker_ended)
    set_deadline (self, RECOVERY_MS);

  if (self->worker_named || self->worker_ended || baton_relay_has_result (self->relay, NULL))
    return;

  /* Its own word goes before systemd's, whose process of the unit may be one that runs it. */
  worker = baton_relay_open_worker (self->relay, self->front->root);
  if (worker < 0 && errno != 0)
    on_worker_ended (self);
  if (worker < 0)
    return;

  baton_fd_clear (&self->worker);
  self->worker = worker;
  self->worker_named = TRUE;
  self->deadline_us = 0;
}

static int
get_timeout_ms (Follow *self)
{
  gint64 left_us = self->deadline_us - g_get_monotonic_time ();

  if (self->deadline_us == 0)
    return -1;

  return (int) MAX (0, left_us / 1000 + 1);
}

enum
{
  POLL_OUTPUT,
  POLL_COMMANDS,
  POLL_EVENTS,
  POLL_SIGNALS,
  POLL_WORKER,
  N_POLLS,
};

/* Waits once. Returns: %FALSE if there is nothing more to wait for */
static gboolean
wait_once (Follow *self)
{
  struct pollfd polls[N_POLLS] = {
    /* No event is asked for: a reader that is gone is told all the same. */
    [POLL_OUTPUT] = { STDOUT_FILENO, 0, 0 },
    [POLL_COMMANDS] = { self->commands_fd, POLLIN, 0 },
    [POLL_EVENTS] = { self->events_notify, POLLIN, 0 },
    [POLL_SIGNALS] = { self->signals, POLLIN, 0 },
    [POLL_WORKER] = { self->worker, POLLIN, 0 },
  };
  int n_ready = poll (polls, N_POLLS, get_timeout_ms (self));

  if (n_ready < 0)
    return errno == EINTR;
  if (n_ready == 0)
    return FALSE;

  if (polls[POLL_OUTPUT].revents != 0 || polls[POLL_SIGNALS].revents != 0)
    {
      self->detached = TRUE;
      return FALSE;
    }
  if (polls[POLL_COMMANDS].revents != 0)
    read_commands (self);
  if (polls[POLL_EVENTS].revents != 0)
    pump (self);
  if (polls[POLL_WORKER].revents != 0 && self->worker >= 0)
    on_worker_ended (self);

  return !self->given_up && !baton_relay_has_result (self->relay, NULL) &&
         !baton_event_writer_is_gone (self->front->writer);
}

/* @worker: what baton_front_start_worker() knows of it */
static void
begin (Follow *self, int worker)
{
  if (worker >= 0)
    self->worker = worker;
  else
    set_deadline (self, FIRST_LINE_MS);
  pump (self);
  if (worker == BATON_FRONT_WORKER_ENDED && !self->worker_ended)
    on_worker_ended (self);
}

static int
follow (Follow *self, int worker)
{
  int exit_status = BATON_EXIT_ERROR;

  begin (self, worker);
  while (!self->given_up && !self->waits && !baton_relay_has_result (self->relay, NULL) &&
         wait_once (self))
    ;

  if (baton_relay_has_result (self->relay, &exit_status))
    return exit_status;
  if (self->waits)
    return BATON_EXIT_DONE;
  if (self->given_up)
    return baton_front_end (self->front, BATON_EXIT_ERROR, BATON_CODE_WORKER_NOT_STARTED,
                            "reason", "its program ended before it began");
  if (self->detached || baton_event_writer_is_gone (self->front->writer))
    return baton_front_end (self->front, BATON_EXIT_DETACHED, BATON_CODE_DETACHED, NULL, NULL);

  return baton_front_end (self->front, BATON_EXIT_ERROR, BATON_CODE_WORKER_LOST, NULL, NULL);
}

/**
 * baton_front_carry_out:
 * @self: the front
 * @verb: what the worker is to do
 * @request: (nullable): the handoff
 *
 * Leaves an order for a worker, has it started, and shows what it writes until its result. This
 * program does none of the work, so that it may be frozen, killed or hung up on. A caller who leaves the
 * wait for a guest to the worker gets no result where it has come to that.
 *
 * Returns: the exit status
 */
int
baton_front_carry_out (BatonFront *self, const char *verb, const BatonRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonHandoffDir) dir = NULL;
  g_auto (Follow) follows = {
    .front = self,
    .commands = baton_lines_new (BATON_MAX_LINE_IN),
    .commands_fd = STDIN_FILENO,
    .events_notify = -1,
    .signals = -1,
    .worker = -1,
  };
  int worker = BATON_FRONT_WORKER_UNKNOWN;

  baton_handoff_dir_prune (self->root);
  dir = baton_handoff_dir_new (self->root, verb, request, self->caller->uid, &error);
  follows.dir = dir;
  if (dir == NULL || !open_events (&follows, &error) || !open_signals (&follows, &error))
    {
      if (dir != NULL)
        baton_handoff_dir_give_up (self->root, dir);
      return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_WORKER_NOT_STARTED, "reason",
                              error->message);
    }

  /* A start that could not be seen to succeed may have succeeded: only a request that could be
   * taken back is one that nobody carries out. */
  if (!baton_front_start_worker (self->root, baton_handoff_dir_get_id (dir), &worker, &error) &&
      baton_handoff_dir_give_up (self->root, dir))
    return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_WORKER_NOT_STARTED, "reason",
                            error->message);

  return follow (&follows, worker);
}
