/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "own-processes.h"

#define OTHER_CARD "0000:00:02.0"

/* With no other screen nobody sees that nothing comes: the card comes back. It takes the minute that
 * is promised, so this test has a program of its own, which begins before all others. */
static void
test_nobody_comes (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  gint64 start_us = g_get_monotonic_time ();

  mock_machine_set_driver (fixture->story.machine, OTHER_CARD, NULL);
  story_prepare_arguments (&fixture->story, arguments);
  g_assert_cmpint (story_wait_apart (&fixture->story, story_start_apart (&fixture->story)), ==,
                   BATON_EXIT_DONE);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 60 * G_TIME_SPAN_SECOND);
  story_wait_for_text (&fixture->story, "within a minute");
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

int
main (int argc, char **argv)
{
  own_processes_enter ();
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/helper/wait-soon/nobody-comes", OwnProcesses, NULL, own_processes_set_up,
              test_nobody_comes, own_processes_tear_down);

  return g_test_run ();
}
