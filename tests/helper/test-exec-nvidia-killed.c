/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-recover.h"
#include "fake-nvidia.h"
#include "nvidia-story.h"

/* The worker dies at every act of a handoff, and recovery puts all back. */
typedef struct
{
  const char *version;
  const char *side;
  FakeUdev udev;
} Row;

static void
test_killed_at_each_act (gconstpointer data)
{
  const Row *row = data;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      gboolean ran;

      nvidia_story_begin (&story, row->version,
                          g_str_equal (row->side, "guest") ? "host" : "guest");
      fake_kernel_set_udev (story.kernel, row->udev);
      ran = fake_nvidia_service_runs (story.machine);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, row->side, NULL);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      if (story_work_apart (&story) == BATON_EXIT_DONE)
        {
          g_assert_cmpuint (nth, >, 10);
          return;
        }
      g_test_message ("to the %s, killed at act %u", row->side, nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      story_read_events (&story);
      story_assert_code (&story, "recovered");
      story_assert_one_result (&story);
      nvidia_story_assert_put_back (&story, before);
      g_assert_true (fake_nvidia_service_runs (story.machine) == ran);
    }
}

/* What the way back does is the same for both versions. */
static const Row rows[] = {
  { NVIDIA_STORY_OLD, "guest" },
  { NVIDIA_STORY_OLD, "host" },
  { NVIDIA_STORY_LATEST, "guest" },
  { NVIDIA_STORY_OLD, "guest", FAKE_UDEV_QUICKER },
  { NVIDIA_STORY_OLD, "host", FAKE_UDEV_QUICKER },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/helper/nvidia-killed/%s/to-%s%s", rows[i].version, rows[i].side,
                           rows[i].udev == FAKE_UDEV_QUICKER ? "/udev-is-quicker" : "");

      g_test_add_data_func (path, &rows[i], test_killed_at_each_act);
    }

  return g_test_run ();
}
