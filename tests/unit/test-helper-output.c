/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-output.h"
#include "baton-json.h"

#include <string.h>

#define LINE "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":"
#define HELLO LINE "\"hello\",\"proto\":[1]}\n"

static void
push (BatonHelperOutput *output, const char *text)
{
  baton_helper_output_push (output, text, strlen (text));
}

static void
test_nothing_is_believed_before_the_greeting (void)
{
  g_autoptr (BatonHelperOutput) output = baton_helper_output_new ();
  g_autofree char *line = NULL;

  push (output, LINE "\"result\",\"exit\":0}\n");
  g_assert_null (baton_helper_output_pop (output, &line));
  g_assert_null (line);
  g_assert_null (baton_helper_output_get_result (output));
  g_assert_false (baton_helper_output_is_greeted (output));
}

static void
test_another_version_is_not_believed (void)
{
  g_autoptr (BatonHelperOutput) output = baton_helper_output_new ();
  g_autofree char *line = NULL;

  push (output, LINE "\"hello\",\"proto\":[2]}\n" LINE "\"result\",\"exit\":0}\n");
  g_assert_null (baton_helper_output_pop (output, &line));
  g_assert_true (baton_helper_output_is_mismatch (output));
  g_assert_null (baton_helper_output_get_result (output));
}

/* However it came there: a name that clears the screen, or writes the rest from right to left. */
static void
test_strings_are_fit_to_be_shown (void)
{
  static const char hostile[] = LINE "\"holders\",\"holders\":[{\"name\":\"a\\u001b[2Jb\","
                                     "\"nodes\":[\"\\u202ex\"]}],\"reason\":\"fine\"}";
  g_autoptr (BatonHelperOutput) output = baton_helper_output_new ();
  g_autoptr (BatonEvent) hello = NULL;
  g_autoptr (BatonEvent) event = NULL;
  g_autofree char *hello_line = NULL;
  g_autofree char *line = NULL;
  g_autofree char *nodes = NULL;
  JsonObject *holder;

  push (output, HELLO);
  push (output, hostile);
  push (output, "\n");
  hello = baton_helper_output_pop (output, &hello_line);
  event = baton_helper_output_pop (output, &line);
  g_assert_nonnull (hello);
  g_assert_nonnull (event);

  holder = baton_json_nth_object (baton_json_get_array (event->object, "holders"), 0);
  nodes = baton_json_join_strings (baton_json_get_array (holder, "nodes"), ", ");
  g_assert_cmpstr (baton_json_get_string (holder, "name"), ==, "a\\x1b[2Jb");
  g_assert_cmpstr (nodes, ==, "\\u202ex");
  g_assert_cmpstr (baton_json_get_string (event->object, "reason"), ==, "fine");
  /* a program gets what was written */
  g_assert_cmpstr (line, ==, hostile);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/helper-output/greeting",
                   test_nothing_is_believed_before_the_greeting);
  g_test_add_func ("/client/helper-output/version", test_another_version_is_not_believed);
  g_test_add_func ("/client/helper-output/clean", test_strings_are_fit_to_be_shown);

  return g_test_run ();
}
