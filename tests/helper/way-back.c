/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "way-back.h"

#include "baton-recover.h"

/* The shortest way back that does more than to bind the card. */
#define MIN_ACTS 7

void
way_back_assert_on_host (Story *story)
{
  story_assert_driver (story, FAKE_CARD, "amdgpu");
  story_assert_driver (story, FAKE_SOUND, "snd_hda_intel");
}

/* As the owner has set it on the host. */
static void
assert_sleeps (Story *story)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine),
                        "sys/bus/pci/devices/" FAKE_CARD "/power/control", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "auto\n");
}

static void
check_end (Story *story, BatonExit status, const char *before)
{
  g_autofree char *after = NULL;

  g_assert_false (story_has_file (story, "var/lib/baton/journal"));
  story_assert_one_result (story);
  switch (status)
    {
    case BATON_EXIT_DONE:
      way_back_assert_on_host (story);
      assert_sleeps (story);
      break;
    case BATON_EXIT_DEGRADED:
      /* What fails once is tried once more. */
      g_assert_not_reached ();
    case BATON_EXIT_CANCELLED:
    case BATON_EXIT_ROLLED_BACK:
    default:
      after = fake_kernel_dup_snapshot (story->kernel);
      story_assert_same (before, after);
      break;
    }
}

/* Every act, met by one fault each, until a way back meets none. */
void
way_back_check_each_act (WayBackBegin begin, gconstpointer reason, FakeFault fault, int errsv)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      BatonExit status;

      begin (&story, reason);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, fault, errsv);
      status = story_hand (&story, "host");
      g_test_message ("act %u: %s", nth, baton_exit_to_string (status));
      check_end (&story, status, before);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
          g_assert_cmpuint (nth, >, MIN_ACTS);
          return;
        }
    }
}

/* The same with the end of the worker for a fault: recovery takes the card to where it was. */
void
way_back_kill_at_each_act (WayBackBegin begin, gconstpointer reason)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      begin (&story, reason);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, "host", NULL);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      if (story_work_apart (&story) == BATON_EXIT_DONE)
        {
          g_assert_cmpuint (nth, >, MIN_ACTS);
          return;
        }
      g_test_message ("killed at act %u", nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      story_read_events (&story);
      story_assert_code (&story, "recovered");
      story_assert_one_result (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}
