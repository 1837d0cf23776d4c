/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-event.h"
#include "event-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static BatonEvent *
parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  BatonEvent *event = baton_event_parse (line, -1, &error);

  g_assert_no_error (error);

  return event;
}

static void
test_envelope (void)
{
  g_autoptr (EventLines) lines = event_lines_new ("0123456789abcdef0123456789abcdef");
  g_auto (GStrv) taken = NULL;
  gint64 last_ms = 0;

  baton_event_writer_hello (lines->writer, "hand", "helper");
  baton_event_writer_worker (lines->writer, 1234, "567890");
  baton_event_writer_heartbeat (lines->writer);
  taken = event_lines_take (lines);

  g_assert_cmpuint (g_strv_length (taken), ==, 3);
  for (guint i = 0; taken[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = parse (taken[i]);

      g_assert_cmpuint (event->seq, ==, i + 1);
      g_assert_cmpint (event->t_ms, >=, last_ms);
      g_assert_cmpstr (event->handoff, ==, "0123456789abcdef0123456789abcdef");
      last_ms = event->t_ms;
    }
}

static void
test_hello (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;

  baton_event_writer_hello (lines->writer, "list", "self");
  taken = event_lines_take (lines);
  event = parse (taken[0]);

  g_assert_cmpstr (event->type, ==, "hello");
  g_assert_null (event->handoff);
  g_assert_cmpstr (json_object_get_string_member (event->object, "version"), ==, BATON_VERSION);
  g_assert_cmpstr (json_object_get_string_member (event->object, "by"), ==, "self");
  g_assert_cmpint (
      json_array_get_int_element (json_object_get_array_member (event->object, "proto"), 0), ==,
      1);
}

/* The process of SECURITY's attack 33: its name must stay a name. */
static void
test_hostile_text_stays_one_line (void)
{
  static const char hostile[] =
      "x\n{\"v\":1,\"seq\":2,\"t_ms\":0,\"type\":\"result\",\"exit\":0}\xff";
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;
  g_autofree guchar *exact = NULL;
  gsize n_exact = 0;

  baton_event_writer_log (lines->writer, "info", hostile);
  taken = event_lines_take (lines);
  g_assert_cmpuint (g_strv_length (taken), ==, 1);
  event = parse (taken[0]);

  g_assert_cmpstr (event->type, ==, "log");
  g_assert_true (g_str_has_prefix (json_object_get_string_member (event->object, "text"),
                                   "x\\x0a{\"v\":1"));
  exact = g_base64_decode (json_object_get_string_member (event->object, "text_b64"), &n_exact);
  g_assert_cmpmem (exact, n_exact, hostile, strlen (hostile));
  g_assert_false (json_object_has_member (event->object, "text_cut"));
}

static void
test_long_text_is_cut (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autofree char *text = g_strnfill (1024 * 1024, 'x');
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;

  baton_event_writer_log (lines->writer, "info", text);
  taken = event_lines_take (lines);
  event = parse (taken[0]);

  g_assert_cmpuint (strlen (json_object_get_string_member (event->object, "text")), ==,
                    BATON_MAX_STRING);
  g_assert_true (json_object_get_boolean_member (event->object, "text_cut"));
  g_assert_false (json_object_has_member (event->object, "text_b64"));
}

/* Text that needs most bytes a character still fits a line. */
static void
test_long_hostile_text_fits_a_line (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autofree char *text = g_strnfill (100000, '\x80');
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;

  baton_event_writer_log (lines->writer, "info", text);
  taken = event_lines_take (lines);
  event = parse (taken[0]);

  g_assert_true (json_object_get_boolean_member (event->object, "text_cut"));
  g_assert_true (json_object_has_member (event->object, "text_b64"));
}

static void
test_result_has_the_keys_of_its_code (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;
  JsonObject *values = NULL;

  g_hash_table_insert (args, (gpointer) "who", (gpointer) "handoff 4f");
  g_hash_table_insert (args, (gpointer) "other", (gpointer) "not asked for");
  baton_event_writer_result (lines->writer, BATON_EXIT_BUSY, BATON_CODE_BUSY, args, NULL, 12);
  taken = event_lines_take (lines);
  event = parse (taken[0]);
  values = json_object_get_object_member (event->object, "args");

  g_assert_cmpint (json_object_get_int_member (event->object, "exit"), ==, 11);
  g_assert_cmpstr (json_object_get_string_member (event->object, "state"), ==, "busy");
  g_assert_cmpstr (json_object_get_string_member (event->object, "code"), ==, "busy");
  g_assert_cmpstr (json_object_get_string_member (event->object, "text"), ==,
                   "Another handoff is under way (handoff 4f).");
  g_assert_cmpint (json_object_get_int_member (event->object, "elapsed_ms"), ==, 12);
  g_assert_true (json_object_get_null_member (event->object, "at_step"));
  g_assert_cmpstr (json_object_get_string_member (values, "who"), ==, "handoff 4f");
  g_assert_cmpuint (json_object_get_size (values), ==, 1);
}

static JsonObject *
new_step (guint n, const char *text)
{
  JsonObject *step = json_object_new ();
  g_autofree char *id = g_strdup_printf ("close-process:%u:1", n + 1);

  json_object_set_int_member (step, "n", n);
  json_object_set_string_member (step, "id", id);
  json_object_set_string_member (step, "kind", "close-process");
  json_object_set_string_member (step, "target", strchr (id, ':') + 1);
  json_object_set_null_member (step, "detail");
  json_object_set_null_member (step, "card");
  json_object_set_boolean_member (step, "persistent", FALSE);
  json_object_set_string_member (step, "state", "ok");
  json_object_set_null_member (step, "errno");
  json_object_set_null_member (step, "code");
  json_object_set_null_member (step, "args");
  json_object_set_string_member (step, "text", text);

  return step;
}

static JsonNode *
new_report (guint n_steps, const char *text)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *steps = json_array_new ();
  JsonArray *cards = json_array_new ();
  JsonObject *args = json_object_new ();

  json_array_add_string_element (cards, "0000:01:00.0");
  json_object_set_int_member (object, "exit", 0);
  json_object_set_string_member (object, "state", "done");
  json_object_set_string_member (object, "code", "handed-over");
  json_object_set_string_member (args, "card", "The card");
  json_object_set_object_member (object, "args", args);
  json_object_set_string_member (object, "text", "It is ready.");
  json_object_set_null_member (object, "remedy");
  json_object_set_int_member (object, "elapsed_ms", 2100);
  json_object_set_null_member (object, "at_step");
  json_object_set_array_member (object, "troubles", json_array_new ());
  json_object_set_array_member (object, "cards", cards);
  json_object_set_string_member (object, "to", "guest");
  json_object_set_array_member (object, "durations", json_array_new ());
  json_object_set_int_member (object, "uid", 1000);
  json_object_set_string_member (object, "boot_id", "8d7f5c2e-4b0a-4d59-9a0e-1f2f3a4b5c6d");
  json_object_set_int_member (object, "at", 1764000000);

  for (guint i = 0; i < n_steps; i++)
    {
      json_array_add_object_element (steps, new_step (i + 1, text));
    }
  json_object_set_array_member (object, "steps", steps);

  return json_node_init_object (json_node_alloc (), object);
}

static void
test_long_lists_go_on (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autofree char *text = g_strnfill (500, 'x');
  g_autoptr (JsonNode) report = new_report (500, text);
  g_auto (GStrv) taken = NULL;
  guint n_steps = 0;

  baton_event_writer_report (lines->writer, report);
  taken = event_lines_take (lines);
  g_assert_cmpuint (g_strv_length (taken), >, 10);

  for (guint i = 0; taken[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = parse (taken[i]);
      JsonArray *steps = json_object_get_array_member (event->object, "steps");

      g_assert_cmpuint (event->seq, ==, i + 1);
      g_assert_cmpint (json_object_get_int_member (event->object, "snap"), ==, 1);
      g_assert_cmpint (json_object_get_boolean_member (event->object, "more"), ==,
                       taken[i + 1] != NULL);
      g_assert_cmpstr (json_object_get_string_member (event->object, "to"), ==, "guest");

      for (guint j = 0; j < json_array_get_length (steps); j++)
        g_assert_cmpint (
            json_object_get_int_member (json_array_get_object_element (steps, j), "n"), ==,
            ++n_steps);
    }
  g_assert_cmpuint (n_steps, ==, 500);
}

static void
test_short_list_is_one_line (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_auto (GStrv) taken = NULL;

  for (guint n_steps = 0; n_steps < 2; n_steps++)
    {
      g_autoptr (JsonNode) report = new_report (n_steps, "fine");

      baton_event_writer_report (lines->writer, report);
    }
  taken = event_lines_take (lines);

  g_assert_cmpuint (g_strv_length (taken), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (BatonEvent) event = parse (taken[i]);

      g_assert_cmpint (json_object_get_int_member (event->object, "snap"), ==, i + 1);
      g_assert_false (json_object_get_boolean_member (event->object, "more"));
      g_assert_cmpuint (
          json_array_get_length (json_object_get_array_member (event->object, "steps")), ==, i);
    }
}

/* One item alone is longer than a line may be: it is said in part. */
static void
test_huge_item_is_cut (void)
{
  static const char *const keys[] = { "target", "detail", "text" };
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autofree char *text = g_strnfill (100000, '\x01');
  g_autoptr (JsonNode) report = new_report (1, text);
  JsonArray *steps = json_object_get_array_member (json_node_get_object (report), "steps");
  JsonObject *step = json_array_get_object_element (steps, 0);
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    json_object_set_string_member (step, keys[i], text);

  baton_event_writer_report (lines->writer, report);
  taken = event_lines_take (lines);
  g_assert_cmpuint (g_strv_length (taken), ==, 1);
  event = parse (taken[0]);
  steps = json_object_get_array_member (event->object, "steps");
  g_assert_cmpuint (json_array_get_length (steps), ==, 1);
  step = json_array_get_object_element (steps, 0);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *cut = g_strconcat (keys[i], "_cut", NULL);

      g_assert_true (json_object_get_boolean_member (step, cut));
      g_assert_cmpuint (strlen (json_object_get_string_member (step, keys[i])), >, 500);
    }
}

/* A report tells of a handoff that has ended: whoever passes it on is in another, or in none. */
static void
test_report_keeps_its_handoff (void)
{
  g_autoptr (EventLines) lines = event_lines_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (JsonNode) report = new_report (1, "fine");
  g_auto (GStrv) taken = NULL;
  g_autoptr (BatonEvent) event = NULL;

  json_object_set_string_member (json_node_get_object (report), "handoff",
                                 "fedcba9876543210fedcba9876543210");
  baton_event_writer_report (lines->writer, report);
  taken = event_lines_take (lines);
  event = parse (taken[0]);

  g_assert_cmpstr (event->handoff, ==, "fedcba9876543210fedcba9876543210");
  g_assert_null (strstr (taken[0], "0123456789abcdef"));
}

static void
test_relay_renumbers (void)
{
  g_autoptr (EventLines) from = event_lines_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (EventLines) to = event_lines_new (NULL);
  g_auto (GStrv) written = NULL;
  g_auto (GStrv) relayed = NULL;

  baton_event_writer_hello (to->writer, "watch", "helper");
  baton_event_writer_log (from->writer, "info", "caf\xc3\xa9 \xf0\x9f\x8e\xae \033[0m");
  baton_event_writer_heartbeat (from->writer);
  written = event_lines_take (from);
  for (guint i = 0; written[i] != NULL; i++)
    g_assert_true (baton_event_writer_relay (to->writer, written[i], -1));
  relayed = event_lines_take (to);

  g_assert_cmpuint (g_strv_length (relayed), ==, 3);
  for (guint i = 0; written[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) before = parse (written[i]);
      g_autoptr (BatonEvent) after = parse (relayed[i + 1]);
      const char *rest_before = strstr (written[i], "\"t_ms\"");
      const char *rest_after = strstr (relayed[i + 1], "\"t_ms\"");

      g_assert_cmpuint (after->seq, ==, i + 2);
      g_assert_cmpstr (rest_after, ==, rest_before);
    }
}

static void
test_relay_refuses_what_is_no_event (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_auto (GStrv) taken = NULL;

  g_assert_false (baton_event_writer_relay (lines->writer, "half a li", -1));
  g_assert_false (baton_event_writer_relay (lines->writer, "", 0));
  baton_event_writer_heartbeat (lines->writer);
  taken = event_lines_take (lines);
  g_assert_cmpuint (g_strv_length (taken), ==, 1);
}

static void
test_reader_that_is_gone (void)
{
  int fds[2];
  BatonEventWriter *writer = NULL;

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  writer = baton_event_writer_new (fds[1], NULL);
  baton_event_writer_heartbeat (writer);
  g_assert_false (baton_event_writer_is_gone (writer));

  close (fds[0]);
  baton_event_writer_heartbeat (writer);
  g_assert_true (baton_event_writer_is_gone (writer));
  baton_event_writer_heartbeat (writer);

  baton_event_writer_free (writer);
  close (fds[1]);
}

/* What fails for want of room is no reader that is gone, and half a line spoils none after it. */
static void
test_full_disk_is_not_the_end (void)
{
  int full = open ("/dev/full", O_WRONLY | O_CLOEXEC);
  BatonEventWriter *writer = baton_event_writer_new (full, NULL);

  g_assert_cmpint (full, >=, 0);
  baton_event_writer_heartbeat (writer);
  g_assert_false (baton_event_writer_is_gone (writer));

  baton_event_writer_free (writer);
  close (full);
}

static void
test_a_descriptor_that_does_not_block (void)
{
  enum
  {
    N_LINES = 4000
  };
  int fds[2];
  pid_t child = 0;
  int status = 0;
  BatonEventWriter *writer = NULL;

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      close (fds[0]);
      writer = baton_event_writer_new (fds[1], NULL);
      for (guint i = 0; i < N_LINES; i++)
        baton_event_writer_heartbeat (writer);
      _exit (baton_event_writer_is_gone (writer) ? 1 : 0);
    }

  close (fds[1]);
  g_assert_cmpint (fcntl (fds[0], F_SETFL, 0), ==, 0);
  {
    FILE *stream = fdopen (fds[0], "r");
    char line[4096];
    guint64 n_lines = 0;

    while (fgets (line, sizeof line, stream) != NULL)
      {
        g_autoptr (BatonEvent) event = parse (line);

        g_assert_cmpuint (event->seq, ==, ++n_lines);
      }
    g_assert_cmpuint (n_lines, ==, N_LINES);
    fclose (stream);
    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  }
}

typedef struct
{
  const char *what;
  const char *line;
  gssize length;
  int code;
} RefuseRow;

#define ENVELOPE "\"v\":1,\"seq\":1,\"t_ms\":5,\"type\":\"log\""

static const RefuseRow refuse_rows[] = {
  { "empty", "", -1, BATON_ERROR_PARSE },
  { "white space", " \t", -1, BATON_ERROR_PARSE },
  { "an array", "[]", -1, BATON_ERROR_PARSE },
  { "a number", "17", -1, BATON_ERROR_PARSE },
  { "half an object", "{" ENVELOPE, -1, BATON_ERROR_PARSE },
  { "two objects", "{" ENVELOPE "}{" ENVELOPE "}", -1, BATON_ERROR_PARSE },
  { "something behind", "{" ENVELOPE "} x", -1, BATON_ERROR_PARSE },
  { "an assignment", "var x = {" ENVELOPE "}", -1, BATON_ERROR_PARSE },
  { "a comment", "{/* x */" ENVELOPE "}", -1, BATON_ERROR_PARSE },
  { "wrong brackets", "{" ENVELOPE ",\"a\":[}]", -1, BATON_ERROR_PARSE },
  { "an end too many", "}", -1, BATON_ERROR_PARSE },
  { "a string that goes on", "{" ENVELOPE ",\"a\":\"", -1, BATON_ERROR_PARSE },
  { "an escape at the end", "{\"\\", -1, BATON_ERROR_PARSE },
  { "a NUL", "{" ENVELOPE ",\"a\":\"\0\"}", sizeof ("{" ENVELOPE ",\"a\":\"\0\"}") - 1,
    BATON_ERROR_PARSE },
  { "not UTF-8", "{" ENVELOPE ",\"a\":\"\xff\"}", -1, BATON_ERROR_PARSE },
  { "no version", "{\"seq\":1,\"t_ms\":5,\"type\":\"log\"}", -1, BATON_ERROR_PARSE },
  { "version as text", "{\"v\":\"1\",\"seq\":1,\"t_ms\":5,\"type\":\"log\"}", -1,
    BATON_ERROR_PARSE },
  { "version 2", "{\"v\":2,\"seq\":1,\"t_ms\":5,\"type\":\"log\"}", -1, BATON_ERROR_MISMATCH },
  { "no seq", "{\"v\":1,\"t_ms\":5,\"type\":\"log\"}", -1, BATON_ERROR_PARSE },
  { "seq 0", "{\"v\":1,\"seq\":0,\"t_ms\":5,\"type\":\"log\"}", -1, BATON_ERROR_PARSE },
  { "seq with a point", "{\"v\":1,\"seq\":1.5,\"t_ms\":5,\"type\":\"log\"}", -1,
    BATON_ERROR_PARSE },
  { "no time", "{\"v\":1,\"seq\":1,\"type\":\"log\"}", -1, BATON_ERROR_PARSE },
  { "no type", "{\"v\":1,\"seq\":1,\"t_ms\":5}", -1, BATON_ERROR_PARSE },
  { "null type", "{\"v\":1,\"seq\":1,\"t_ms\":5,\"type\":null}", -1, BATON_ERROR_PARSE },
};

static void
test_parse_refuses (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refuse_rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", refuse_rows[i].what);
      g_assert_null (baton_event_parse (refuse_rows[i].line, refuse_rows[i].length, &error));
      g_assert_error (error, BATON_ERROR, refuse_rows[i].code);
    }
}

static void
test_parse_refuses_depth_and_length (void)
{
  g_autofree char *brackets = g_strnfill (50000, '[');
  g_autofree char *deep = g_strdup_printf ("{" ENVELOPE ",\"a\":%s", brackets);
  g_autofree char *text = g_strnfill (BATON_MAX_LINE_IN, 'x');
  g_autofree char *lengthy = g_strdup_printf ("{" ENVELOPE ",\"a\":\"%s\"}", text);
  g_autoptr (GError) error = NULL;

  g_assert_null (baton_event_parse (deep, -1, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_clear_error (&error);

  g_assert_null (baton_event_parse (lengthy, -1, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_TOO_LARGE);
}

static void
test_parse_keeps_what_is_unknown (void)
{
  g_autoptr (BatonEvent) event = parse (
      "{\"v\":1,\"seq\":7,\"t_ms\":5,\"type\":\"weather\",\"sky\":{\"clouds\":[3,null]}}");

  g_assert_cmpstr (event->type, ==, "weather");
  g_assert_cmpuint (event->seq, ==, 7);
  g_assert_true (json_object_has_member (event->object, "sky"));
}

static void
test_parse_survives_huge_numbers (void)
{
  static const char *const numbers[] = {
    "99999999999999999999999999", "-99999999999999999999999999", "1e999", "-1e999",
    "0.000000000000000000000001", "9223372036854775807",
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *line = g_strdup_printf ("{" ENVELOPE ",\"n\":%s}", numbers[i]);
      g_autoptr (BatonEvent) event = baton_event_parse (line, -1, NULL);

      g_test_message ("%s", numbers[i]);
      if (event != NULL)
        g_assert_cmpuint (event->seq, ==, 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  signal (SIGPIPE, SIG_IGN);
  g_test_add_func ("/core/event/envelope", test_envelope);
  g_test_add_func ("/core/event/hello", test_hello);
  g_test_add_func ("/core/event/hostile-text/stays-one-line", test_hostile_text_stays_one_line);
  g_test_add_func ("/core/event/hostile-text/fits-a-line", test_long_hostile_text_fits_a_line);
  g_test_add_func ("/core/event/long-text-is-cut", test_long_text_is_cut);
  g_test_add_func ("/core/event/result/keys-of-its-code", test_result_has_the_keys_of_its_code);
  g_test_add_func ("/core/event/list/goes-on", test_long_lists_go_on);
  g_test_add_func ("/core/event/list/one-line", test_short_list_is_one_line);
  g_test_add_func ("/core/event/list/huge-item-is-cut", test_huge_item_is_cut);
  g_test_add_func ("/core/event/report/keeps-its-handoff", test_report_keeps_its_handoff);
  g_test_add_func ("/core/event/relay/renumbers", test_relay_renumbers);
  g_test_add_func ("/core/event/relay/refuses", test_relay_refuses_what_is_no_event);
  g_test_add_func ("/core/event/reader-is-gone", test_reader_that_is_gone);
  g_test_add_func ("/core/event/full-disk", test_full_disk_is_not_the_end);
  g_test_add_func ("/core/event/non-blocking", test_a_descriptor_that_does_not_block);
  g_test_add_func ("/core/event/parse/refuses", test_parse_refuses);
  g_test_add_func ("/core/event/parse/refuses-depth-and-length",
                   test_parse_refuses_depth_and_length);
  g_test_add_func ("/core/event/parse/keeps-unknown", test_parse_keeps_what_is_unknown);
  g_test_add_func ("/core/event/parse/huge-numbers", test_parse_survives_huge_numbers);

  return g_test_run ();
}
