/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a login tells of the last handoff, on a session bus of its own, and what it notes as told. */
#include "config.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton-closed-session.h"
#include "baton-login-report.h"
#include "baton-notify.h"

#define REPORT                                                                                 \
  "{\"exit\":16,\"code\":\"stuck\",\"args\":{\"cause\":\"x\"},\"to\":\"host\",\"cards\":[],"   \
  "\"handoff\":\"4f\"}"
#define LATER_REPORT                                                                           \
  "{\"exit\":16,\"code\":\"stuck\",\"args\":{\"cause\":\"x\"},\"to\":\"host\",\"cards\":[],"   \
  "\"handoff\":\"50\"}"
#define CARD "0000:03:00.0"
#define RECEIVER "org.freedesktop.Notifications"

static const char *program;

typedef struct
{
  char *top;
  char *state;
} Login;

static void
write_below (Login *self, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (self->top, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (directory, 0755));
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
remove_below (Login *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->top, name, NULL);

  g_assert_no_errno (g_unlink (path));
}

static BatonClosed *
open_closed (const char *top, const char *state)
{
  g_autoptr (BatonRoot) root = baton_root_new_for_directory (top, NULL);
  g_autofree char *directory = g_build_filename (state, "closed", NULL);

  return baton_closed_new (root, directory);
}

static void
set_up (Login *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->top = g_dir_make_tmp ("baton-login-XXXXXX", &error);
  g_assert_no_error (error);
  self->state = g_build_filename (self->top, "state", NULL);
  write_below (self, "var/lib/baton/report.json", REPORT);
  write_below (self, "proc/sys/kernel/random/boot_id", "b\n");
}

static void
tear_down (Login *self, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", self->top, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
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

/* What was open in a session that has ended. */
static void
note_session (Login *self)
{
  g_autoptr (BatonClosed) closed = open_closed (self->top, self->state);
  g_autoptr (GPtrArray) programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  BatonClosedProgram *app = g_new0 (BatonClosedProgram, 1);
  g_autoptr (GError) error = NULL;

  app->closes = g_strsplit ("4000000:1", " ", -1);
  app->name = g_strdup ("editor");
  app->app_id = g_strdup ("org.x.Editor");
  app->arguments = g_new0 (char *, 1);
  app->variables = g_new0 (char *, 1);
  app->sessions = g_strsplit ("2", " ", -1);
  g_ptr_array_add (programs, app);
  g_assert_true (baton_closed_note_session (closed, CARD, programs, &error));
  g_assert_no_error (error);
}

static gboolean
is_told (Login *self)
{
  g_autoptr (BatonClosed) closed = open_closed (self->top, self->state);
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, CARD, NULL);

  g_assert_cmpuint (programs->len, ==, 1);

  return ((BatonClosedProgram *) programs->pdata[0])->is_told;
}

/* What was open is offered at the next login, and then no more; the window has it still. */
static void
test_offered (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);
  g_autofree char *line = NULL;
  g_autofree char *next = NULL;

  remove_below (self, "var/lib/baton/report.json");
  note_session (self);
  write_below (self, "run/systemd/sessions/2", "UID=1000\nSTATE=active\n");
  log_in (self);
  remove_below (self, "run/systemd/sessions/2");
  g_assert_false (is_told (self));

  log_in (self);
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "Notify Open Again What Was Open?");
  g_assert_true (is_told (self));

  /* The next that is told is the report alone. */
  write_below (self, "var/lib/baton/report.json", REPORT);
  log_in (self);
  next = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (next, ==, "Notify");
  end_part (receiver);
}

static void
set_wish (Login *self, const char *wish)
{
  g_autofree char *text = g_strdup_printf ("[" CARD "]\nopen-again=%s\n", wish);

  write_below (self, "etc/baton.conf", text);
}

/* A desktop's login, where there are the entries of @self. */
static void
log_in_to_desktop (Login *self)
{
  g_autofree char *data = g_build_filename (self->top, "data", NULL);

  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("WAYLAND_DISPLAY", "wayland-0", TRUE);
  log_in (self);
  g_unsetenv ("WAYLAND_DISPLAY");
  g_unsetenv ("XDG_DATA_HOME");
}

static void
expect_nothing_noted (Login *self)
{
  g_autoptr (BatonClosed) closed = open_closed (self->top, self->state);
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, CARD, NULL);

  g_assert_cmpuint (programs->len, ==, 0);
}

/* What is told next is a report that came later. */
static void
expect_nothing_told (Login *self, GDataInputStream *lines)
{
  g_autofree char *line = NULL;

  write_below (self, "var/lib/baton/report.json", REPORT);
  log_in (self);
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "Notify");
}

/* The card's owner wants it opened: it is, once, and nothing is asked. */
static void
test_opened (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);
  g_autofree char *opened = g_build_filename (self->top, "opened", NULL);
  g_autofree char *entry = g_strdup_printf (
      "[Desktop Entry]\nType=Application\nName=Editor\nExec=touch %s\n", opened);

  remove_below (self, "var/lib/baton/report.json");
  write_below (self, "data/applications/org.x.Editor.desktop", entry);
  set_wish (self, "yes");
  note_session (self);
  log_in_to_desktop (self);
  while (!g_file_test (opened, G_FILE_TEST_EXISTS))
    g_usleep (G_USEC_PER_SEC / 50);
  expect_nothing_noted (self);
  expect_nothing_told (self, lines);
  end_part (receiver);
}

/* An application that is not there any more is named. */
static void
test_opened_is_gone (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);
  g_autofree char *line = NULL;

  remove_below (self, "var/lib/baton/report.json");
  set_wish (self, "yes");
  note_session (self);
  log_in_to_desktop (self);
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "Notify Not Opened Again");
  expect_nothing_noted (self);
  expect_nothing_told (self, lines);
  end_part (receiver);
}

/* What was noted before its owner wanted none is not offered either. */
static void
test_not_wanted (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);

  remove_below (self, "var/lib/baton/report.json");
  note_session (self);
  set_wish (self, "no");
  log_in_to_desktop (self);
  expect_nothing_told (self, lines);
  end_part (receiver);
}

/* The login screen is back before the handoff has ended that has stopped it. */
static void
test_under_way (Login *self, gconstpointer data)
{
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GSubprocess) receiver = start_part ("receiver", &lines);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;

  write_below (self, "var/lib/baton/journal", "");
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, "login", self->top,
                              self->state, NULL);
  g_assert_no_error (error);
  /* Long enough to have told of the earlier one. */
  g_usleep (G_USEC_PER_SEC);
  write_below (self, "var/lib/baton/report.json", LATER_REPORT);
  remove_below (self, "var/lib/baton/journal");
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (baton_notify_was_seen (self->state, "50 stuck"));
  end_part (receiver);
}

static GDBusMessage *
on_message_cb (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
  g_autoptr (GDBusMessage) reply = NULL;
  g_autoptr (GVariant) summary = NULL;

  if (!incoming || g_strcmp0 (g_dbus_message_get_member (message), "Notify") != 0)
    return message;

  summary = g_variant_get_child_value (g_dbus_message_get_body (message), 3);
  g_print ("Notify%s%s\n", strstr (g_variant_get_string (summary, NULL), "Open") ? " " : "",
           strstr (g_variant_get_string (summary, NULL), "Open")
               ? g_variant_get_string (summary, NULL)
               : "");
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
  g_autoptr (BatonClosed) closed = open_closed (top, state);

  /* GApplication warns when it is asked for what another process would have to do. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

  return root != NULL ? baton_login_report (application, root, state, closed) : EXIT_FAILURE;
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

  g_test_add ("/app/login-report/offered", Login, NULL, set_up, test_offered, tear_down);
  g_test_add ("/app/login-report/opened", Login, NULL, set_up, test_opened, tear_down);
  g_test_add ("/app/login-report/opened-is-gone", Login, NULL, set_up, test_opened_is_gone,
              tear_down);
  g_test_add ("/app/login-report/not-wanted", Login, NULL, set_up, test_not_wanted, tear_down);
  g_test_add ("/app/login-report/under-way", Login, NULL, set_up, test_under_way, tear_down);

  status = g_test_run ();
  g_test_dbus_down (bus);

  return status;
}
