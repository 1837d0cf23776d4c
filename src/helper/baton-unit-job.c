/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-job.h"

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"

/* References used below:
 *  SD-DBUS - org.freedesktop.systemd1(5), interface Manager
 *  SD-SYSTEM - systemd-system.conf(5): DefaultTimeoutStopSec= and DefaultTimeoutStartSec=, 90 s
 */

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* A stop that has to kill takes its own time twice (SD-SYSTEM). */
#define JOB_TIMEOUT_MS 190000
#define CALL_TIMEOUT_MS 25000

/* A little more than the errand takes for itself, so that its own reason is heard. */
#define DEADLINE_US ((JOB_TIMEOUT_MS + 2 * CALL_TIMEOUT_MS + 5000) * G_GINT64_CONSTANT (1000))

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *method;
  const char *unit;

  /* owned */
  char *job;
  GHashTable *results; /* job -> result */

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
  return g_dbus_connection_call_sync (connection, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                      method, arguments, G_VARIANT_TYPE (reply_type),
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL,
                                      error);
}

/* Mode "fail" leaves a job alone that somebody else has made for the unit, or a shutdown. */
static gboolean
begin (Job *self, GDBusConnection *connection, GError **error)
{
  g_autoptr (GVariant) subscribed = call_manager (connection, "Subscribe", NULL, "()", error);
  g_autoptr (GVariant) reply = NULL;

  if (subscribed == NULL)
    return FALSE;
  reply = call_manager (connection, self->method, g_variant_new ("(ss)", self->unit, "fail"),
                        "(o)", error);
  if (reply != NULL)
    g_variant_get (reply, "(o)", &self->job);

  return reply != NULL;
}

/* The job may be over before the call that made it has returned: results are gathered from before
 * the call on, and found by the job's own path (SD-DBUS). */
static const char *
wait_for_result (Job *self, GMainContext *context, GDBusConnection *connection)
{
  g_autoptr (GSource) timeout = g_timeout_source_new (JOB_TIMEOUT_MS);
  const char *result = NULL;

  g_source_set_callback (timeout, on_timeout_cb, self, NULL);
  g_source_attach (timeout, context);
  while ((result = g_hash_table_lookup (self->results, self->job)) == NULL &&
         !self->timed_out && !g_dbus_connection_is_closed (connection))
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);

  return result;
}

static void
run_on_bus (Job *self, GMainContext *context, GError **error)
{
  g_autoptr (GDBusConnection) connection = baton_bus_connect_system (self->root, error);
  const char *result = NULL;

  if (connection == NULL)
    return;
  g_dbus_connection_signal_subscribe (connection, SYSTEMD_NAME, SYSTEMD_MANAGER, "JobRemoved",
                                      SYSTEMD_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                      on_job_removed_cb, self, NULL);
  if (!begin (self, connection, error))
    return;
  result = wait_for_result (self, context, connection);
  if (g_strcmp0 (result, "done") != 0)
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd's job ended with “%s”",
                 result != NULL ? result : "no answer");
}

/* In a child that has nothing else to do: it ends with the bus and all. */
static void
run_job (int socket, gpointer data)
{
  Job *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;

  self->results = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_main_context_push_thread_default (context);
  run_on_bus (self, context, &error);
  g_main_context_pop_thread_default (context);
  if (error != NULL)
    g_dbus_error_strip_remote_error (error);
  baton_errand_answer (socket, -1, error);
  g_clear_pointer (&self->results, g_hash_table_unref);
  g_clear_pointer (&self->job, g_free);
}

/**
 * baton_unit_job_run:
 * @root: the roots
 * @waiter: what waits
 * @method: `StartUnit` or `StopUnit`
 * @unit: a system unit
 * @error: return location for an error
 *
 * Has systemd start or stop a unit, and waits until that is done.
 *
 * Returns: %TRUE if it is
 */
gboolean
baton_unit_job_run (
    BatonRoot *root, BatonWaiter *waiter, const char *method, const char *unit, GError **error)
{
  Job job = { .root = root, .method = method, .unit = unit };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, run_job, &job, error);

  return errand != NULL &&
         baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error);
}
