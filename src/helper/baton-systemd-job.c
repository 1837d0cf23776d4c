/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-systemd-job.h"

#include <glib-unix.h>

#include "baton-error.h"

/* References used below:
 *  SD-DBUS - org.freedesktop.systemd1(5), interfaces Manager and Job
 *  SD-ERROR - systemd's src/libsystemd/sd-bus/bus-common-errors.h and, for what mode "fail" meets,
 *             transaction_is_destructive() in src/core/transaction.c
 */

#define JOB_INTERFACE "org.freedesktop.systemd1.Job"
#define IN_THE_WAY "org.freedesktop.systemd1.TransactionIsDestructive"
#define LIST_JOBS_REPLY "(a(usssoo))"

#define CALL_TIMEOUT_MS 25000
#define MAX_ASKED 3

typedef struct
{
  /* borrowed */
  GDBusConnection *connection;
  const char *unit;

  /* owned */
  GHashTable *results; /* path of a job -> result */

  gboolean given_up;
} Job;

static void
on_job_removed_cb (GDBusConnection *connection,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters,
                   gpointer data)
{
  Job *self = data;
  const char *job = NULL;
  const char *unit = NULL;
  const char *result = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uoss)")))
    return;
  g_variant_get (parameters, "(u&o&s&s)", NULL, &job, &unit, &result);
  if (g_str_equal (unit, self->unit))
    g_hash_table_insert (self->results, g_strdup (job), g_strdup (result));
}

static gboolean
on_timeout_cb (gpointer data)
{
  Job *self = data;

  self->given_up = TRUE;

  return G_SOURCE_REMOVE;
}

static gboolean
on_recalled_cb (int fd, GIOCondition condition, gpointer data)
{
  return on_timeout_cb (data);
}

static GVariant *
call (Job *self,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  return g_dbus_connection_call_sync (self->connection, BATON_SYSTEMD_NAME, path, interface,
                                      method, arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL,
                                      error);
}

static GVariant *
call_manager (
    Job *self, const char *method, GVariant *arguments, const char *reply_type, GError **error)
{
  return call (self, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER, method, arguments, reply_type,
               error);
}

/* Mode "fail" leaves a job alone that somebody else has made for the unit, and a shutdown that is
 * under way, where "replace" would cancel them (SD-DBUS). Returns the job's path. */
static char *
ask (Job *self, const char *method, GError **error)
{
  g_autoptr (GVariant) reply =
      call_manager (self, method, g_variant_new ("(ss)", self->unit, "fail"), "(o)", error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);

  return path;
}

static const char *
wait_for_result (Job *self, const char *path)
{
  GMainContext *context = g_main_context_get_thread_default ();
  const char *result = NULL;

  while ((result = g_hash_table_lookup (self->results, path)) == NULL && !self->given_up &&
         !g_dbus_connection_is_closed (self->connection))
    g_main_context_iteration (context, TRUE);

  return result;
}

/* The path of the job that the unit has already, or NULL where it has none, in @ret_path. FALSE if
 * nobody says. */
static gboolean
find_other_job (Job *self, char **ret_path)
{
  g_autoptr (GVariant) reply = call_manager (self, "ListJobs", NULL, LIST_JOBS_REPLY, NULL);
  g_autoptr (GVariantIter) jobs = NULL;
  const char *unit = NULL;
  const char *path = NULL;

  *ret_path = NULL;
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, LIST_JOBS_REPLY, &jobs);
  while (*ret_path == NULL &&
         g_variant_iter_next (jobs, "(u&s&s&s&o&o)", NULL, &unit, NULL, NULL, &path, NULL))
    if (g_str_equal (unit, self->unit))
      *ret_path = g_strdup (path);

  return TRUE;
}

/* Returns: whether there is a reason to ask again. A job that is not there any more has ended since
 * it stood in the way. */
static gboolean
wait_for_way (Job *self, const GError *refusal)
{
  g_autofree char *name = g_dbus_error_get_remote_error (refusal);
  g_autofree char *other = NULL;

  return g_strcmp0 (name, IN_THE_WAY) == 0 && find_other_job (self, &other) &&
         (other == NULL || wait_for_result (self, other) != NULL);
}

/* A worker that was killed has left its stop to systemd, and what comes next for the unit waits for
 * that. What stands in the way may be another unit's, which ends for nobody. */
static char *
begin (Job *self, const char *method, GError **error)
{
  g_autoptr (GVariant) subscribed = call_manager (self, "Subscribe", NULL, "()", error);
  g_autoptr (GError) refusal = NULL;
  char *path = NULL;
  guint n_asked = 0;

  if (subscribed == NULL)
    return NULL;
  do
    {
      g_clear_error (&refusal);
      path = ask (self, method, &refusal);
    }
  while (path == NULL && ++n_asked < MAX_ASKED && wait_for_way (self, refusal));
  if (path == NULL)
    g_propagate_error (error, g_steal_pointer (&refusal));

  return path;
}

/* Left alone, it would go on for whoever has given it up already. It may have ended meanwhile: what
 * it came to was said before the answer. */
static const char *
take_back (Job *self, const char *path)
{
  g_autoptr (GVariant) reply = call (self, path, JOB_INTERFACE, "Cancel", NULL, "()", NULL);

  if (reply != NULL)
    return NULL;
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;

  return g_hash_table_lookup (self->results, path);
}

static gboolean
run (Job *self, const char *method, gboolean takes_back, GError **error)
{
  g_autofree char *path = begin (self, method, error);
  const char *result = path != NULL ? wait_for_result (self, path) : NULL;

  if (path == NULL)
    {
      if (error != NULL)
        g_dbus_error_strip_remote_error (*error);
      return FALSE;
    }
  if (result == NULL && takes_back)
    result = take_back (self, path);
  if (g_strcmp0 (result, "done") == 0)
    return TRUE;
  g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd's job ended with “%s”",
               result != NULL ? result : "no answer");

  return FALSE;
}

/**
 * baton_systemd_job_run:
 * @connection: a bus with a systemd on it
 * @method: `StartUnit`, `RestartUnit` or `StopUnit`
 * @unit: a unit
 * @timeout_ms: how long the job may take
 * @recall_fd: becomes readable when nobody wants the job any more; it is taken back then, as after
 *   @timeout_ms. Or -1: it is left to systemd
 * @error: return location for an error
 *
 * Has systemd start or stop a unit, and waits in the thread's default context until that is done.
 * The job may be over before the call that made it has returned: results are gathered from before
 * the call on, and found by the job's own path (SD-DBUS). One that stands in its way is waited for
 * (SD-ERROR).
 *
 * Returns: %TRUE if it is done
 */
gboolean
baton_systemd_job_run (GDBusConnection *connection,
                       const char *method,
                       const char *unit,
                       guint timeout_ms,
                       int recall_fd,
                       GError **error)
{
  GMainContext *context = g_main_context_get_thread_default ();
  g_autoptr (GHashTable) results =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GSource) timeout = g_timeout_source_new (timeout_ms);
  g_autoptr (GSource) recall =
      recall_fd >= 0 ? g_unix_fd_source_new (recall_fd, G_IO_IN | G_IO_HUP) : NULL;
  Job job = { .connection = connection, .unit = unit, .results = results };
  guint subscription = g_dbus_connection_signal_subscribe (
      connection, BATON_SYSTEMD_NAME, BATON_SYSTEMD_MANAGER, "JobRemoved", BATON_SYSTEMD_PATH,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_job_removed_cb, &job, NULL);
  gboolean is_done;

  g_source_set_callback (timeout, on_timeout_cb, &job, NULL);
  g_source_attach (timeout, context);
  if (recall != NULL)
    {
      g_source_set_callback (recall, G_SOURCE_FUNC (on_recalled_cb), &job, NULL);
      g_source_attach (recall, context);
    }
  is_done = run (&job, method, recall_fd >= 0, error);
  g_source_destroy (timeout);
  if (recall != NULL)
    g_source_destroy (recall);
  g_dbus_connection_signal_unsubscribe (connection, subscription);

  return is_done;
}
