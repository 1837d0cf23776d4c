/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-client-result.h"
#include "baton-watch.h"

#include <glib/gstdio.h>

#define HELLO                                                                                  \
  "echo '{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","    \
  "\"verb\":\"watch\",\"by\":\"helper\"}'\n"
#define MACHINE(seq, cards)                                                                    \
  "echo '{\"v\":1,\"seq\":" seq ",\"t_ms\":1,\"type\":\"machine\",\"snap\":" seq               \
  ",\"more\":false,\"iommu\":{\"enabled\":true,\"kind\":\"intel\",\"reason\":null,"            \
  "\"detail\":null},\"cards\":[" cards "],\"groups\":[]}'\n"
#define CARD "{\"address\":\"0000:01:00.0\"}"

/* A watch whose helper is a shell script of a few lines. */
typedef struct
{
  char *directory;
  char *path;
  BatonHelperClient *client;
  BatonWatch *watch;
  GMainLoop *loop;
  guint wanted;
  guint seen;
} Story;

static void
on_changed_cb (BatonWatch *watch, guint what, gpointer user_data)
{
  Story *story = user_data;

  story->seen |= what;
  if ((story->seen & story->wanted) == story->wanted)
    g_main_loop_quit (story->loop);
}

static void
set_script (Story *story, const char *script)
{
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, NULL);

  g_assert_true (
      g_file_set_contents_full (story->path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

static Story *
story_new (const char *script)
{
  static const char *const directly[] = { NULL };
  Story *story = g_new0 (Story, 1);

  story->directory = g_dir_make_tmp ("baton-watch-XXXXXX", NULL);
  story->path = g_build_filename (story->directory, "helper", NULL);
  story->loop = g_main_loop_new (NULL, FALSE);
  if (script != NULL)
    set_script (story, script);

  story->client = baton_helper_client_new_for_command (directly, story->path);
  story->watch = baton_watch_new_for_client (story->client);
  g_signal_connect (story->watch, "changed", G_CALLBACK (on_changed_cb), story);

  return story;
}

static void
wait_for (Story *story, guint wanted)
{
  story->seen = 0;
  story->wanted = wanted;
  g_main_loop_run (story->loop);
}

/* Whatever is still under way keeps the watch: it ends before the story does. */
static void
story_free (Story *story)
{
  baton_watch_stop (story->watch);
  while (g_main_context_iteration (NULL, FALSE))
    continue;

  g_remove (story->path);
  g_rmdir (story->directory);
  g_free (story->path);
  g_free (story->directory);
  g_object_unref (story->watch);
  g_object_unref (story->client);
  g_main_loop_unref (story->loop);
  g_free (story);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Story, story_free)

static const char *
get_by (Story *story)
{
  return json_object_get_string_member (
      baton_view_get_hello (baton_watch_get_view (story->watch)), "by");
}

static void
test_watches_through_the_helper (void)
{
  g_autoptr (Story) story = story_new (HELLO MACHINE ("2", CARD) "exec cat >/dev/null");

  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_HELLO | BATON_VIEW_MACHINE);

  g_assert_cmpstr (get_by (story), ==, "helper");
  g_assert_nonnull (baton_view_find_card (baton_watch_get_view (story->watch), "0000:01:00.0"));
  g_assert_null (baton_watch_get_problem (story->watch));
}

static void
test_a_look_is_asked_for (void)
{
  g_autoptr (Story) story = story_new (
      HELLO MACHINE ("2", "") "read line\n[ \"$line\" = '{\"look\":true}' ] && " MACHINE (
          "3", CARD) "exec cat >/dev/null");

  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_MACHINE);
  g_assert_null (baton_view_find_card (baton_watch_get_view (story->watch), "0000:01:00.0"));

  baton_watch_look (story->watch);
  wait_for (story, BATON_VIEW_MACHINE);
  g_assert_nonnull (baton_view_find_card (baton_watch_get_view (story->watch), "0000:01:00.0"));
}

typedef struct
{
  const char *what;
  const char *script;
  BatonCode code;
} Row;

static const Row problem_rows[] = {
  { "refused", "exit 127", BATON_CODE_NOT_AUTHORISED },
  { "missing", NULL, BATON_CODE_HELPER_MISSING },
  { "killed", HELLO "kill -9 $$", BATON_CODE_OUTCOME_UNKNOWN },
  { "another version", "echo '{\"v\":9,\"seq\":1,\"t_ms\":1,\"type\":\"hello\"}'",
    BATON_CODE_HELPER_OTHER_VERSION },
};

static void
test_looks_with_own_rights (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (problem_rows); i++)
    {
      g_autoptr (Story) story = story_new (problem_rows[i].script);

      g_test_message ("%s", problem_rows[i].what);
      baton_watch_start (story->watch);
      wait_for (story, BATON_VIEW_MACHINE | BATON_VIEW_RESULT);

      g_assert_cmpint (baton_client_result_get_code (baton_watch_get_problem (story->watch)),
                       ==, problem_rows[i].code);
      g_assert_cmpstr (get_by (story), ==, "self");

      baton_watch_look (story->watch);
      wait_for (story, BATON_VIEW_MACHINE | BATON_VIEW_RESULT);
    }
}

static void
test_the_helper_is_asked_again (void)
{
  g_autoptr (Story) story = story_new ("exit 127");

  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_MACHINE | BATON_VIEW_RESULT);
  g_assert_nonnull (baton_watch_get_problem (story->watch));

  set_script (story, HELLO MACHINE ("2", CARD) "exec cat >/dev/null");
  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_HELLO | BATON_VIEW_MACHINE);
  g_assert_cmpstr (get_by (story), ==, "helper");
  g_assert_null (baton_watch_get_problem (story->watch));
}

static void
test_stopped_is_stopped (void)
{
  g_autoptr (Story) story = story_new (HELLO "exec cat >/dev/null");

  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_HELLO);
  baton_watch_stop (story->watch);
  while (g_main_context_iteration (NULL, FALSE))
    continue;

  g_assert_null (baton_watch_get_problem (story->watch));

  baton_watch_start (story->watch);
  wait_for (story, BATON_VIEW_HELLO);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/watch/through-the-helper", test_watches_through_the_helper);
  g_test_add_func ("/client/watch/look", test_a_look_is_asked_for);
  g_test_add_func ("/client/watch/own-rights", test_looks_with_own_rights);
  g_test_add_func ("/client/watch/asked-again", test_the_helper_is_asked_again);
  g_test_add_func ("/client/watch/stopped", test_stopped_is_stopped);

  return g_test_run ();
}
