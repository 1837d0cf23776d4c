/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-unit.h"

#include <glib/gi18n.h>

#include "baton-error.h"

/* References used below:
 *  SYSTEMD1 - org.freedesktop.systemd1(5), "The Manager Object": GetUnitFileState(), EnableUnitFiles(),
 *    DisableUnitFiles(), Reload(), StartUnit(), StopUnit()
 *  ERRORS   - systemd, src/libsystemd/sd-bus/bus-common-errors.h
 */

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD ".Manager"
#define PATH "/org/freedesktop/systemd1"

/* What enabling it leaves in its user's directory (systemctl(1), enable). */
#define WANTED "systemd/user/graphical-session.target.wants/" BATON_NOTICE_UNIT

/* A reload reads every unit of the user again, on a computer that may have its hands full. */
#define PATIENCE_MS 30000

/* One call of the user's systemd after another. */
typedef struct
{
  const char *method;
  const char *arguments; /* with the unit's name in it */
} Call;

static const Call to_switch_on[] = {
  { "EnableUnitFiles", "(['" BATON_NOTICE_UNIT "'], false, true)" },
  { "Reload", NULL },
  { "StartUnit", "('" BATON_NOTICE_UNIT "', 'replace')" },
  { NULL },
};

/* It is stopped by the file that it was started from. */
static const Call to_switch_off[] = {
  { "StopUnit", "('" BATON_NOTICE_UNIT "', 'replace')" },
  { "DisableUnitFiles", "(['" BATON_NOTICE_UNIT "'], false)" },
  { "Reload", NULL },
  { NULL },
};

static gboolean
is_remote (const GError *error, const char *name)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (remote, name) == 0;
}

/* What the bus says means something to those who know it. */
static GError *
explain (const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_steal_pointer (&copy);
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    return g_error_new_literal (BATON_ERROR, BATON_ERROR_UNSUPPORTED,
                                _ ("no systemd of yours runs in this session, and it is what "
                                   "would start this when you log in"));
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_FILE_NOT_FOUND) ||
      is_remote (error, "org.freedesktop.systemd1.NoSuchUnit") || /* ERRORS */
      is_remote (error, "System.Error.ENOENT"))
    return g_error_new (BATON_ERROR, BATON_ERROR_NOT_FOUND,
                        /* Translators: the name of a unit of systemd */
                        _ ("%s is not installed: install Baton again"), BATON_NOTICE_UNIT);

  g_dbus_error_strip_remote_error (copy);

  return g_error_new (BATON_ERROR, BATON_ERROR_IO,
                      /* Translators: what systemd has said */
                      _ ("your systemd did not do it: %s"), copy->message);
}

static void
fail (GTask *task, const GError *error)
{
  g_task_return_error (task, explain (error));
}

static void
call (GTask *task,
      GDBusConnection *bus,
      const char *method,
      GVariant *arguments,
      GAsyncReadyCallback callback)
{
  g_dbus_connection_call (bus, SYSTEMD, PATH, MANAGER, method, arguments, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE_MS,
                          g_task_get_cancellable (task), callback, task);
}

/* Where the session has no bus there is no systemd to be asked, either. */
static GDBusConnection *
finish_bus (GTask *task, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_finish (result, &error);

  if (bus == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (bus == NULL)
    g_task_return_new_error (task, BATON_ERROR, BATON_ERROR_UNSUPPORTED,
                             /* Translators: why, in the system's words */
                             _ ("this session’s bus could not be reached: %s"), error->message);

  return bus;
}

static void
on_state_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *state = NULL;

  if (reply == NULL)
    {
      fail (task, error);
      return;
    }
  if (!g_variant_is_of_type (reply, G_VARIANT_TYPE ("(s)")))
    {
      g_task_return_new_error (task, BATON_ERROR, BATON_ERROR_IO,
                               _ ("your systemd did not do it: %s"),
                               g_variant_get_type_string (reply));
      return;
    }

  g_variant_get (reply, "(&s)", &state);
  if (g_str_has_prefix (state, "masked"))
    g_task_return_new_error (task, BATON_ERROR, BATON_ERROR_UNSUPPORTED,
                             /* Translators: the name of a unit of systemd, twice */
                             _ ("%s is masked, so that nothing starts it: “systemctl --user "
                                "unmask %s” allows it again"),
                             BATON_NOTICE_UNIT, BATON_NOTICE_UNIT);
  else
    g_task_return_int (task, g_str_has_prefix (state, "enabled"));
}

static void
on_bus_to_look_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GDBusConnection) bus = finish_bus (task, result);

  if (bus != NULL)
    call (g_object_ref (task), bus, "GetUnitFileState",
          g_variant_new ("(s)", BATON_NOTICE_UNIT), on_state_cb);
}

/**
 * baton_notice_unit_look_async:
 * @cancellable: (nullable): to give up
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Asks whether this user is told when a free card is used.
 */
void
baton_notice_unit_look_async (GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, baton_notice_unit_look_async);
  g_bus_get (G_BUS_TYPE_SESSION, cancellable, on_bus_to_look_cb, task);
}

/**
 * baton_notice_unit_look_finish:
 * @result: what the callback was given
 * @ret_is_on: (out): whether it is switched on
 * @error: return location for an error
 *
 * Fails where it can be switched neither on nor off, and says why.
 *
 * Returns: %TRUE if @ret_is_on was set
 */
gboolean
baton_notice_unit_look_finish (GAsyncResult *result, gboolean *ret_is_on, GError **error)
{
  gssize is_on;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  is_on = g_task_propagate_int (G_TASK (result), error);
  if (is_on < 0)
    return FALSE;
  *ret_is_on = is_on > 0;

  return TRUE;
}

static void call_next (GTask *task, GDBusConnection *bus);

static void
on_called_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  const Call *done = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  /* What does not run need not be stopped. */
  if (reply == NULL && !(g_str_equal (done->method, "StopUnit") &&
                         is_remote (error, "org.freedesktop.systemd1.NoSuchUnit")))
    {
      fail (task, error);
      return;
    }

  g_task_set_task_data (task, (gpointer) (done + 1), NULL);
  call_next (g_steal_pointer (&task), G_DBUS_CONNECTION (source));
}

/* Takes @task. */
static void
call_next (GTask *task, GDBusConnection *bus)
{
  const Call *next = g_task_get_task_data (task);

  if (next->method == NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }

  call (task, bus, next->method,
        next->arguments != NULL ? g_variant_new_parsed (next->arguments) : NULL, on_called_cb);
}

static void
on_bus_to_switch_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GDBusConnection) bus = finish_bus (task, result);

  if (bus != NULL)
    call_next (g_object_ref (task), bus);
}

/**
 * baton_notice_unit_switch_async:
 * @on: whether this user is to be told when a free card is used
 * @cancellable: (nullable): to give up
 * @callback: called when it has been done
 * @user_data: for @callback
 *
 * Starts it, now and at each login, or ends it for good (SYSTEMD1).
 */
void
baton_notice_unit_switch_async (gboolean on,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, baton_notice_unit_switch_async);
  g_task_set_task_data (task, (gpointer) (on ? to_switch_on : to_switch_off), NULL);
  g_bus_get (G_BUS_TYPE_SESSION, cancellable, on_bus_to_switch_cb, task);
}

/**
 * baton_notice_unit_switch_finish:
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: %TRUE if it was done
 */
gboolean
baton_notice_unit_switch_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * baton_notice_unit_dup_link:
 * @config_directory: where this user's settings are
 *
 * Returns: (transfer full) (nullable): what is there while it is switched on
 */
char *
baton_notice_unit_dup_link (const char *config_directory)
{
  g_autofree char *link = g_build_filename (config_directory, WANTED, NULL);

  return g_file_test (link, G_FILE_TEST_IS_SYMLINK) ? g_steal_pointer (&link) : NULL;
}

/**
 * baton_notice_unit_start_if_wanted:
 * @config_directory: where this user's settings are
 * @error: return location for an error
 *
 * At a login: many desktops, such as Xfce's, never tell systemd that a session is there, which would
 * start what was switched on. Where it runs already nothing happens.
 *
 * Returns: %FALSE if it is switched on and could not be started
 */
gboolean
baton_notice_unit_start_if_wanted (const char *config_directory, GError **error)
{
  g_autofree char *link = baton_notice_unit_dup_link (config_directory);
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (link == NULL)
    return TRUE;

  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, error);
  if (bus == NULL)
    return FALSE;
  reply =
      g_dbus_connection_call_sync (bus, SYSTEMD, PATH, MANAGER, "StartUnit",
                                   g_variant_new ("(ss)", BATON_NOTICE_UNIT, "replace"), NULL,
                                   G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE_MS, NULL, error);

  return reply != NULL;
}
