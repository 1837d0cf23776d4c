/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program as a whole, on a session bus of its own: what it tells, and how long it stays. */
#include "config.h"

#include <adwaita.h>

#include "baton-application.h"
#include "baton-notify.h"
#include "baton-root.h"
#include "scene.h"

#define RECEIVER "org.freedesktop.Notifications"
#define HANDOFF "4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f"

static GDBusConnection *receiver;
static gint n_notified;

typedef struct _Story Story;

struct _Story
{
  GApplication *application;
  Scene scene;

  void (*tell) (Story *story); /* what happens when the window is there */
  const char *boot_id;
  gboolean has_ended;
};

/* Runs in a thread of GDBus'. The answer to a ping comes after all that was sent before it. */
static GDBusMessage *
on_message_cb (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
  const char *member = g_dbus_message_get_member (message);
  g_autoptr (GDBusMessage) reply = NULL;

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;

  reply = g_dbus_message_new_method_reply (message);
  if (g_strcmp0 (member, "Notify") == 0)
    {
      g_atomic_int_inc (&n_notified);
      g_dbus_message_set_body (reply, g_variant_new ("(u)", 1));
    }
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref (message);

  return NULL;
}

static void
start_receiver (GTestDBus *bus)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  receiver = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (receiver, "org.freedesktop.DBus",
                                       "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                       "RequestName", g_variant_new ("(su)", RECEIVER, 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_add_filter (receiver, on_message_cb, NULL, NULL);
}

static void
assert_notified (Story *story, gint expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_sync (g_application_get_dbus_connection (story->application),
                                   RECEIVER, "/", "org.freedesktop.DBus.Peer", "Ping", NULL,
                                   NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_atomic_int_get (&n_notified), ==, expected);
  /* GLib 2.74 does not survive the end of the bus with a notification that is still shown. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_application_withdraw_notification (story->application, BATON_NOTIFY_ID);
}

static void
feed_report (Story *story, gint64 at)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEvent) event = NULL;
  g_autofree char *line = g_strdup_printf (
      "{\"v\":1,\"seq\":900,\"t_ms\":900000,\"type\":\"report\",\"handoff\":\"" HANDOFF "\","
      "\"exit\":0,\"state\":\"done\",\"code\":\"handed-over\",\"args\":{\"card\":\"Radeon\"},"
      "\"text\":\"Radeon is ready for a virtual machine.\",\"remedy\":null,\"elapsed_ms\":9,"
      "\"at_step\":null,\"troubles\":[],\"cards\":[\"0000:03:00.0\"],\"to\":\"guest\","
      "\"steps\":[],\"uid\":1000,\"boot_id\":\"%s\",\"at\":%" G_GINT64_FORMAT
      ",\"snap\":900,\"more\":false}",
      story->boot_id, at);

  event = baton_event_parse (line, -1, &error);
  g_assert_no_error (error);
  baton_model_take_change (story->scene.model,
                           baton_view_feed (baton_model_get_view (story->scene.model), event));
}

static void
on_activate_cb (Story *story)
{
  story->tell (story);
}

static void
run_story (Story *story)
{
  g_autoptr (BatonModel) model = baton_model_new_for_view (baton_view_new ());
  g_autoptr (BatonApplication) application = baton_application_new_for_model (model);

  story->scene.model = model;
  story->application = G_APPLICATION (application);
  g_atomic_int_set (&n_notified, 0);
  g_signal_connect_data (application, "activate", G_CALLBACK (on_activate_cb), story, NULL,
                         G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_assert_cmpint (g_application_run (story->application, 0, NULL), ==, 0);
}

static void
quit (Story *story)
{
  g_action_group_activate_action (G_ACTION_GROUP (story->application), "quit", NULL);
  g_assert_null (gtk_application_get_windows (GTK_APPLICATION (story->application)));
}

static gboolean
end_handoff (gpointer data)
{
  Story *story = data;

  feed_report (story, g_get_real_time () / G_USEC_PER_SEC + 5);
  assert_notified (story, 1);
  story->has_ended = TRUE;

  return G_SOURCE_REMOVE;
}

static void
tell_of_quit (Story *story)
{
  scene_feed (&story->scene, "running");
  gtk_widget_activate_action (
      GTK_WIDGET (gtk_application_get_active_window (GTK_APPLICATION (story->application))),
      "win.help", NULL);
  quit (story);
  g_idle_add_full (G_PRIORITY_LOW, end_handoff, story, NULL);
}

/* Who quits in the middle of a handoff is told how it ended, and by nobody after that. */
static void
test_quit (void)
{
  Story story = { .tell = tell_of_quit, .boot_id = "b" };

  run_story (&story);
  g_assert_true (story.has_ended);
}

static void
tell_of_first (Story *story)
{
  feed_report (story, 1);
  /* Somebody comes back to the window, which does not show that report. */
  g_object_notify (
      G_OBJECT (gtk_application_get_active_window (GTK_APPLICATION (story->application))),
      "is-active");
  story->has_ended = TRUE;
}

static void
tell_of_untold (Story *story)
{
  tell_of_first (story);
  assert_notified (story, 1);
  quit (story);
}

static void
tell_of_told (Story *story)
{
  tell_of_first (story);
  assert_notified (story, 0);
  quit (story);
}

/* A login that finds a Baton running leaves it to that one. */
static void
test_first_report (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autofree char *boot_id = NULL;
  g_autofree char *directory = g_build_filename (g_get_user_state_dir (), "baton", NULL);
  Story restarted = { .tell = tell_of_told, .boot_id = "another" };
  Story untold = { .tell = tell_of_untold };
  Story told = { .tell = tell_of_told };

  g_assert_no_error (error);
  boot_id = baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", &error);
  g_assert_no_error (error);

  /* The card is not with the guests any more. */
  baton_notify_note_seen (directory, "another handoff");
  run_story (&restarted);
  g_assert_true (restarted.has_ended);

  baton_notify_note_seen (directory, "another handoff");
  untold.boot_id = boot_id;
  run_story (&untold);
  g_assert_true (untold.has_ended);
  g_assert_true (baton_notify_was_seen (directory, HANDOFF " handed-over"));

  told.boot_id = boot_id;
  run_story (&told);
  g_assert_true (told.has_ended);
}

int
main (int argc, char **argv)
{
  g_autoptr (GTestDBus) bus = NULL;
  int status;

  gtk_test_init (&argc, &argv, NULL);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  start_receiver (bus);

  g_test_add_func ("/ui/application/quit", test_quit);
  g_test_add_func ("/ui/application/first-report", test_first_report);

  status = g_test_run ();
  g_clear_object (&receiver);
  g_test_dbus_down (bus);

  return status;
}
