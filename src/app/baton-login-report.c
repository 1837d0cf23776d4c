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

/**
 * baton_login_report:
 * @application: the application, not registered
 * @state_directory: this user's directory for Baton's state
 *
 * Tells how the last handoff ended, if nobody of this user's was there to see it: the session may
 * have been what had to end. Started by the desktop at each login, so it is over at once when there
 * is nothing to tell.
 *
 * Returns: the exit status
 */
int
baton_login_report (GApplication *application, const char *state_directory)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autoptr (JsonNode) node = root != NULL ? read_report (root) : NULL;
  g_autoptr (GNotification) notification = NULL;
  g_autofree char *boot_id = NULL;
  g_autofree char *key = NULL;
  GDBusConnection *bus;

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

  notification = baton_notify_build (json_node_get_object (node));
  g_application_send_notification (application, BATON_NOTIFY_ID, notification);
  bus = g_application_get_dbus_connection (application);
  /* The message is still in this process, and this process is about to end. */
  if (bus != NULL && g_dbus_connection_flush_sync (bus, NULL, &error))
    baton_notify_note_seen (state_directory, key);

  return EXIT_SUCCESS;
}
