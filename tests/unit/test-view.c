/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-view.h"

#define CARD_A "{\"address\":\"0000:01:00.0\"}"
#define CARD_B "{\"address\":\"0000:02:00.0\"}"

static guint
feed (BatonView *view, const char *rest)
{
  static guint64 seq = 0;
  g_autofree char *line =
      g_strdup_printf ("{\"v\":1,\"seq\":%" G_GUINT64_FORMAT ",\"t_ms\":1,%s}", ++seq, rest);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEvent) event = baton_event_parse (line, -1, &error);

  g_assert_no_error (error);

  return baton_view_feed (view, event);
}

static void
test_knows_nothing_at_first (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  g_assert_null (baton_view_get_hello (view));
  g_assert_null (baton_view_get_machine (view));
  g_assert_null (baton_view_get_cards (view));
  g_assert_null (baton_view_get_groups (view));
  g_assert_null (baton_view_find_card (view, "0000:01:00.0"));
  g_assert_null (baton_view_get_holders (view, "0000:01:00.0"));
  g_assert_null (baton_view_get_plan (view));
  g_assert_cmpuint (json_array_get_length (baton_view_get_step_events (view)), ==, 0);
  g_assert_null (baton_view_get_report (view));
  g_assert_null (baton_view_get_result (view));
  g_assert_null (baton_view_get_handoff (view));
}

static void
test_one_line_is_whole (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  g_assert_cmpuint (feed (view, "\"type\":\"hello\",\"by\":\"self\""), ==, BATON_VIEW_HELLO);
  g_assert_cmpuint (feed (view, "\"type\":\"machine\",\"snap\":1,\"more\":false,"
                                "\"cards\":[" CARD_A "],\"groups\":[]"),
                    ==, BATON_VIEW_MACHINE);
  g_assert_nonnull (baton_view_find_card (view, "0000:01:00.0"));
  g_assert_null (baton_view_find_card (view, "0000:02:00.0"));
  g_assert_cmpuint (json_array_get_length (baton_view_get_groups (view)), ==, 0);
}

static void
test_list_replaces_when_its_last_line_has_come (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  feed (view,
        "\"type\":\"machine\",\"snap\":1,\"more\":false,\"cards\":[" CARD_A "],\"groups\":[]");
  g_assert_cmpuint (feed (view, "\"type\":\"machine\",\"snap\":2,\"more\":true,"
                                "\"cards\":[" CARD_B "],\"groups\":[]"),
                    ==, BATON_VIEW_NOTHING);
  g_assert_nonnull (baton_view_find_card (view, "0000:01:00.0"));
  g_assert_null (baton_view_find_card (view, "0000:02:00.0"));

  g_assert_cmpuint (feed (view, "\"type\":\"machine\",\"snap\":2,\"more\":false,"
                                "\"cards\":[],\"groups\":[{\"id\":\"7\"}]"),
                    ==, BATON_VIEW_MACHINE);
  g_assert_null (baton_view_find_card (view, "0000:01:00.0"));
  g_assert_nonnull (baton_view_find_card (view, "0000:02:00.0"));
  g_assert_cmpuint (json_array_get_length (baton_view_get_groups (view)), ==, 1);
}

/* Whoever wrote the first half began anew: it is not part of what follows. */
static void
test_half_a_list_is_dropped (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  feed (view,
        "\"type\":\"machine\",\"snap\":1,\"more\":true,\"cards\":[" CARD_A "],\"groups\":[]");
  feed (view,
        "\"type\":\"machine\",\"snap\":2,\"more\":false,\"cards\":[" CARD_B "],\"groups\":[]");

  g_assert_null (baton_view_find_card (view, "0000:01:00.0"));
  g_assert_nonnull (baton_view_find_card (view, "0000:02:00.0"));
}

static void
test_holders_belong_to_a_card (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  feed (view, "\"type\":\"machine\",\"snap\":1,\"more\":false,"
              "\"cards\":[" CARD_A "," CARD_B "],\"groups\":[]");
  feed (view, "\"type\":\"holders\",\"snap\":2,\"more\":true,\"card\":\"0000:01:00.0\","
              "\"holders\":[{\"pid\":7}],\"modules\":[]");
  g_assert_cmpuint (feed (view, "\"type\":\"holders\",\"snap\":3,\"more\":false,"
                                "\"card\":\"0000:02:00.0\",\"holders\":[],\"modules\":[]"),
                    ==, BATON_VIEW_HOLDERS);
  g_assert_null (baton_view_get_holders (view, "0000:01:00.0"));
  feed (view, "\"type\":\"holders\",\"snap\":2,\"more\":false,\"card\":\"0000:01:00.0\","
              "\"holders\":[{\"pid\":8}],\"modules\":[]");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                        baton_view_get_holders (view, "0000:01:00.0"), "holders")),
                    ==, 2);

  feed (view,
        "\"type\":\"machine\",\"snap\":4,\"more\":false,\"cards\":[" CARD_A "],\"groups\":[]");
  g_assert_nonnull (baton_view_get_holders (view, "0000:01:00.0"));
  g_assert_null (baton_view_get_holders (view, "0000:02:00.0"));
}

static void
test_handoff_begins_and_ends (void)
{
  g_autoptr (BatonView) view = baton_view_new ();

  feed (view, "\"type\":\"report\",\"handoff\":\"aa\",\"snap\":1,\"more\":false,\"steps\":[]");
  g_assert_null (baton_view_get_handoff (view));

  feed (view, "\"type\":\"worker\",\"handoff\":\"bb\",\"pid\":9,\"start_time\":\"1\"");
  g_assert_cmpstr (baton_view_get_handoff (view), ==, "bb");
  g_assert_cmpuint (
      feed (view, "\"type\":\"step\",\"handoff\":\"bb\",\"n\":1,\"state\":\"start\""), ==,
      BATON_VIEW_STEP);
  g_assert_cmpuint (feed (view, "\"type\":\"heartbeat\",\"handoff\":\"bb\""), ==,
                    BATON_VIEW_HEARTBEAT);
  g_assert_cmpuint (feed (view, "\"type\":\"result\",\"handoff\":\"bb\",\"exit\":0"), ==,
                    BATON_VIEW_RESULT);
  g_assert_null (baton_view_get_handoff (view));
  g_assert_nonnull (baton_view_get_result (view));
  g_assert_cmpuint (json_array_get_length (baton_view_get_step_events (view)), ==, 1);

  feed (view, "\"type\":\"log\",\"handoff\":\"cc\",\"level\":\"info\",\"text\":\"x\"");
  g_assert_cmpstr (baton_view_get_handoff (view), ==, "cc");
  g_assert_null (baton_view_get_result (view));
  g_assert_cmpuint (json_array_get_length (baton_view_get_step_events (view)), ==, 0);

  g_assert_cmpuint (feed (view,
                          "\"type\":\"report\",\"handoff\":\"cc\",\"snap\":2,\"more\":false,"
                          "\"steps\":[]"),
                    ==, BATON_VIEW_REPORT);
  g_assert_null (baton_view_get_handoff (view));
}

static void
test_nonsense_changes_nothing (void)
{
  static const char *const rows[] = {
    "\"type\":\"weather\"",
    "\"type\":\"holders\",\"snap\":1,\"more\":false",
    "\"type\":\"holders\",\"card\":7",
    "\"type\":\"machine\",\"snap\":{},\"more\":true,\"cards\":{},\"groups\":[[]]",
  };
  g_autoptr (BatonView) view = baton_view_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i]);
      g_assert_cmpuint (feed (view, rows[i]), ==, BATON_VIEW_NOTHING);
    }

  g_assert_cmpuint (feed (view, "\"type\":\"machine\",\"cards\":7"), ==, BATON_VIEW_MACHINE);
  g_assert_null (baton_view_get_cards (view));
  feed (view, "\"type\":\"machine\",\"cards\":[7,{\"address\":{}}]");
  g_assert_null (baton_view_find_card (view, "0000:01:00.0"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/view/knows-nothing", test_knows_nothing_at_first);
  g_test_add_func ("/core/view/one-line", test_one_line_is_whole);
  g_test_add_func ("/core/view/list/replaces", test_list_replaces_when_its_last_line_has_come);
  g_test_add_func ("/core/view/list/half-is-dropped", test_half_a_list_is_dropped);
  g_test_add_func ("/core/view/holders", test_holders_belong_to_a_card);
  g_test_add_func ("/core/view/handoff", test_handoff_begins_and_ends);
  g_test_add_func ("/core/view/nonsense", test_nonsense_changes_nothing);

  return g_test_run ();
}
