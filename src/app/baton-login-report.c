/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-login-report.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>

#include "baton-event.h"
#include "baton-notify.h"
#include "baton-root.h"

static JsonNode *
read_report (BatonRoot *root)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  text = baton_root_read_file (root, BATON_ROOT_VAR, "lib/baton/report.json", BATON_MAX_LINE_IN,
                               &length, &error);
  if (text == NULL)
    return NULL;

  return json_from_string (text, &error);
}

/* References used below:
 *  GNOTIFICATION - gio/gnotificationbackend.c and its backends: org.gtk.Notifications where
 *                  somebody has that name, else org.freedesktop.Notifications, unasked
 *  DBUS          - D-Bus Specification, "Message Bus Messages"
 */

static GVariant *
call_bus (GDBusConnection *bus, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
      parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  if (reply == NULL)
    g_debug ("%s: %s, ignoring", method, error->message);

  return reply;
}

/* Whoever shows notifications may be started by the first of them, or later in the same login. A
 * message to nobody is lost without a word (GNOTIFICATION), so the receiver is started before: the
 * bus answers when it is there, or cannot be (DBUS). */
static gboolean
has_receiver (GDBusConnection *bus)
{
  static const char *const names[] = { "org.gtk.Notifications",
                                       "org.freedesktop.Notifications" };
  g_autoptr (GVariant) started = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) reply =
          call_bus (bus, "NameHasOwner", g_variant_new ("(s)", names[i]));
      gboolean is_owned = FALSE;

      if (reply != NULL)
        g_variant_get (reply, "(b)", &is_owned);
      if (is_owned)
        return TRUE;
    }

  started = call_bus (bus, "StartServiceByName",
                      g_variant_new ("(su)", "org.freedesktop.Notifications", 0));

  return started != NULL;
}

/* Returns: %TRUE if the notification has left this process, for somebody */
static gboolean
send (GApplication *application, JsonObject *report)
{
  GDBusConnection *bus = g_application_get_dbus_connection (application);
  g_autoptr (GNotification) notification = NULL;

  if (bus == NULL || !has_receiver (bus))
    return FALSE;

  notification = baton_notify_build (report);
  g_application_send_notification (application, BATON_NOTIFY_ID, notification);

  /* The message is still in this process, and this process is about to end. */
  return g_dbus_connection_flush_sync (bus, NULL, NULL);
}

/**
 * baton_login_report:
 * @application: the application, not registered
 * @root: where the report is
 * @state_directory: this user's directory for Baton's state
 *
 * Tells how the last handoff ended, if nobody of this user's was there to see it: the session may
 * have been what had to end. Started by the desktop at each login, so it is over at once when there
 * is nothing to tell.
 *
 * Returns: the exit status
 */
int
baton_login_report (GApplication *application, BatonRoot *root, const char *state_directory)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = read_report (root);
  g_autofree char *boot_id = NULL;
  g_autofree char *key = NULL;

  /* No report is the usual case. A broken one is told of by whoever looks at it. */
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return EXIT_SUCCESS;

  boot_id = baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);
  if (!baton_notify_holds (json_node_get_object (node), boot_id))
    return EXIT_SUCCESS;

  key = baton_notify_dup_key (json_node_get_object (node));
  if (baton_notify_was_seen (state_directory, key))
    return EXIT_SUCCESS;

  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("baton: the session bus could not be reached: %s\n", error->message);
      return EXIT_FAILURE;
    }

  /* A Baton that runs tells of it itself, and notes that it did; only it can send. */
  if (g_application_get_is_remote (application))
    return EXIT_SUCCESS;

  if (send (application, json_node_get_object (node)))
    baton_notify_note_seen (state_directory, key);

  return EXIT_SUCCESS;
}
