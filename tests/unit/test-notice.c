/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice.h"

#include <glib/gstdio.h>
#include <string.h>

#include "mock-machine.h"
#include "mock-process.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define SESSION "/user.slice/user-1000.slice/session-2.scope"
#define PID 500

/* A computer with two cards, a session's bus, and on it who shows notifications and who is the
 * window. What they are asked is told in words, one line each. */
typedef struct
{
  MockMachine *mock;
  GTestDBus *bus;
  GDBusConnection *ours;
  GDBusConnection *theirs;
  guint objects[2];
  GMainLoop *loop;
  char *node;
  char *card_name;
  GString *calls;
  guint n_awaited; /* calls, after which the story goes on */
  guint n_calls;
  void (*go_on) (gpointer fixture);
} Fixture;

static const char interfaces[] =
    "<node><interface name='org.freedesktop.Notifications'>"
    "<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='i' direction='in'/><arg type='u' direction='out'/></method>"
    "<method name='CloseNotification'><arg type='u' direction='in'/></method></interface>"
    "<interface name='org.freedesktop.Application'>"
    "<method name='ActivateAction'><arg type='s' direction='in'/>"
    "<arg type='av' direction='in'/><arg type='a{sv}' direction='in'/></method>"
    "</interface></node>";

static void
note_notification (Fixture *fixture, GVariant *parameters)
{
  g_autoptr (GVariant) hints = NULL;
  g_autofree const char **actions = NULL;
  const char *title;
  g_autofree char *joined = NULL;

  g_variant_get (parameters, "(&su&s&s&s^a&s@a{sv}i)", NULL, NULL, NULL, &title, NULL, &actions,
                 &hints, NULL);
  joined = g_strjoinv (" ", (char **) actions);
  g_string_append_printf (fixture->calls, "Notify %s: %s\n", title, joined);
}

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

  if (g_str_equal (method, "Notify"))
    {
      note_notification (fixture, parameters);
      g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 7));
    }
  else
    {
      g_autofree char *arguments = g_variant_print (parameters, FALSE);

      g_string_append_printf (fixture->calls, "%s%s\n", method, arguments);
      g_dbus_method_invocation_return_value (invocation, NULL);
    }

  if (++fixture->n_calls == fixture->n_awaited)
    fixture->go_on (fixture);
}

static GDBusConnection *
connect_to (GTestDBus *bus)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);

  g_assert_no_error (error);

  return connection;
}

static void
serve (Fixture *fixture, guint index, const char *name, const char *path)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call_cb };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interfaces, NULL);
  g_autoptr (GVariant) owned = NULL;

  fixture->objects[index] = g_dbus_connection_register_object (
      fixture->theirs, path, node->interfaces[index], &vtable, fixture, NULL, NULL);
  owned = g_dbus_connection_call_sync (fixture->theirs, "org.freedesktop.DBus",
                                       "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "RequestName", g_variant_new ("(su)", name, 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (owned);
}

static void
find_card (Fixture *fixture)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (fixture->mock);
  const BatonCard *card = baton_machine_find_card (machine, CARD);

  fixture->card_name = g_strdup (baton_card_get_name (card));
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_DRM_RENDER)
        fixture->node = g_strdup (node->path);
    }
  g_assert_nonnull (fixture->node);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->mock = mock_machine_new ();
  mock_machine_add_gpu (fixture->mock, DESKTOP, "1");
  mock_machine_add_gpu (fixture->mock, CARD, "2");
  find_card (fixture);
  mock_machine_write (fixture->mock, fixture->node + 1, "");

  fixture->calls = g_string_new (NULL);
  fixture->loop = g_main_loop_new (NULL, FALSE);
  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
  fixture->ours = connect_to (fixture->bus);
  fixture->theirs = connect_to (fixture->bus);
  serve (fixture, 0, "org.freedesktop.Notifications", "/org/freedesktop/Notifications");
  serve (fixture, 1, BATON_APP_ID, "/io/github/batongpu/Baton");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixture->objects); i++)
    g_dbus_connection_unregister_object (fixture->theirs, fixture->objects[i]);
  g_dbus_connection_close_sync (fixture->ours, NULL, NULL);
  g_dbus_connection_close_sync (fixture->theirs, NULL, NULL);
  g_object_unref (fixture->ours);
  g_object_unref (fixture->theirs);
  g_test_dbus_down (fixture->bus);
  g_object_unref (fixture->bus);
  g_main_loop_unref (fixture->loop);
  g_string_free (fixture->calls, TRUE);
  g_free (fixture->node);
  g_free (fixture->card_name);
  mock_machine_free (fixture->mock);
}

/* A program opens the card, or lets it go, and the kernel says so. */
static void
use (Fixture *fixture, gboolean stays)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (fixture->mock), fixture->node, NULL);
  g_autofree char *text = NULL;

  if (stays)
    mock_process_open (fixture->mock, PID, 9, fixture->node);
  else
    {
      g_autofree char *link = g_strdup_printf ("proc/%d/fd/9", PID);

      mock_machine_remove (fixture->mock, link);
    }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
}

static void
emit (Fixture *fixture, const char *signal, GVariant *parameters)
{
  g_assert_true (g_dbus_connection_emit_signal (
      fixture->theirs, NULL, "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
      signal, parameters, NULL));
}

static void
run (Fixture *fixture)
{
  baton_notice_run (mock_machine_get_root (fixture->mock), fixture->ours, fixture->loop);
}

static void
assert_calls (Fixture *fixture, const char *expected)
{
  g_auto (GStrv) parts = g_strsplit (expected, "CARD_NAME", -1);
  g_autofree char *filled = g_strjoinv (fixture->card_name, parts);

  g_assert_cmpstr (fixture->calls->str, ==, filled);
}

static gboolean
begin_to_use (gpointer data)
{
  use (data, TRUE);

  return G_SOURCE_REMOVE;
}

static void
quit (gpointer data)
{
  g_main_loop_quit (((Fixture *) data)->loop);
}

static void
let_go (gpointer data)
{
  Fixture *fixture = data;

  use (fixture, FALSE);
  fixture->n_awaited = 2;
  fixture->go_on = quit;
}

/* Its name is its own choice, and shown as what it is. */
static void
test_stays_and_lets_go (Fixture *fixture, gconstpointer data)
{
  mock_process_add (fixture->mock, PID, "m\x1b[31mpv", 1000, SESSION, "mpv");
  fixture->n_awaited = 1;
  fixture->go_on = let_go;
  g_idle_add (begin_to_use, fixture);
  run (fixture);
  assert_calls (fixture, "Notify m\\x1b[31mpv started using CARD_NAME: default Show show "
                         "Show keep-off Keep Off\n"
                         "CloseNotification(7,)\n");
}

static void
press_keep_off (gpointer data)
{
  Fixture *fixture = data;

  emit (fixture, "ActivationToken", g_variant_new ("(us)", 7, "token"));
  emit (fixture, "ActionInvoked", g_variant_new ("(us)", 7, "keep-off"));
  fixture->n_awaited = 3;
  fixture->go_on = quit;
  emit (fixture, "ActionInvoked", g_variant_new ("(us)", 8, "show"));
  emit (fixture, "ActionInvoked", g_variant_new ("(us)", 7, "default"));
}

/* Another program's notification is not ours, and what is switched off leaves nothing behind. */
static void
test_buttons (Fixture *fixture, gconstpointer data)
{
  mock_process_add (fixture->mock, PID, "mpv", 1000, SESSION, "mpv");
  fixture->n_awaited = 1;
  fixture->go_on = press_keep_off;
  g_idle_add (begin_to_use, fixture);
  run (fixture);
  while (fixture->n_calls < 4)
    g_main_context_iteration (NULL, TRUE);
  assert_calls (
      fixture, "Notify mpv started using CARD_NAME: default Show show Show keep-off Keep Off\n"
               "ActivateAction('keep-off', [<'0000:01:00.0'>], {'activation-token': <'token'>, "
               "'desktop-startup-id': <'token'>})\n"
               "ActivateAction('show-card', [<'0000:01:00.0'>], {'activation-token': "
               "<'token'>, 'desktop-startup-id': <'token'>})\n"
               "CloseNotification(7,)\n");
}

static gboolean
stop (gpointer data)
{
  quit (data);

  return G_SOURCE_REMOVE;
}

/* Longer than it waits itself before it looks. */
static void
run_for_a_while (Fixture *fixture)
{
  fixture->n_awaited = 1;
  fixture->go_on = quit;
  g_timeout_add_seconds (4, stop, fixture);
  run (fixture);
}

static void
test_sent_on_purpose (Fixture *fixture, gconstpointer data)
{
  g_autofree char *environment = g_strdup_printf ("proc/%d/environ", PID);

  mock_process_add (fixture->mock, PID, "glow", 1000, SESSION, "glow");
  mock_machine_write (fixture->mock, environment, "DRI_PRIME=pci-0000_01_00_0");
  g_idle_add (begin_to_use, fixture);
  run_for_a_while (fixture);
  assert_calls (fixture, "");
}

static gboolean
open_for_a_moment (gpointer data)
{
  use (data, TRUE);
  use (data, FALSE);

  return G_SOURCE_REMOVE;
}

static void
test_opens_and_closes (Fixture *fixture, gconstpointer data)
{
  mock_process_add (fixture->mock, PID, "vulkaninfo", 1000, SESSION, "vulkaninfo");
  g_idle_add (open_for_a_moment, fixture);
  run_for_a_while (fixture);
  assert_calls (fixture, "");
}

static void
test_there_before (Fixture *fixture, gconstpointer data)
{
  mock_process_add (fixture->mock, PID, "sway", 1000, SESSION, "sway");
  use (fixture, TRUE);
  run_for_a_while (fixture);
  assert_calls (fixture, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/notice/stays-and-lets-go", Fixture, NULL, set_up, test_stays_and_lets_go,
              tear_down);
  g_test_add ("/notice/buttons", Fixture, NULL, set_up, test_buttons, tear_down);
  g_test_add ("/notice/sent-on-purpose", Fixture, NULL, set_up, test_sent_on_purpose,
              tear_down);
  g_test_add ("/notice/opens-and-closes", Fixture, NULL, set_up, test_opens_and_closes,
              tear_down);
  g_test_add ("/notice/there-before", Fixture, NULL, set_up, test_there_before, tear_down);

  return g_test_run ();
}
