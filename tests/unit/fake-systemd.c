/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-systemd.h"

#include <string.h>

static const char interface_xml[] =
    "<node><interface name='org.freedesktop.systemd1.Manager'>"
    "<method name='GetUnitFileState'><arg type='s' direction='in'/>"
    "<arg type='s' direction='out'/></method>"
    "<method name='EnableUnitFiles'><arg type='as' direction='in'/><arg type='b' "
    "direction='in'/>"
    "<arg type='b' direction='in'/><arg type='b' direction='out'/>"
    "<arg type='a(sss)' direction='out'/></method>"
    "<method name='DisableUnitFiles'><arg type='as' direction='in'/>"
    "<arg type='b' direction='in'/><arg type='a(sss)' direction='out'/></method>"
    "<method name='Reload'/>"
    "<method name='StartUnit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='o' direction='out'/></method>"
    "<method name='StopUnit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='o' direction='out'/></method>"
    "</interface></node>";

static void
on_call_cb (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *method,
            GVariant *parameters,
            GDBusMethodInvocation *invocation,
            gpointer data)
{
  FakeSystemd *self = data;
  g_autofree char *arguments = g_variant_print (parameters, FALSE);

  g_string_append_printf (self->calls, "%s%s\n", method, arguments);
  if (g_strcmp0 (self->fails, method) == 0)
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.DBus.Error.Failed",
                                                "The disk is full");
  else if (g_str_equal (method, "GetUnitFileState") && strchr (self->state, '.') != NULL)
    g_dbus_method_invocation_return_dbus_error (invocation, self->state,
                                                "No such file or directory");
  else if (g_str_equal (method, "GetUnitFileState"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", self->state));
  else if (g_str_equal (method, "EnableUnitFiles"))
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new_parsed ("(true, @a(sss) [])"));
  else if (g_str_equal (method, "DisableUnitFiles"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new_parsed ("(@a(sss) [],)"));
  else if (g_str_equal (method, "Reload"))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_return_value (
        invocation, g_variant_new ("(o)", "/org/freedesktop/systemd1/job/1"));
}

FakeSystemd *
fake_systemd_new (const char *bus_address)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call_cb };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, NULL);
  g_autoptr (GVariant) owned = NULL;
  FakeSystemd *self = g_new0 (FakeSystemd, 1);

  self->state = "disabled";
  self->calls = g_string_new (NULL);
  self->connection = g_dbus_connection_new_for_address_sync (
      bus_address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  g_assert_nonnull (self->connection);
  self->object =
      g_dbus_connection_register_object (self->connection, "/org/freedesktop/systemd1",
                                         node->interfaces[0], &vtable, self, NULL, NULL);
  owned = g_dbus_connection_call_sync (
      self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", "org.freedesktop.systemd1", 0), NULL,
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (owned);

  return self;
}

void
fake_systemd_free (FakeSystemd *self)
{
  if (self == NULL)
    return;

  g_dbus_connection_unregister_object (self->connection, self->object);
  g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_object_unref (self->connection);
  g_string_free (self->calls, TRUE);
  g_free (self);
}
