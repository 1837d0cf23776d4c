/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process.h"
#include "baton-relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"

typedef struct
{
  BatonEventWriter *writer;
  BatonRelay *relay;
  GString *types;
  int fd;
} Fixture;

static void
note_type (const BatonEvent *event, const char *line, gsize length, gpointer data)
{
  Fixture *fixture = data;

  g_string_append_printf (fixture->types, "%s ", event->type);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = NULL;
  int reader;

  fixture->fd = g_file_open_tmp ("baton-relay-XXXXXX", &path, NULL);
  reader = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (reader, >=, 0);
  g_assert_no_errno (unlink (path));
  fixture->types = g_string_new (NULL);
  fixture->writer = baton_event_writer_new (fixture->fd, ID);
  fixture->relay = baton_relay_new (reader, note_type, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_event_writer_free (fixture->writer);
  baton_relay_free (fixture->relay);
  g_string_free (fixture->types, TRUE);
  g_assert_no_errno (close (fixture->fd));
}

static void
write_bytes (Fixture *fixture, const char *bytes)
{
  g_assert_cmpint (write (fixture->fd, bytes, strlen (bytes)), ==, strlen (bytes));
}

static void
write_result (Fixture *fixture)
{
  baton_event_writer_result (fixture->writer, BATON_EXIT_ROLLED_BACK, BATON_CODE_ROLLED_BACK,
                             NULL, NULL, 5);
}

static void
test_reads_what_is_appended (Fixture *fixture, gconstpointer data)
{
  int exit_status = -1;

  g_assert_cmpuint (baton_relay_pump (fixture->relay), ==, 0);
  baton_event_writer_heartbeat (fixture->writer);
  baton_event_writer_log (fixture->writer, "info", "x");
  g_assert_cmpuint (baton_relay_pump (fixture->relay), ==, 2);
  g_assert_cmpuint (baton_relay_pump (fixture->relay), ==, 0);
  g_assert_false (baton_relay_has_result (fixture->relay, &exit_status));
  g_assert_cmpint (exit_status, ==, -1);

  write_result (fixture);
  baton_relay_pump (fixture->relay);
  g_assert_true (baton_relay_has_result (fixture->relay, &exit_status));
  g_assert_cmpint (exit_status, ==, BATON_EXIT_ROLLED_BACK);
  g_assert_cmpstr (fixture->types->str, ==, "heartbeat log result ");
}

static void
test_stops_at_the_result (Fixture *fixture, gconstpointer data)
{
  write_result (fixture);
  baton_event_writer_heartbeat (fixture->writer);
  write_result (fixture);
  baton_relay_pump (fixture->relay);
  g_assert_cmpstr (fixture->types->str, ==, "result ");
}

/* A worker that was killed leaves half a line, and recovery goes on behind it. */
static void
test_half_a_line_hides_no_other (Fixture *fixture, gconstpointer data)
{
  write_bytes (fixture, "{\"v\":1,\"seq\":1,\"t_ms\":1,\"ty");
  g_assert_cmpuint (baton_relay_pump (fixture->relay), ==, 0);
  write_bytes (fixture, "\n");
  write_bytes (fixture, "no JSON at all\n\n");
  write_result (fixture);
  baton_relay_pump (fixture->relay);
  g_assert_cmpstr (fixture->types->str, ==, "result ");
}

static void
test_names_the_worker (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autoptr (BatonProcess) self = baton_process_new (root, getpid (), NULL);
  int fd;

  g_assert_cmpint (baton_relay_open_worker (fixture->relay, root), ==, -1);
  g_assert_cmpint (errno, ==, 0);

  baton_event_writer_worker (fixture->writer, getpid (), self->start_time);
  baton_relay_pump (fixture->relay);
  g_assert_cmpstr (fixture->types->str, ==, "");
  fd = baton_relay_open_worker (fixture->relay, root);
  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (close (fd));

  /* The pid is somebody else's by now. */
  baton_event_writer_worker (fixture->writer, getpid (), "1");
  baton_relay_pump (fixture->relay);
  g_assert_cmpint (baton_relay_open_worker (fixture->relay, root), ==, -1);
  g_assert_cmpint (errno, ==, ESRCH);
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/relay/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("appended", test_reads_what_is_appended);
  ADD ("stops-at-the-result", test_stops_at_the_result);
  ADD ("half-a-line", test_half_a_line_hides_no_other);
  ADD ("names-the-worker", test_names_the_worker);

  return g_test_run ();
}
