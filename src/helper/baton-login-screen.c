/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-login-screen.h"

#include <gio/gio.h>

#include "baton-bus.h"
#include "baton-desktop.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-systemd-job.h"

/* References used below:
 *  SD-DBUS - org.freedesktop.systemd1(5): PropertiesChanged of units after Subscribe(); NRestarts of a
 *            service
 *  LOGIND  - org.freedesktop.login1(5): ListSessions, the signal SessionNew, and what a session is
 */

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define SESSION_INTERFACE "org.freedesktop.login1.Session"
#define LIST_SESSIONS_REPLY "(a(susso))"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"
#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

#define CALL_TIMEOUT_MS 25000

/* A login screen shows itself by a session of its own within seconds. Some have none (xdm, SLiM): that
 * they still run then is all that can be known of them. Those that have one are given longer: the first
 * picture of a large desktop on a slow disk. */
#define PATIENCE_MS 15000
#define LONG_PATIENCE_MS 120000
static const char *const with_sessions[] = {
  "gdm.service", "gdm3.service", "lightdm.service", "sddm.service", NULL,
};

/* The fourth attempt in a few seconds comes to what the first three came to. */
#define MAX_RESTARTS 3

#define DEADLINE_US ((LONG_PATIENCE_MS + 3 * CALL_TIMEOUT_MS) * G_GINT64_CONSTANT (1000))

typedef enum
{
  SIGHT_WAIT,  /* it runs, and shows nothing yet */
  SIGHT_SHOWS, /* there is a session of it */
  SIGHT_DARK,  /* it runs, and has begun no session in all that time */
  SIGHT_FAILED,
} Sight;

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *unit;
  GDBusConnection *connection;

  char *path;
  gboolean has_sessions; /* it is one of those that open one */
  guint n_restarts;      /* when it was first looked at */
  gboolean has_news;
  gboolean timed_out;
} Watch;

static void
on_news_cb (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *signal,
            GVariant *arguments,
            gpointer data)
{
  ((Watch *) data)->has_news = TRUE;
}

static gboolean
on_timeout_cb (gpointer data)
{
  ((Watch *) data)->timed_out = TRUE;

  return G_SOURCE_REMOVE;
}

static GVariant *
call (Watch *self,
      const char *name,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  return g_dbus_connection_call_sync (
      self->connection, name, path, interface, method, arguments, G_VARIANT_TYPE (reply_type),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL, error);
}

static GVariant *
read_property_of (
    Watch *self, const char *owner, const char *path, const char *interface, const char *name)
{
  g_autoptr (GVariant) reply = call (self, owner, path, PROPERTIES_INTERFACE, "Get",
                                     g_variant_new ("(ss)", interface, name), "(v)", NULL);
  GVariant *value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);

  return value;
}

static GVariant *
read_property (Watch *self, const char *interface, const char *name)
{
  return read_property_of (self, BATON_SYSTEMD_NAME, self->path, interface, name);
}

static guint
count_restarts (Watch *self)
{
  g_autoptr (GVariant) value = read_property (self, SERVICE_INTERFACE, "NRestarts");

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32)
             ? g_variant_get_uint32 (value)
             : 0;
}

static char *
dup_unit_text (Watch *self, const char *name)
{
  g_autoptr (GVariant) value = read_property (self, UNIT_INTERFACE, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
             ? g_variant_dup_string (value, NULL)
             : NULL;
}

static char *
dup_session_text (Watch *self, const char *path, const char *name)
{
  g_autoptr (GVariant) value =
      read_property_of (self, LOGIND_NAME, path, SESSION_INTERFACE, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
             ? g_variant_dup_string (value, NULL)
             : NULL;
}

static gboolean
is_of_login_screen (Watch *self, const char *path, gboolean draws)
{
  g_autofree char *type = dup_session_text (self, path, "Type");
  g_autofree char *service = dup_session_text (self, path, "Service");
  const BatonSession session = { .type = type, .service = service };

  return (!draws || baton_session_is_graphical (&session)) &&
         baton_session_is_of_login_screen (&session);
}

/* One that it opened on a seat: a greeter's, or that of a user who is logged in at once. Whether it draws is
 * not always known. */
static gboolean
has_session (Watch *self, gboolean draws)
{
  g_autoptr (GVariant) reply = call (self, LOGIND_NAME, LOGIND_PATH, LOGIND_MANAGER,
                                     "ListSessions", NULL, LIST_SESSIONS_REPLY, NULL);
  g_autoptr (GVariantIter) sessions = NULL;
  const char *seat = NULL;
  const char *path = NULL;
  gboolean found = FALSE;

  /* Where nobody knows of sessions, none that is seen means nothing. */
  if (reply == NULL)
    return !draws;
  g_variant_get (reply, LIST_SESSIONS_REPLY, &sessions);
  while (!found &&
         g_variant_iter_next (sessions, "(&su&s&s&o)", NULL, NULL, NULL, &seat, &path))
    found = *seat != '\0' && is_of_login_screen (self, path, draws);

  return found;
}

/* systemd may be about to start it once more, and says "failed" when it does not try any more. */
static Sight
look (Watch *self)
{
  g_autofree char *state = dup_unit_text (self, "ActiveState");
  gboolean active = g_strcmp0 (state, "active") == 0;

  if (g_strcmp0 (state, "failed") == 0)
    return SIGHT_FAILED;
  if (count_restarts (self) >= self->n_restarts + MAX_RESTARTS)
    return SIGHT_FAILED;
  if (active && has_session (self, TRUE))
    return SIGHT_SHOWS;
  if (!self->timed_out)
    return SIGHT_WAIT;
  if (!active)
    return SIGHT_FAILED;

  return self->has_sessions && !has_session (self, FALSE) ? SIGHT_DARK : SIGHT_SHOWS;
}

static Sight
wait_for_sight (Watch *self)
{
  GMainContext *context = g_main_context_get_thread_default ();
  Sight sight;

  while ((sight = look (self)) == SIGHT_WAIT && !g_dbus_connection_is_closed (self->connection))
    {
      self->has_news = FALSE;
      while (!self->has_news && !self->timed_out &&
             !g_dbus_connection_is_closed (self->connection))
        g_main_context_iteration (context, TRUE);
    }

  return sight;
}

static gboolean
find_unit (Watch *self, GError **error)
{
  g_autoptr (GVariant) subscribed =
      call (self, BATON_SYSTEMD_NAME, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER, "Subscribe",
            NULL, "()", error);
  g_autoptr (GVariant) loaded = NULL;
  g_autofree char *id = NULL;

  if (subscribed != NULL)
    loaded = call (self, BATON_SYSTEMD_NAME, BATON_SYSTEMD_PATH, BATON_SYSTEMD_MANAGER,
                   "LoadUnit", g_variant_new ("(s)", self->unit), "(o)", error);
  if (loaded == NULL)
    return FALSE;
  g_variant_get (loaded, "(o)", &self->path);
  self->n_restarts = count_restarts (self);
  id = dup_unit_text (self, "Id");
  self->has_sessions = id != NULL && g_strv_contains (with_sessions, id);

  return TRUE;
}

/* Listens from before it looks, so that nothing falls in between. */
static gboolean
watch (Watch *self, GError **error)
{
  g_autoptr (GSource) timeout = NULL;
  guint sessions;
  guint units;
  Sight sight;

  if (!find_unit (self, error))
    return FALSE;
  sessions = g_dbus_connection_signal_subscribe (
      self->connection, LOGIND_NAME, LOGIND_MANAGER, "SessionNew", LOGIND_PATH, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_news_cb, self, NULL);
  units = g_dbus_connection_signal_subscribe (
      self->connection, BATON_SYSTEMD_NAME, PROPERTIES_INTERFACE, "PropertiesChanged",
      self->path, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_news_cb, self, NULL);
  timeout = g_timeout_source_new (self->has_sessions ? LONG_PATIENCE_MS : PATIENCE_MS);
  g_source_set_callback (timeout, on_timeout_cb, self, NULL);
  g_source_attach (timeout, g_main_context_get_thread_default ());
  sight = wait_for_sight (self);
  g_source_destroy (timeout);
  g_dbus_connection_signal_unsubscribe (self->connection, units);
  g_dbus_connection_signal_unsubscribe (self->connection, sessions);
  if (sight == SIGHT_SHOWS)
    return TRUE;
  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_IO,
                       sight == SIGHT_FAILED ? "it ends again and again"
                       : sight == SIGHT_DARK ? BATON_LOGIN_SCREEN_DARK
                                             : "the bus was gone");

  return FALSE;
}

/* In a child that has nothing else to do: it ends with the bus and all. */
static void
run (int socket, gpointer data)
{
  Watch *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  connection = baton_bus_connect_system (self->root, &error);
  self->connection = connection;
  if (connection != NULL)
    watch (self, &error);
  g_main_context_pop_thread_default (context);
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_login_screen_stays:
 * @root: the roots
 * @waiter: what waits
 * @unit: what %BATON_DISPLAY_MANAGER leads to, which has just been started
 * @error: return location for an error
 *
 * Watches until a session of it shows itself. One that cannot draw ends, is started again by systemd, and
 * ends again: to have been started says nothing of it.
 *
 * Returns: %TRUE if it shows itself, or runs still after some seconds and is none that has to; with a
 *   clause in @error where it does not, %BATON_LOGIN_SCREEN_DARK where it runs and shows nothing
 */
gboolean
baton_login_screen_stays (BatonRoot *root,
                          BatonWaiter *waiter,
                          const char *unit,
                          GError **error)
{
  Watch self = { .root = root, .unit = unit };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, run, &self, error);

  return errand != NULL &&
         baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error);
}
