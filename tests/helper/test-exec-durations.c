/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "baton-durations.h"
#include "baton-json.h"
#include "baton-report.h"
#include "fake-kernel.h"
#include "handoff-story.h"

/* How long a handoff took is remembered for each card and side, through the reports of others. */

#define OTHER "0000:02:00.0"

/* Returns: (transfer full): "CARD TO" of each duration that the report has, in its order */
static char *
dup_known (Story *story)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = baton_report_load (story->root, &error);
  JsonArray *durations;
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  durations = baton_json_get_array (json_node_get_object (report), "durations");
  g_assert_nonnull (durations);
  for (guint i = 0; i < baton_json_count (durations); i++)
    {
      JsonObject *duration = baton_json_nth_object (durations, i);

      g_assert_cmpint (baton_json_get_int (duration, "elapsed_ms", -1), >=, 0);
      g_string_append_printf (text, "%s %s\n", baton_json_get_string (duration, "card"),
                              baton_json_get_string (duration, "to"));
    }

  return g_string_free (text, FALSE);
}

static void
assert_known (Story *story, const char *expected)
{
  g_autofree char *known = dup_known (story);

  g_assert_cmpstr (known, ==, expected);
}

static void
test_both_ways (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_known (&story, FAKE_CARD " guest\n");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_known (&story, FAKE_CARD " host\n" FAKE_CARD " guest\n");

  /* What was put back took the time of something else. */
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_REFUSE, ENOMEM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  assert_known (&story, FAKE_CARD " host\n" FAKE_CARD " guest\n");

  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_known (&story, FAKE_CARD " guest\n" FAKE_CARD " host\n");
}

/* The last report is a file: whatever is in it, what is kept of it is what a duration is. */
static void
test_what_is_in_the_last_report (void)
{
  static const char last[] =
      "{\"durations\":[{\"card\":\"" OTHER "\",\"to\":\"host\",\"elapsed_ms\":7},"
      "{\"card\":\"" OTHER "\",\"to\":\"host\",\"elapsed_ms\":8},"
      "{\"card\":\"" OTHER "\",\"to\":\"split\",\"elapsed_ms\":7},"
      "{\"card\":\"../etc\",\"to\":\"host\",\"elapsed_ms\":7},"
      "{\"card\":\"" OTHER "\",\"to\":\"guest\",\"elapsed_ms\":-7},"
      "{\"card\":\"" FAKE_CARD "\",\"to\":\"guest\",\"elapsed_ms\":7},"
      "{\"card\":7,\"to\":[],\"elapsed_ms\":\"7\"},7,null,{}]}";
  static const char *const others[] = { "{\"durations\":{}}", "[]", "{", "" };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_machine_write (story.machine, "var/lib/baton/report.json", last);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_known (&story, FAKE_CARD " guest\n" OTHER " host\n");

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      const char *side = i % 2 == 0 ? "host" : "guest";
      g_autofree char *expected = g_strdup_printf (FAKE_CARD " %s\n", side);

      mock_machine_write (story.machine, "var/lib/baton/report.json", others[i]);
      g_assert_cmpint (story_hand (&story, side), ==, BATON_EXIT_DONE);
      assert_known (&story, expected);
    }
}

/* Cards come and go, and a file for each login does not grow for ever: the latest are kept. */
static void
test_bounded (void)
{
  g_autoptr (JsonArray) durations = json_array_new ();
  JsonObject *first;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf (
          "[{\"card\":\"0000:%02x:00.0\",\"to\":\"guest\",\"elapsed_ms\":%u}]", i, i);
      g_autoptr (JsonNode) latest = json_from_string (text, NULL);
      JsonArray *known = json_array_ref (json_node_get_array (latest));

      baton_durations_add_older (known, durations);
      json_array_unref (durations);
      durations = known;
    }
  g_assert_cmpuint (baton_json_count (durations), ==, 16);
  first = baton_json_nth_object (durations, 0);
  g_assert_cmpint (baton_json_get_int (first, "elapsed_ms", -1), ==, 99);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/durations/both-ways", test_both_ways);
  g_test_add_func ("/helper/durations/last-report", test_what_is_in_the_last_report);
  g_test_add_func ("/helper/durations/bounded", test_bounded);

  return g_test_run ();
}
