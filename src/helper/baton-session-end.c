/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-session-end.h"

#include <gio/gio.h>

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"

/* References used below:
 *  LOGIND - org.freedesktop.login1(5): TerminateSession, which ends what is in the session's scope
 *           whatever KillUserProcesses= says, the signal SessionRemoved, and a session's State, which is
 *           closing where somebody has logged out and something of it runs on
 */

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define SESSION_INTERFACE "org.freedesktop.login1.Session"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define NO_SUCH_SESSION "org.freedesktop.login1.NoSuchSession"

#define CALL_TIMEOUT_MS 25000

/* A program that does not listen is killed by systemd after 90 s (systemd-system.conf(5)). */
#define END_TIMEOUT_MS 100000

/* Longer than the child takes for itself, so that its own reason is heard. */
#define SLACK_MS (CALL_TIMEOUT_MS + 10000)

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *id;

  gboolean only_waits; /* for somebody who logs out by himself */
  guint timeout_ms;
  gboolean has_news;
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

static void
on_news_cb (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *signal,
            GVariant *arguments,
            gpointer data)
{
  ((End *) data)->has_news = TRUE;
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

static GVariant *
call (GDBusConnection *connection,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  return g_dbus_connection_call_sync (
      connection, LOGIND_NAME, path, interface, method, arguments, G_VARIANT_TYPE (reply_type),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL, error);
}

/* What somebody has left running keeps a session that he has left. */
static gboolean
is_left (End *self, GDBusConnection *connection)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (GVariant) session = call (connection, LOGIND_PATH, LOGIND_MANAGER, "GetSession",
                                       g_variant_new ("(s)", self->id), "(o)", &refusal);
  g_autofree char *name = refusal != NULL ? g_dbus_error_get_remote_error (refusal) : NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) state = NULL;
  const char *path = NULL;

  if (session == NULL)
    return g_strcmp0 (name, NO_SUCH_SESSION) == 0;
  g_variant_get (session, "(&o)", &path);
  reply = call (connection, path, PROPERTIES_INTERFACE, "Get",
                g_variant_new ("(ss)", SESSION_INTERFACE, "State"), "(v)", NULL);
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &state);

  return g_variant_is_of_type (state, G_VARIANT_TYPE_STRING) &&
         g_strcmp0 (g_variant_get_string (state, NULL), "closing") == 0;
}

/* logind says nothing of the state itself; but whoever leaves makes room on the screen for the next. */
static gboolean
wait_until_left (End *self, GDBusConnection *connection, GError **error)
{
  GMainContext *context = g_main_context_get_thread_default ();
  guint news =
      g_dbus_connection_signal_subscribe (connection, LOGIND_NAME, NULL, NULL, NULL, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_news_cb, self, NULL);

  while (!self->removed && !g_dbus_connection_is_closed (connection))
    {
      self->has_news = FALSE;
      self->removed = is_left (self, connection);
      if (self->removed || self->timed_out)
        break;
      while (!self->has_news && !self->removed && !self->timed_out &&
             !g_dbus_connection_is_closed (connection))
        g_main_context_iteration (context, TRUE);
    }
  g_dbus_connection_signal_unsubscribe (connection, news);
  if (self->removed)
    return TRUE;
  g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "logind does not say that it has ended");

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
  g_autoptr (GSource) timeout = g_timeout_source_new (self->timeout_ms);
  guint subscription = g_dbus_connection_signal_subscribe (
      connection, LOGIND_NAME, LOGIND_MANAGER, "SessionRemoved", LOGIND_PATH, self->id,
      G_DBUS_SIGNAL_FLAGS_NONE, on_removed_cb, self, NULL);
  gboolean is_done;

  g_source_set_callback (timeout, on_timeout_cb, self, NULL);
  g_source_attach (timeout, g_main_context_get_thread_default ());
  is_done = self->only_waits
                ? wait_until_left (self, connection, error)
                : ask (self, connection, error) && wait_for_end (self, connection, error);
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

static gint64
get_deadline (const End *self)
{
  return g_get_monotonic_time () + (self->timeout_ms + SLACK_MS) * G_GINT64_CONSTANT (1000);
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
  End self = { .root = root, .id = id, .timeout_ms = END_TIMEOUT_MS };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, run, &self, error);

  return errand != NULL && baton_errand_hear (errand, get_deadline (&self), NULL, error);
}

/**
 * baton_session_await_end:
 * @root: the roots
 * @waiter: what waits
 * @id: a session, by logind's name of it
 * @timeout_ms: how long
 * @ret_wait: (out): where it has not ended: whether somebody has asked to stop, the time was over, or
 *   logind could not be asked, with @error
 * @error: return location for an error
 *
 * Waits until somebody has logged out of a session by himself. Nothing is done about it.
 *
 * Returns: %TRUE if nobody is logged in to such a session any more
 */
gboolean
baton_session_await_end (BatonRoot *root,
                         BatonWaiter *waiter,
                         const char *id,
                         guint timeout_ms,
                         BatonWait *ret_wait,
                         GError **error)
{
  End self = { .root = root, .id = id, .only_waits = TRUE, .timeout_ms = timeout_ms };
  gint64 start_us = g_get_monotonic_time ();
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, run, &self, error);

  *ret_wait = BATON_WAIT_READY;
  if (errand == NULL)
    return FALSE;
  *ret_wait = baton_errand_await (errand, get_deadline (&self), TRUE);
  if (*ret_wait == BATON_WAIT_CANCELLED)
    return FALSE;
  if (baton_errand_hear (errand, get_deadline (&self), NULL, error))
    return TRUE;
  if (g_get_monotonic_time () - start_us >= timeout_ms * G_GINT64_CONSTANT (1000))
    *ret_wait = BATON_WAIT_TIMEOUT;

  return FALSE;
}
