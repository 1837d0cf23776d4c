/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-session-end.h"

#include <gio/gio.h>

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"

/* References used below:
 *  LOGIND - org.freedesktop.login1(5): TerminateSession, which ends what is in the session's scope
 *           whatever KillUserProcesses= says, and the signal SessionRemoved
 */

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define NO_SUCH_SESSION "org.freedesktop.login1.NoSuchSession"

#define CALL_TIMEOUT_MS 25000

/* A program that does not listen is killed by systemd after 90 s (systemd-system.conf(5)). */
#define END_TIMEOUT_MS 100000

/* Longer than the child takes for itself, so that its own reason is heard. */
#define DEADLINE_US ((END_TIMEOUT_MS + CALL_TIMEOUT_MS + 10000) * G_GINT64_CONSTANT (1000))

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *id;

  gboolean removed;
  gboolean timed_out;
} End;

static void
on_removed_cb (GDBusConnection *connection,
               const char *sender,
               const char *path,
               const char *interface,
               const char *signal,
               GVariant *arguments,
               gpointer data)
{
  End *self = data;
  const char *id = NULL;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(so)")))
    return;
  g_variant_get (arguments, "(&s&o)", &id, NULL);
  self->removed = self->removed || g_strcmp0 (id, self->id) == 0;
}

static gboolean
on_timeout_cb (gpointer data)
{
  ((End *) data)->timed_out = TRUE;

  return G_SOURCE_REMOVE;
}

/* What it is asked for is only begun when it answers. */
static gboolean
ask (End *self, GDBusConnection *connection, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      connection, LOGIND_NAME, LOGIND_PATH, LOGIND_MANAGER, "TerminateSession",
      g_variant_new ("(s)", self->id), G_VARIANT_TYPE ("()"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
      CALL_TIMEOUT_MS, NULL, &refusal);
  g_autofree char *name = refusal != NULL ? g_dbus_error_get_remote_error (refusal) : NULL;

  if (reply != NULL)
    return TRUE;
  self->removed = self->removed || g_strcmp0 (name, NO_SUCH_SESSION) == 0;
  if (self->removed)
    return TRUE;
  g_dbus_error_strip_remote_error (refusal);
  g_propagate_error (error, g_steal_pointer (&refusal));

  return FALSE;
}

static gboolean
wait_for_end (End *self, GDBusConnection *connection, GError **error)
{
  GMainContext *context = g_main_context_get_thread_default ();

  while (!self->removed && !self->timed_out && !g_dbus_connection_is_closed (connection))
    g_main_context_iteration (context, TRUE);
  if (self->removed)
    return TRUE;
  g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "logind does not say that it has ended");

  return FALSE;
}

/* Listens from before it asks, so that an end that comes at once is heard as well. */
static gboolean
end_and_wait (End *self, GDBusConnection *connection, GError **error)
{
  g_autoptr (GSource) timeout = g_timeout_source_new (END_TIMEOUT_MS);
  guint subscription = g_dbus_connection_signal_subscribe (
      connection, LOGIND_NAME, LOGIND_MANAGER, "SessionRemoved", LOGIND_PATH, self->id,
      G_DBUS_SIGNAL_FLAGS_NONE, on_removed_cb, self, NULL);
  gboolean is_done;

  g_source_set_callback (timeout, on_timeout_cb, self, NULL);
  g_source_attach (timeout, g_main_context_get_thread_default ());
  is_done = ask (self, connection, error) && wait_for_end (self, connection, error);
  g_source_destroy (timeout);
  g_dbus_connection_signal_unsubscribe (connection, subscription);

  return is_done;
}

/* In a child that has nothing else to do: it ends with the bus and all. */
static void
run (int socket, gpointer data)
{
  End *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  connection = baton_bus_connect_system (self->root, &error);
  if (connection != NULL)
    end_and_wait (self, connection, &error);
  g_main_context_pop_thread_default (context);
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_session_end:
 * @root: the roots
 * @waiter: what waits
 * @id: a session, by logind's name of it
 * @error: return location for an error
 *
 * Has logind end a session with all that began in it, and waits until it says that it is gone. Somebody
 * who asks to stop is not heard meanwhile: half an end would be none that anybody wants.
 *
 * Returns: %TRUE if there is no such session any more
 */
gboolean
baton_session_end (BatonRoot *root, BatonWaiter *waiter, const char *id, GError **error)
{
  End self = { .root = root, .id = id };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, run, &self, error);

  return errand != NULL &&
         baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error);
}
