/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-stopping.h"

#include "baton-bus.h"
#include "baton-front-start.h"
#include "baton-systemd-job.h"

/* References used below:
 *  SD-STATE - org.freedesktop.systemd1(5), the manager's property SystemState: `stopping` from the
 *    moment that shutdown.target is to be reached
 */

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define STOPPING "stopping"

/* A bus that does not answer within that time is itself about to end. */
#define PATIENCE_MS 2000

/**
 * baton_is_stopping:
 * @root: the roots
 *
 * Returns: whether systemd is on its way to switch this computer off or to restart it (SD-STATE);
 *   %FALSE where nobody says so
 */
gboolean
baton_is_stopping (BatonRoot *root)
{
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;

  if (!baton_front_has_systemd (root))
    return FALSE;
  connection = baton_bus_connect_system (root, NULL);
  if (connection != NULL)
    reply = g_dbus_connection_call_sync (
        connection, BATON_SYSTEMD_NAME, BATON_SYSTEMD_PATH, PROPERTIES, "Get",
        g_variant_new ("(ss)", BATON_SYSTEMD_MANAGER, "SystemState"), G_VARIANT_TYPE ("(v)"),
        G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE_MS, NULL, NULL);
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
         g_str_equal (g_variant_get_string (value, NULL), STOPPING);
}
