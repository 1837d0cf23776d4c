/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"
#include "mock-machine.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CARD "0000:01:00.0"

typedef struct
{
  MockMachine *mock;
  BatonEventWriter *writer;
  char *path;
  int fd;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->mock = mock_machine_new ();
  mock_machine_add_gpu (fixture->mock, "0000:00:02.0", "1");
  mock_machine_add_gpu (fixture->mock, CARD, "2");
  fixture->fd = g_file_open_tmp ("baton-front-plan-XXXXXX", &fixture->path, &error);
  g_assert_no_error (error);
  fixture->writer = baton_event_writer_new (fixture->fd, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_event_writer_free (fixture->writer);
  g_assert_no_errno (close (fixture->fd));
  g_assert_no_errno (g_unlink (fixture->path));
  g_free (fixture->path);
  mock_machine_free (fixture->mock);
}

/* Runs the verb and gives its lines back, each parsed. */
static GPtrArray *
plan (Fixture *fixture, int expected_status, ...)
{
  const BatonCaller caller = { 1000, TRUE };
  BatonFront front = { mock_machine_get_root (fixture->mock), &caller, fixture->writer,
                       g_get_monotonic_time () };
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_event_free);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  const char *argument;
  va_list list;

  va_start (list, expected_status);
  do
    {
      argument = va_arg (list, const char *);
      g_ptr_array_add (arguments, (gpointer) argument);
    }
  while (argument != NULL);
  va_end (list);

  g_assert_cmpint (baton_front_plan (&front, (const char *const *) arguments->pdata), ==,
                   expected_status);
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (events, baton_event_parse (lines[i], -1, &error));
      g_assert_no_error (error);
    }

  return events;
}

static void
assert_types (GPtrArray *events, const char *expected)
{
  g_autoptr (GString) types = g_string_new (NULL);

  for (guint i = 0; i < events->len; i++)
    g_string_append_printf (types, "%s ", ((BatonEvent *) g_ptr_array_index (events, i))->type);
  g_assert_cmpstr (types->str, ==, expected);
}

static const char *
get_member (GPtrArray *events, const char *type, const char *key)
{
  for (guint i = 0; i < events->len; i++)
    {
      BatonEvent *event = g_ptr_array_index (events, i);

      if (g_str_equal (event->type, type))
        return json_object_get_string_member (event->object, key);
    }

  return NULL;
}

static void
test_shows_all_that_a_handoff_would_be (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) events = plan (fixture, BATON_EXIT_DONE, "guest", CARD, NULL);

  assert_types (events, "machine holders holders plan result ");
  g_assert_cmpstr (get_member (events, "result", "code"), ==, "plan-ready");
  g_assert_cmpuint (strlen (get_member (events, "plan", "digest")), ==, 64);
}

static void
test_takes_what_hand_takes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) first = plan (fixture, BATON_EXIT_DONE, "guest", CARD, NULL);
  g_autoptr (GPtrArray) second =
      plan (fixture, BATON_EXIT_DONE, "guest", CARD, "--close", "4711:1", "--expect",
            get_member (first, "plan", "digest"), NULL);
  const BatonEvent *last = g_ptr_array_index (second, second->len - 1);

  /* The consents to close something are not part of what is agreed to. */
  g_assert_cmpstr (json_object_get_string_member (last->object, "code"), ==, "plan-ready");
  g_assert_cmpstr (get_member (first, "plan", "digest"), ==,
                   get_member (second, "plan", "digest"));
}

static void
test_says_that_there_is_nothing_to_do (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) events = plan (fixture, BATON_EXIT_DONE, "host", CARD, NULL);

  g_assert_cmpstr (get_member (events, "result", "code"), ==, "nothing-to-do");
  g_assert_null (strstr (get_member (events, "result", "text"), CARD));
}

static void
test_refuses_with_a_plan (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) events =
      plan (fixture, BATON_EXIT_REFUSED, "guest", "0000:09:00.0", NULL);

  assert_types (events, "machine holders holders plan result ");
  g_assert_cmpstr (get_member (events, "result", "code"), ==, "refused");
}

static void
test_refuses_arguments_before_it_looks (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) events = plan (fixture, BATON_EXIT_BAD_REQUEST, "guest", NULL);

  assert_types (events, "result ");
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/plan/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("whole", test_shows_all_that_a_handoff_would_be);
  ADD ("takes-what-hand-takes", test_takes_what_hand_takes);
  ADD ("nothing-to-do", test_says_that_there_is_nothing_to_do);
  ADD ("refuses-with-a-plan", test_refuses_with_a_plan);
  ADD ("refuses-arguments", test_refuses_arguments_before_it_looks);

  return g_test_run ();
}
