/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a login tells of the last handoff, on a session bus of its own, and what it notes as told. */
#include "config.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "baton-login-report.h"
#include "baton-notify.h"

#define REPORT                                                                                 \
  "{\"exit\":16,\"code\":\"stuck\",\"args\":{\"cause\":\"x\"},\"to\":\"host\",\"cards\":[],"   \
  "\"handoff\":\"4f\"}"
#define RECEIVER "org.freedesktop.Notifications"

static const char *program;

typedef struct
{
  char *top;
  char *state;
} Login;

static void
set_up (Login *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *report = NULL;
  g_autofree char *directory = NULL;

  self->top = g_dir_make_tmp ("baton-login-XXXXXX", &error);
  g_assert_no_error (error);
  self->state = g_build_filename (self->top, "state", NULL);
  directory = g_build_filename (self->top, "var", "lib", "baton", NULL);
  report = g_build_filename (directory, "report.json", NULL);
  g_mkdir_with_parents (directory, 0755);
  g_file_set_contents (report, REPORT, -1, &error);
  g_assert_no_error (error);
}

static void
tear_down (Login *self, gconstpointer data)
{
  static const char *const left[] = { "state/seen-report",
                                      "state",
                                      "var/lib/baton/report.json",
                                      "var/lib/baton",
                                      "var/lib",
                                      "var",
                                      "" };

  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    {
      g_autofree char *path = g_build_filename (self->top, left[i], NULL);

      g_remove (path);
    }
  g_free (self->state);
  g_free (self->top);
}

static void
log_in (Login *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program,
                                                      "login", self->top, self->state, NULL);

  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

/* Somebody else on the bus: see play_part(). */
static GSubprocess *
start_part (const char *part, GDataInputStream **ret_lines)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                        program, part, NULL);
  g_autofree char *line = NULL;

  g_assert_no_error (error);
  *ret_lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  line = g_data_input_stream_read_line (*ret_lines, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, "ready");

  return process;
}

static void
end_part (GSubprocess *process)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

/* The report is noted as told when somebody has been sent it. */
static void
test_told (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);
  g_autofree char *line = NULL;

  log_in (self);
  g_assert_true (baton_notify_was_seen (self->state, "4f stuck"));
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "Notify");
  end_part (receiver);
}

/* Where nobody shows notifications the next login tells. */
static void
test_nobody_shows (Login *self, gconstpointer data)
{
  log_in (self);
  g_assert_false (baton_notify_was_seen (self->state, "4f stuck"));
}

/* A Baton that runs tells of it itself, if it has not; a second one has sent nothing. */
static void
test_beside_running (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) receiver_lines = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &receiver_lines);
  g_autoptr (GSubprocess) running = start_part ("running", &lines);

  log_in (self);
  g_assert_false (baton_notify_was_seen (self->state, "4f stuck"));
  end_part (running);

  /* It is gone, and has not told. */
  log_in (self);
  g_assert_true (baton_notify_was_seen (self->state, "4f stuck"));
  end_part (receiver);
}

static GDBusMessage *
on_message_cb (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
  g_autoptr (GDBusMessage) reply = NULL;

  if (!incoming || g_strcmp0 (g_dbus_message_get_member (message), "Notify") != 0)
    return message;

  g_print ("Notify\n");
  reply = g_dbus_message_new_method_reply (message);
  g_dbus_message_set_body (reply, g_variant_new ("(u)", 1));
  g_dbus_connection_send_message (bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref (message);

  return NULL;
}

static gboolean
on_stdin_cb (int fd, GIOCondition condition, gpointer loop)
{
  g_main_loop_quit (loop);

  return G_SOURCE_REMOVE;
}

static void
ask_bus (GDBusConnection *bus, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
      parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (reply);
}

/* Has a name on the bus until its stdin ends. */
static int
play_part (const char *part)
{
  gboolean receives = g_strcmp0 (part, "receiver") == 0;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GApplication) application = NULL;
  static const char *const names[] = { RECEIVER, BATON_APP_ID };
  g_autoptr (GMainLoop) loop = NULL;

  if (bus == NULL)
    return EXIT_FAILURE;

  if (receives)
    {
      g_dbus_connection_add_filter (bus, on_message_cb, NULL, NULL);
      ask_bus (bus, "RequestName", g_variant_new ("(su)", RECEIVER, 0));
    }
  else
    {
      application = g_application_new (BATON_APP_ID, G_APPLICATION_DEFAULT_FLAGS);
      if (!g_application_register (application, NULL, NULL))
        return EXIT_FAILURE;
    }

  g_print ("ready\n");
  loop = g_main_loop_new (NULL, FALSE);
  g_unix_fd_add (STDIN_FILENO, G_IO_HUP | G_IO_IN, on_stdin_cb, loop);
  g_main_loop_run (loop);

  /* A bus may learn of an end later than whoever has waited for it. */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    ask_bus (bus, "ReleaseName", g_variant_new ("(s)", names[i]));

  return EXIT_SUCCESS;
}

/* What the desktop starts at each login. */
static int
play_login (const char *top, const char *state)
{
  g_autoptr (GApplication) application =
      g_application_new (BATON_APP_ID, G_APPLICATION_DEFAULT_FLAGS);
  g_autoptr (BatonRoot) root = baton_root_new_for_directory (top, NULL);

  /* GApplication warns when it is asked for what another process would have to do. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

  return root != NULL ? baton_login_report (application, root, state) : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GTestDBus) bus = NULL;
  int status;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc == 2 && *argv[1] != '-')
    return play_part (argv[1]);
  if (argc == 4)
    return play_login (argv[2], argv[3]);

  g_test_init (&argc, &argv, NULL);
  program = argv[0];
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);

  g_test_add ("/app/login-report/told", Login, NULL, set_up, test_told, tear_down);
  g_test_add ("/app/login-report/nobody-shows", Login, NULL, set_up, test_nobody_shows,
              tear_down);
  g_test_add ("/app/login-report/beside-running", Login, NULL, set_up, test_beside_running,
              tear_down);

  status = g_test_run ();
  g_test_dbus_down (bus);

  return status;
}
