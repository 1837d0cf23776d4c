/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front-start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-bus.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-recover.h"
#include "baton-systemd-job.h"
#include "baton-worker.h"

/* References used below:
 *  SD-BOOTED - sd_booted(3): the directory /run/systemd/system is there
 */

#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"
#define SYSTEMD_NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* The unit is only started here, and that is over as soon as the program runs (Type=exec). */
#define START_TIMEOUT_MS 60000

/**
 * baton_front_has_systemd:
 * @root: the roots
 *
 * Returns: whether PID 1 is systemd (SD-BOOTED)
 */
gboolean
baton_front_has_systemd (BatonRoot *root)
{
  return baton_root_exists (root, BATON_ROOT_RUN, "systemd/system");
}

static GVariant *
call (GDBusConnection *connection,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  return g_dbus_connection_call_sync (connection, BATON_SYSTEMD_NAME, path, interface, method,
                                      arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, START_TIMEOUT_MS, NULL,
                                      error);
}

/* Returns the unit's process, 0 where it has none any more, or -1 where systemd does not say. A
 * unit of ours that has ended is soon forgotten (CollectMode=). */
static int
ask_main_pid (GDBusConnection *connection, const char *unit)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) path = call (connection, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER,
                                    "GetUnit", g_variant_new ("(s)", unit), "(o)", &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *name = NULL;
  const char *object = NULL;

  if (path == NULL)
    {
      name = g_dbus_error_get_remote_error (error);
      return g_strcmp0 (name, SYSTEMD_NO_SUCH_UNIT) == 0 ? 0 : -1;
    }
  g_variant_get (path, "(&o)", &object);
  reply = call (connection, object, PROPERTIES, "Get",
                g_variant_new ("(ss)", SYSTEMD_SERVICE, "MainPID"), "(v)", NULL);
  if (reply == NULL)
    return -1;
  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32)
             ? (int) g_variant_get_uint32 (value)
             : -1;
}

/* The worker can be killed before it has written a word. systemd reaps it, so that what it still
 * calls the unit's process after that was opened has not become another one. */
static int
open_main_process (GDBusConnection *connection, const char *unit)
{
  int pid = ask_main_pid (connection, unit);
  baton_autofd int fd = pid > 0 ? (int) syscall (SYS_pidfd_open, pid, 0) : -1;

  if (pid < 0)
    return BATON_FRONT_WORKER_UNKNOWN;
  if (fd < 0 || ask_main_pid (connection, unit) != pid)
    return BATON_FRONT_WORKER_ENDED;

  return baton_fd_steal (&fd);
}

static gboolean
start_unit (BatonRoot *root, const char *unit, int *ret_worker, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) cause = NULL;
  gboolean is_started = FALSE;

  g_main_context_push_thread_default (context);
  connection = baton_bus_connect_system (root, &cause);
  if (connection != NULL)
    is_started =
        baton_systemd_job_run (connection, "StartUnit", unit, START_TIMEOUT_MS, -1, &cause);
  if (is_started)
    *ret_worker = open_main_process (connection, unit);
  g_main_context_pop_thread_default (context);
  if (!is_started)
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd could not start '%s': %s", unit,
                 cause->message);

  return is_started;
}

typedef int (*Run) (BatonRoot *root, const char *id);

/* Where PID 1 is not systemd nobody else can start it: it gets a session of its own, so that a
 * hang-up of the caller's terminal does not reach it, and another parent. */
static void
run_detached (BatonRoot *root, Run run, const char *id)
{
  int null = baton_root_open (root, BATON_ROOT_DEV, "null", O_RDWR, NULL);
  sigset_t none;

  setsid ();
  if (fork () != 0)
    _exit (0);

  signal (SIGINT, SIG_DFL);
  signal (SIGQUIT, SIG_DFL);
  signal (SIGTSTP, SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);

  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (null >= 0)
      dup2 (null, fd);

  _exit (run (root, id));
}

static gboolean
fork_detached (BatonRoot *root, Run run, const char *id, GError **error)
{
  pid_t child = fork ();

  if (child == 0)
    run_detached (root, run, id);

  if (child < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "could not start another process: %s", g_strerror (errno));
      return FALSE;
    }

  waitpid (child, NULL, 0);
  return TRUE;
}

static int
run_recovery (BatonRoot *root, const char *id)
{
  return baton_recover_run (root);
}

static gboolean
start (BatonRoot *root,
       const char *template,
       Run run,
       const char *id,
       int *ret_worker,
       GError **error)
{
  g_autofree char *unit = g_strdup_printf ("%s@%s.service", template, id);

  *ret_worker = BATON_FRONT_WORKER_UNKNOWN;
  if (baton_front_has_systemd (root))
    return start_unit (root, unit, ret_worker, error);

  return fork_detached (root, run, id, error);
}

/**
 * baton_front_start_worker:
 * @root: the roots
 * @id: the handoff, whose directory holds the request
 * @ret_worker: (out): a pidfd of the worker that the caller closes, %BATON_FRONT_WORKER_UNKNOWN or
 *   %BATON_FRONT_WORKER_ENDED
 * @error: return location for an error
 *
 * Has the worker started by PID 1, out of the reach of whoever called us: a process that pkexec
 * starts stays in its caller's control group, can be frozen and killed there, and dies with the
 * session.
 *
 * Returns: %TRUE if the worker runs, or has run
 */
gboolean
baton_front_start_worker (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-worker", baton_worker_run, id, ret_worker, error);
}

/**
 * baton_front_start_settings:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has the settings changed by PID 1 in the same way, by a unit that may write to nothing else.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_settings (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-settings", baton_worker_run_settings, id, ret_worker, error);
}

/**
 * baton_front_start_isolation:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has the desktop kept off a card, or let on it again, in the same way.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_isolation (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-isolate", baton_worker_run_isolation, id, ret_worker, error);
}

/**
 * baton_front_start_installation:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has libvirt's hook installed, or taken away, in the same way.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_installation (BatonRoot *root,
                                const char *id,
                                int *ret_worker,
                                GError **error)
{
  return start (root, "baton-install-hook", baton_worker_run_installation, id, ret_worker,
                error);
}

/**
 * baton_front_start_claim:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has a card claimed at boot, or claimed no more, in the same way.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_claim (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-claim", baton_worker_run_claim, id, ret_worker, error);
}

/**
 * baton_front_start_adoption:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has what was set up by hand moved aside, or put back, in the same way.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_adoption (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-adopt", baton_worker_run_adoption, id, ret_worker, error);
}

/**
 * baton_front_start_undo_all:
 * @root: the roots
 * @id: the change, whose directory holds the request
 * @ret_worker: (out): as of baton_front_start_worker()
 * @error: return location for an error
 *
 * Has everything permanent taken back in the same way.
 *
 * Returns: %TRUE if it runs, or has run
 */
gboolean
baton_front_start_undo_all (BatonRoot *root, const char *id, int *ret_worker, GError **error)
{
  return start (root, "baton-undo-all", baton_worker_run_undo_all, id, ret_worker, error);
}

/**
 * baton_front_start_recovery:
 * @root: the roots
 * @error: return location for an error
 *
 * Has what a dead worker left behind settled. systemd does that by itself (`OnFailure=`).
 *
 * Returns: %TRUE if somebody is at it
 */
gboolean
baton_front_start_recovery (BatonRoot *root, GError **error)
{
  if (baton_front_has_systemd (root))
    return TRUE;

  return fork_detached (root, run_recovery, NULL, error);
}
