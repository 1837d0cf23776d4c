/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-unit.h"

#include <string.h>

#include "baton-error.h"

/* A session's bus, and somebody on it who answers as a user's systemd does. */
typedef struct
{
  GTestDBus *bus;
  GDBusConnection *systemd;
  guint object;
  const char *state; /* what is answered; an error's name has a dot */
  const char *fails; /* a method that is refused */
  GString *calls;    /* what was asked */
  GAsyncResult *result;
} Fixture;

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
  Fixture *fixture = data;
  g_autofree char *arguments = g_variant_print (parameters, FALSE);

  g_string_append_printf (fixture->calls, "%s%s\n", method, arguments);
  if (g_strcmp0 (fixture->fails, method) == 0)
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.DBus.Error.Failed",
                                                "The disk is full");
  else if (g_str_equal (method, "GetUnitFileState") && strchr (fixture->state, '.') != NULL)
    g_dbus_method_invocation_return_dbus_error (invocation, fixture->state,
                                                "No such file or directory");
  else if (g_str_equal (method, "GetUnitFileState"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", fixture->state));
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

static void
start_systemd (Fixture *fixture)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call_cb };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, NULL);
  g_autoptr (GVariant) owned = NULL;

  fixture->systemd = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (fixture->bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
  g_assert_nonnull (fixture->systemd);
  fixture->object =
      g_dbus_connection_register_object (fixture->systemd, "/org/freedesktop/systemd1",
                                         node->interfaces[0], &vtable, fixture, NULL, NULL);
  owned = g_dbus_connection_call_sync (
      fixture->systemd, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", "org.freedesktop.systemd1", 0), NULL,
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (owned);
}

static void
set_up (Fixture *fixture, gconstpointer without_systemd)
{
  fixture->calls = g_string_new (NULL);
  fixture->state = "disabled";
  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
  if (without_systemd == NULL)
    start_systemd (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->systemd != NULL)
    {
      g_dbus_connection_unregister_object (fixture->systemd, fixture->object);
      g_dbus_connection_close_sync (fixture->systemd, NULL, NULL);
      g_object_unref (fixture->systemd);
    }
  g_test_dbus_down (fixture->bus);
  g_object_unref (fixture->bus);
  g_string_free (fixture->calls, TRUE);
}

static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;

  fixture->result = g_object_ref (result);
}

static GAsyncResult *
wait (Fixture *fixture)
{
  while (fixture->result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return g_steal_pointer (&fixture->result);
}

static gboolean
look (Fixture *fixture, gboolean *ret_is_on, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  baton_notice_unit_look_async (NULL, on_done_cb, fixture);
  result = wait (fixture);

  return baton_notice_unit_look_finish (result, ret_is_on, error);
}

static gboolean
switch_it (Fixture *fixture, gboolean on, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  baton_notice_unit_switch_async (on, NULL, on_done_cb, fixture);
  result = wait (fixture);

  return baton_notice_unit_switch_finish (result, error);
}

static void
test_looks (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *state;
    gboolean is_on;
    const char *error;
  } rows[] = {
    { "disabled", FALSE, NULL },
    { "enabled", TRUE, NULL },
    { "enabled-runtime", TRUE, NULL },
    { "masked", FALSE, "systemctl --user unmask" },
    { "org.freedesktop.DBus.Error.FileNotFound", FALSE, "is not installed" },
    { "org.freedesktop.systemd1.NoSuchUnit", FALSE, "is not installed" },
    { "org.freedesktop.DBus.Error.AccessDenied", FALSE, "No such file or directory" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean is_on = 7;

      g_test_message ("%s", rows[i].state);
      fixture->state = rows[i].state;
      g_assert_cmpint (look (fixture, &is_on, &error), ==, rows[i].error == NULL);
      g_assert_cmpint (is_on, ==, rows[i].error == NULL ? rows[i].is_on : 7);
      if (rows[i].error != NULL)
        g_assert_nonnull (strstr (error->message, rows[i].error));
      else
        g_assert_no_error (error);
    }
}

static void
test_switches (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (switch_it (fixture, TRUE, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->calls->str, ==,
                   "EnableUnitFiles(['baton-notice.service'], false, true)\n"
                   "Reload()\n"
                   "StartUnit('baton-notice.service', 'replace')\n");

  g_string_truncate (fixture->calls, 0);
  g_assert_true (switch_it (fixture, FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->calls->str, ==,
                   "StopUnit('baton-notice.service', 'replace')\n"
                   "DisableUnitFiles(['baton-notice.service'], false)\n"
                   "Reload()\n");
}

/* Nothing is started of which it is not known whether it will be at the next login. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->fails = "EnableUnitFiles";
  g_assert_false (switch_it (fixture, TRUE, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "The disk is full"));
  g_assert_null (strstr (fixture->calls->str, "StartUnit"));
}

static void
test_no_systemd (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean is_on = 7;

  g_assert_false (look (fixture, &is_on, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED);
  g_assert_cmpint (is_on, ==, 7);
  g_clear_error (&error);
  g_assert_false (switch_it (fixture, TRUE, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/client/notice-unit/looks", Fixture, NULL, set_up, test_looks, tear_down);
  g_test_add ("/client/notice-unit/switches", Fixture, NULL, set_up, test_switches, tear_down);
  g_test_add ("/client/notice-unit/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/client/notice-unit/no-systemd", Fixture, "", set_up, test_no_systemd,
              tear_down);

  return g_test_run ();
}
