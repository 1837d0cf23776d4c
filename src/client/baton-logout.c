/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-logout.h"

#include "baton-error.h"

/* References used below:
 *  GNOME - gnome-session, org.gnome.SessionManager.xml: Logout(mode), where 1 asks for no confirmation;
 *          programs are asked, and one that has something to save may keep the session (Inhibit())
 *  KDE   - plasma-workspace, org.kde.Shutdown.xml: logout(), which does not ask either, since 5.20; who
 *          has org.kde.ksmserver asks the session's programs
 */

#define STEP_PREFIX "log-out:"
#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define NO_CONFIRMATION 1

/* A session manager asks its programs when it has answered. */
#define ANSWER_MS 10000

typedef struct
{
  const char *owned; /* who has this name is the session's manager */
  const char *name;
  const char *path;
  const char *interface;
  const char *method;
  gboolean has_mode;
} Manager;

static const Manager managers[] = {
  { "org.gnome.SessionManager", "org.gnome.SessionManager", "/org/gnome/SessionManager",
    "org.gnome.SessionManager", "Logout", TRUE },
  { "org.kde.ksmserver", "org.kde.Shutdown", "/Shutdown", "org.kde.Shutdown", "logout", FALSE },
};

/**
 * baton_logout_list_managers:
 *
 * Returns: (array zero-terminated=1): names on a session bus, of which one is owned where an ordinary
 *   logout can be asked for
 */
const char *const *
baton_logout_list_managers (void)
{
  static const char *const names[] = { "org.gnome.SessionManager", "org.kde.ksmserver", NULL };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == G_N_ELEMENTS (managers) + 1);

  return names;
}

static gboolean
is_owned (GDBusConnection *bus, const char *name)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, BUS_NAME, BUS_PATH, BUS_NAME, "NameHasOwner", g_variant_new ("(s)", name),
      G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);

  return owned;
}

static const Manager *
find_manager (GDBusConnection *bus)
{
  for (guint i = 0; i < G_N_ELEMENTS (managers); i++)
    if (is_owned (bus, managers[i].owned))
      return &managers[i];

  return NULL;
}

/**
 * baton_logout_is_possible:
 * @bus: a session bus
 *
 * Asks the bus, and waits for its answer.
 *
 * Returns: %TRUE if there is a session manager that can be asked for an ordinary logout
 */
gboolean
baton_logout_is_possible (GDBusConnection *bus)
{
  return find_manager (bus) != NULL;
}

/**
 * baton_logout_is_asked_by:
 * @step_id: (nullable): id of a step
 * @state: (nullable): what has become of it
 *
 * Returns: %TRUE if the step has just begun to wait for the logout
 */
gboolean
baton_logout_is_asked_by (const char *step_id, const char *state)
{
  return step_id != NULL && g_str_has_prefix (step_id, STEP_PREFIX) &&
         g_strcmp0 (state, "start") == 0;
}

static void
on_answered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  g_task_return_error (task, error);
}

static void
ask (GTask *task, const Manager *manager)
{
  g_dbus_connection_call (g_task_get_source_object (task), manager->name, manager->path,
                          manager->interface, manager->method,
                          manager->has_mode ? g_variant_new ("(u)", NO_CONFIRMATION) : NULL,
                          NULL, G_DBUS_CALL_FLAGS_NONE, ANSWER_MS,
                          g_task_get_cancellable (task), on_answered_cb, g_object_ref (task));
}

static void ask_next (GTask *task, guint i);

static void
on_owner_known_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  guint i = GPOINTER_TO_UINT (g_task_get_task_data (task));
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  if (owned)
    ask (task, &managers[i]);
  else
    ask_next (task, i + 1);
}

static void
ask_next (GTask *task, guint i)
{
  if (i >= G_N_ELEMENTS (managers))
    {
      g_task_return_new_error (task, BATON_ERROR, BATON_ERROR_NOT_FOUND,
                               "there is no session manager");
      return;
    }
  g_task_set_task_data (task, GUINT_TO_POINTER (i), NULL);
  g_dbus_connection_call (
      g_task_get_source_object (task), BUS_NAME, BUS_PATH, BUS_NAME, "NameHasOwner",
      g_variant_new ("(s)", managers[i].owned), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE,
      ANSWER_MS, g_task_get_cancellable (task), on_owner_known_cb, g_object_ref (task));
}

/**
 * baton_logout_ask_async:
 * @bus: a session bus
 * @cancellable: (nullable): to give up
 * @callback: when it was asked, or cannot be
 * @data: for @callback
 *
 * Asks the session's manager for an ordinary logout, in which programs may ask to save and the user may
 * think better of it (GNOME, KDE). That it was asked says nothing of whether it comes.
 */
void
baton_logout_ask_async (GDBusConnection *bus,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data)
{
  g_autoptr (GTask) task = g_task_new (bus, cancellable, callback, data);

  g_task_set_source_tag (task, baton_logout_ask_async);
  ask_next (task, 0);
}

/**
 * baton_logout_ask_finish:
 * @bus: the bus
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: %TRUE if the session's manager has taken it
 */
gboolean
baton_logout_ask_finish (GDBusConnection *bus, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
