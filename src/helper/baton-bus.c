/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-bus.h"

#define SYSTEM_BUS "dbus/system_bus_socket"

/**
 * baton_bus_connect:
 * @path: a bus's socket
 * @error: return location for an error
 *
 * Connects to the bus that listens there, and never to one that the environment names: a bus of
 * the caller's choice would have a systemd of the caller's choice.
 *
 * Returns: (transfer full) (nullable): the connection
 */
GDBusConnection *
baton_bus_connect (const char *path, GError **error)
{
  g_autofree char *escaped = g_dbus_address_escape_value (path);
  g_autofree char *address = g_strconcat ("unix:path=", escaped, NULL);
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, error);

  /* Losing the bus is an error that is told, not the end of the process. */
  if (connection != NULL)
    g_dbus_connection_set_exit_on_close (connection, FALSE);

  return connection;
}

/**
 * baton_bus_connect_system:
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a connection to the system's bus
 */
GDBusConnection *
baton_bus_connect_system (BatonRoot *root, GError **error)
{
  g_autofree char *path = baton_root_build_path (root, BATON_ROOT_RUN, SYSTEM_BUS);

  return baton_bus_connect (path, error);
}
