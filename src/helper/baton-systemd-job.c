/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-systemd-job.h"

#include "baton-error.h"

/* References used below:
 *  SD-DBUS - org.freedesktop.systemd1(5), interface Manager
 */

#define CALL_TIMEOUT_MS 25000

typedef struct
{
  /* borrowed */
  const char *unit;

  /* owned */
  char *path;
  GHashTable *results; /* path of a job -> result */

  gboolean timed_out;
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

  self->timed_out = TRUE;

  return G_SOURCE_REMOVE;
}

static GVariant *
call_manager (GDBusConnection *connection,
              const char *method,
              GVariant *arguments,
              const char *reply_type,
              GError **error)
{
  GVariant *reply = g_dbus_connection_call_sync (
      connection, BATON_SYSTEMD_NAME, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER, method,
      arguments, G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS,
      NULL, error);

  if (reply == NULL && error != NULL)
    g_dbus_error_strip_remote_error (*error);

  return reply;
}

/* Mode "fail" leaves a job alone that somebody else has made for the unit, and a shutdown that is
 * under way, where "replace" would cancel them (SD-DBUS). */
static gboolean
begin (Job *self, GDBusConnection *connection, const char *method, GError **error)
{
  g_autoptr (GVariant) subscribed = call_manager (connection, "Subscribe", NULL, "()", error);
  g_autoptr (GVariant) reply = NULL;

  if (subscribed == NULL)
    return FALSE;
  reply = call_manager (connection, method, g_variant_new ("(ss)", self->unit, "fail"), "(o)",
                        error);
  if (reply != NULL)
    g_variant_get (reply, "(o)", &self->path);

  return reply != NULL;
}

static const char *
wait_for_result (Job *self, GDBusConnection *connection, guint timeout_ms)
{
  GMainContext *context = g_main_context_get_thread_default ();
  g_autoptr (GSource) timeout = g_timeout_source_new (timeout_ms);
  const char *result = NULL;

  g_source_set_callback (timeout, on_timeout_cb, self, NULL);
  g_source_attach (timeout, context);
  while ((result = g_hash_table_lookup (self->results, self->path)) == NULL &&
         !self->timed_out && !g_dbus_connection_is_closed (connection))
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);

  return result;
}

/**
 * baton_systemd_job_run:
 * @connection: a bus with a systemd on it
 * @method: `StartUnit`, `RestartUnit` or `StopUnit`
 * @unit: a unit
 * @timeout_ms: how long the job may take
 * @error: return location for an error
 *
 * Has systemd start or stop a unit, and waits in the thread's default context until that is done.
 * The job may be over before the call that made it has returned: results are gathered from before
 * the call on, and found by the job's own path (SD-DBUS).
 *
 * Returns: %TRUE if it is done
 */
gboolean
baton_systemd_job_run (GDBusConnection *connection,
                       const char *method,
                       const char *unit,
                       guint timeout_ms,
                       GError **error)
{
  g_autoptr (GHashTable) results =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *path = NULL;
  Job job = { .unit = unit, .results = results };
  guint subscription = g_dbus_connection_signal_subscribe (
      connection, BATON_SYSTEMD_NAME, BATON_SYSTEMD_MANAGER, "JobRemoved", BATON_SYSTEMD_PATH,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_job_removed_cb, &job, NULL);
  gboolean is_begun = begin (&job, connection, method, error);
  const char *result = is_begun ? wait_for_result (&job, connection, timeout_ms) : NULL;
  gboolean is_done = g_strcmp0 (result, "done") == 0;

  path = job.path;
  if (is_begun && !is_done)
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd's job ended with “%s”",
                 result != NULL ? result : "no answer");
  g_dbus_connection_signal_unsubscribe (connection, subscription);

  return is_done;
}
