/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "fake-nvidia.h"
#include "nvidia-story.h"

/* Every act of a handoff meets one fault, until a handoff meets none. */
typedef struct
{
  const char *version;
  const char *side;
  FakeFault fault;
  int errsv;
  FakeUdev udev;
} Row;

static void
test_each_act (gconstpointer data)
{
  const Row *row = data;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      gboolean ran;
      BatonExit status;

      nvidia_story_begin (&story, row->version,
                          g_str_equal (row->side, "guest") ? "host" : "guest");
      fake_kernel_set_udev (story.kernel, row->udev);
      ran = fake_nvidia_service_runs (story.machine);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, row->fault, row->errsv);
      status = story_hand (&story, row->side);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
          g_assert_cmpuint (nth, >, 10);
          return;
        }
      g_test_message ("to the %s, act %u: %s", row->side, nth, baton_exit_to_string (status));
      story_assert_one_result (&story);
      if (status == BATON_EXIT_DONE && row->fault == FAKE_FAULT_CANCEL)
        continue;
      if (status == BATON_EXIT_DONE && fake_kernel_get_n_resets (story.kernel) == 0)
        {
          /* It is where it was to go, and its power setting was tried once more. */
          story_assert_driver (&story, FAKE_CARD,
                               g_str_equal (row->side, "guest") ? "vfio-pci" : "nvidia");
          g_assert_cmpuint (nth, >, 5);
          continue;
        }
      if (status == BATON_EXIT_DONE && g_str_equal (row->side, "host"))
        {
          /* A driver that did not take the card does so when it has been reset. */
          g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 1);
          story_assert_driver (&story, FAKE_CARD, "nvidia");
          continue;
        }
      if (status == BATON_EXIT_DEGRADED)
        {
          /* What stands on its driver did not come back with it. */
          g_assert_cmpstr (row->side, ==, "host");
          story_assert_code (&story, "returned-with-problems");
          story_assert_driver (&story, FAKE_CARD, "nvidia");
          continue;
        }
      g_assert_cmpint (status, ==,
                       row->fault == FAKE_FAULT_CANCEL ? BATON_EXIT_CANCELLED
                                                       : BATON_EXIT_ROLLED_BACK);
      nvidia_story_assert_put_back (&story, before);
      g_assert_true (fake_nvidia_service_runs (story.machine) == ran);
    }
}

/* What the way back does is the same for both versions. */
static const Row rows[] = {
  { NVIDIA_STORY_OLD, "guest", FAKE_FAULT_REFUSE, ENOMEM },
  { NVIDIA_STORY_OLD, "guest", FAKE_FAULT_LIE, 0 },
  { NVIDIA_STORY_OLD, "guest", FAKE_FAULT_CANCEL, 0 },
  { NVIDIA_STORY_OLD, "host", FAKE_FAULT_REFUSE, ENOMEM },
  { NVIDIA_STORY_OLD, "host", FAKE_FAULT_LIE, 0 },
  { NVIDIA_STORY_OLD, "host", FAKE_FAULT_CANCEL, 0 },
  { NVIDIA_STORY_LATEST, "guest", FAKE_FAULT_REFUSE, ENOMEM },
  { NVIDIA_STORY_LATEST, "guest", FAKE_FAULT_LIE, 0 },
  { NVIDIA_STORY_LATEST, "guest", FAKE_FAULT_CANCEL, 0 },
  { NVIDIA_STORY_OLD, "guest", FAKE_FAULT_REFUSE, ENOMEM, FAKE_UDEV_QUICKER },
  { NVIDIA_STORY_OLD, "host", FAKE_FAULT_REFUSE, ENOMEM, FAKE_UDEV_QUICKER },
};

int
main (int argc, char **argv)
{
  static const char *const names[] = {
    [FAKE_FAULT_REFUSE] = "refused",
    [FAKE_FAULT_LIE] = "without-effect",
    [FAKE_FAULT_CANCEL] = "cancelled",
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf (
          "/helper/nvidia-faults/%s/%s/to-%s%s", names[rows[i].fault], rows[i].version,
          rows[i].side, rows[i].udev == FAKE_UDEV_QUICKER ? "/udev-is-quicker" : "");

      g_test_add_data_func (path, &rows[i], test_each_act);
    }

  return g_test_run ();
}
