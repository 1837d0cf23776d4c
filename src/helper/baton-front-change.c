/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front-change.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-front-start.h"
#include "baton-relay.h"

/* It reads and writes small files: what takes longer is a disk that does not answer. */
#define PATIENCE_MS 120000

typedef struct
{
  gint64 deadline_us;

  /* borrowed */
  BatonFront *front;
  const BatonFrontChange *change;
  BatonHandoffDir *dir;

  /* owned */
  BatonRelay *relay;
  int notify;
  int worker;
} Following;

static void
clear_following (Following *self)
{
  g_clear_pointer (&self->relay, baton_relay_free);
  baton_fd_clear (&self->notify);
  baton_fd_clear (&self->worker);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Following, clear_following)

static void
on_event (const BatonEvent *event, const char *line, gsize length, gpointer data)
{
  Following *self = data;

  baton_event_writer_relay (self->front->writer, line, (gssize) length);
}

/* The watch is set before the first read, so that no line falls between them. */
static gboolean
open_events (Following *self, GError **error)
{
  g_autofree char *path = baton_handoff_dir_dup_events_path (self->dir);
  g_autofree char *whole = baton_root_build_path (self->front->root, BATON_ROOT_RUN, path);
  int fd = baton_handoff_dir_open_events (self->dir, O_RDONLY, error);

  if (fd < 0)
    return FALSE;
  self->relay = baton_relay_new (fd, on_event, self);
  self->notify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->notify >= 0 && inotify_add_watch (self->notify, whole, IN_MODIFY) >= 0)
    return TRUE;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "what it says cannot be watched: %s", g_strerror (errno));
  return FALSE;
}

static gboolean
has_result (Following *self, int *ret_exit)
{
  baton_relay_pump (self->relay);

  return baton_relay_has_result (self->relay, ret_exit);
}

/* Waits once. Returns: %FALSE if the program that changes the settings has ended, or takes too long */
static gboolean
wait_once (Following *self)
{
  char noted[4096] __attribute__ ((aligned (8)));
  struct pollfd polls[] = { { self->notify, POLLIN, 0 }, { self->worker, POLLIN, 0 } };
  gint64 left_ms = (self->deadline_us - g_get_monotonic_time ()) / 1000 + 1;
  int n_ready = poll (polls, G_N_ELEMENTS (polls), (int) MAX (left_ms, 0));

  if (n_ready == 0)
    return FALSE;
  while (read (self->notify, noted, sizeof noted) > 0)
    ;
  /* Where systemd does not say who it is, its own first line does. */
  if (self->worker < 0 && !has_result (self, NULL))
    {
      self->worker = baton_relay_open_worker (self->relay, self->front->root);
      return self->worker >= 0 || errno == 0;
    }

  return polls[1].revents == 0;
}

static int
end_not_begun (BatonFront *front, const BatonFrontChange *change, const char *reason)
{
  return baton_front_end (front, BATON_EXIT_ERROR, change->not_begun, "reason", reason);
}

/* @worker: what baton_front_start_settings() knows of it */
static int
follow (Following *self, int worker)
{
  int exit_status = BATON_EXIT_ERROR;

  self->worker = worker >= 0 ? worker : -1;
  self->deadline_us =
      g_get_monotonic_time () +
      (gint64) (self->change->patience_ms > 0 ? self->change->patience_ms : PATIENCE_MS) * 1000;
  while (worker != BATON_FRONT_WORKER_ENDED && !has_result (self, NULL) && wait_once (self))
    ;

  if (has_result (self, &exit_status))
    return exit_status;
  if (baton_handoff_dir_withdraw (self->dir))
    return end_not_begun (self->front, self->change, "its program ended before it began");

  return baton_front_end (self->front, BATON_EXIT_ERROR, self->change->cut_off, NULL, NULL);
}

static int
carry_out (BatonFront *self, const BatonFrontChange *change, BatonHandoffDir *dir)
{
  g_autoptr (GError) error = NULL;
  g_auto (Following)
      following = { .front = self, .change = change, .dir = dir, .notify = -1, .worker = -1 };
  int worker = BATON_FRONT_WORKER_UNKNOWN;

  if (!open_events (&following, &error))
    return end_not_begun (self, change, error->message);

  /* A start that could not be seen to succeed may have succeeded: only a request that could be
   * taken back is one that nobody carries out. */
  if (!change->start (self->root, baton_handoff_dir_get_id (dir), &worker, &error) &&
      baton_handoff_dir_withdraw (dir))
    return end_not_begun (self, change, error->message);

  return follow (&following, worker);
}

/**
 * baton_front_carry_out_change:
 * @self: the front
 * @change: who changes it, and how it is said that nobody did
 * @order: what is to be changed, as it is left for whoever does
 *
 * Has files changed by a unit that PID 1 starts, and passes on what it says.
 *
 * Returns: the exit status
 */
int
baton_front_carry_out_change (BatonFront *self,
                              const BatonFrontChange *change,
                              const char *order)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonHandoffDir) dir = NULL;
  int status;

  /* It goes on whatever becomes of this program, and whoever reads the result is not to be left
   * without. */
  signal (SIGTERM, SIG_IGN);
  signal (SIGHUP, SIG_IGN);
  baton_handoff_dir_prune_settings (self->root);
  dir = baton_handoff_dir_new_for_settings (self->root, order, &error);
  if (dir == NULL)
    return end_not_begun (self, change, error->message);

  status = carry_out (self, change, dir);
  baton_handoff_dir_remove (self->root, dir);

  return status;
}
