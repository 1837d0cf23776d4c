/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is asked for an ordinary logout, on a session bus of its own. */
#include "config.h"

#include <gio/gio.h>

#include "baton-error.h"
#include "baton-logout.h"

#define GNOME                                                                                  \
  "<node><interface name='org.gnome.SessionManager'>"                                          \
  "<method name='Logout'><arg type='u' direction='in'/></method></interface></node>"
#define KDE                                                                                    \
  "<node><interface name='org.kde.Shutdown'><method name='logout'/></interface></node>"

/* A session manager that notes what it was asked for. */
typedef struct
{
  GDBusConnection *bus;
  GDBusNodeInfo *description;
  guint object;
  gboolean refuses;
  char *asked;
} Manager;

static void
on_call_cb (GDBusConnection *bus,
            const char *sender,
            const char *path,
            const char *interface,
            const char *method,
            GVariant *arguments,
            GDBusMethodInvocation *invocation,
            gpointer data)
{
  Manager *self = data;
  g_autofree char *text = g_variant_print (arguments, FALSE);

  g_free (self->asked);
  self->asked = g_strdup_printf ("%s %s", method, text);
  if (self->refuses)
    g_dbus_method_invocation_return_dbus_error (
        invocation, "org.gnome.SessionManager.LockedDown", "Logout has been locked down");
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static const GDBusInterfaceVTable vtable = { .method_call = on_call_cb };

static void
own (Manager *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", name, 4), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
      &error);

  g_assert_no_error (error);
}

static GDBusConnection *
connect_to_bus (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, &error);
  GDBusConnection *bus = g_dbus_connection_new_for_address_sync (
      address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);

  g_assert_no_error (error);

  return bus;
}

static Manager *
start_manager (const char *description, const char *path)
{
  Manager *self = g_new0 (Manager, 1);
  g_autoptr (GError) error = NULL;

  self->bus = connect_to_bus ();
  self->description = g_dbus_node_info_new_for_xml (description, &error);
  g_assert_no_error (error);
  self->object = g_dbus_connection_register_object (
      self->bus, path, self->description->interfaces[0], &vtable, self, NULL, &error);
  g_assert_no_error (error);

  return self;
}

static void
end_manager (Manager *self)
{
  g_dbus_connection_unregister_object (self->bus, self->object);
  g_dbus_connection_close_sync (self->bus, NULL, NULL);
  g_object_unref (self->bus);
  g_dbus_node_info_unref (self->description);
  g_free (self->asked);
  g_free (self);
}

static void
on_asked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
ask (GDBusConnection *bus, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  baton_logout_ask_async (bus, NULL, on_asked_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return baton_logout_ask_finish (bus, result, error);
}

static void
test_gnome (void)
{
  g_autoptr (GDBusConnection) bus = connect_to_bus ();
  Manager *manager = start_manager (GNOME, "/org/gnome/SessionManager");
  g_autoptr (GError) error = NULL;

  g_assert_false (baton_logout_is_possible (bus));
  own (manager, "org.gnome.SessionManager");
  g_assert_true (baton_logout_is_possible (bus));
  g_assert_true (ask (bus, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (manager->asked, ==, "Logout (1,)");

  /* Why it does not is for the one who reads it. */
  manager->refuses = TRUE;
  g_assert_false (ask (bus, &error));
  g_assert_cmpstr (error->message, ==, "Logout has been locked down");
  end_manager (manager);
}

static void
test_kde (void)
{
  g_autoptr (GDBusConnection) bus = connect_to_bus ();
  Manager *manager = start_manager (KDE, "/Shutdown");
  g_autoptr (GError) error = NULL;

  /* It may be there where nobody manages a session with it. */
  own (manager, "org.kde.Shutdown");
  g_assert_false (baton_logout_is_possible (bus));
  own (manager, "org.kde.ksmserver");
  g_assert_true (baton_logout_is_possible (bus));
  g_assert_true (ask (bus, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (manager->asked, ==, "logout ()");
  end_manager (manager);
}

static void
test_nobody (void)
{
  g_autoptr (GDBusConnection) bus = connect_to_bus ();
  g_autoptr (GError) error = NULL;

  g_assert_false (baton_logout_is_possible (bus));
  g_assert_false (ask (bus, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

static void
test_step (void)
{
  g_assert_true (baton_logout_is_asked_by ("log-out:2", "start"));
  g_assert_false (baton_logout_is_asked_by ("log-out:2", "ok"));
  g_assert_false (baton_logout_is_asked_by ("end-session:2", "start"));
  g_assert_false (baton_logout_is_asked_by (NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_autoptr (GTestDBus) bus = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  g_test_add_func ("/client/logout/gnome", test_gnome);
  g_test_add_func ("/client/logout/kde", test_kde);
  g_test_add_func ("/client/logout/nobody", test_nobody);
  g_test_add_func ("/client/logout/step", test_step);
  status = g_test_run ();
  g_test_dbus_down (bus);

  return status;
}
