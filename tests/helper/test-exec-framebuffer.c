/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "handoff-story.h"

/* The firmware's framebuffer on a card that vfio-pci does not take it off. */
#define DEVICE "sys/bus/platform/devices/efi-framebuffer.0"
#define DRIVER DEVICE "/driver"

static void
begin (Story *story)
{
  story_begin (story);
  fake_kernel_draw_console (story->kernel);
}

static gboolean
is_drawn (Story *story)
{
  g_autofree char *link =
      g_build_filename (mock_machine_get_directory (story->machine), DRIVER, NULL);

  return g_file_test (link, G_FILE_TEST_IS_SYMLINK);
}

static void
test_lets_go (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_true (is_drawn (&story));
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  g_assert_false (is_drawn (&story));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

/* Every act meets a fault: the console is on the card again with everything else, or is off it. */
static void
test_each_act (gconstpointer data)
{
  FakeFault fault = GPOINTER_TO_UINT (data);
  gboolean was_unbound = FALSE;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      int status;

      begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, fault, ENOMEM);
      story_prepare (&story, "guest", NULL);
      status = story_work_apart (&story);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        break;
      g_test_message ("act %u: %d", nth, status);
      /* That it may sleep again is told and no more. */
      if (status == BATON_EXIT_DONE || status == BATON_EXIT_DEGRADED)
        continue;
      was_unbound |= !is_drawn (&story);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      if (fault == FAKE_FAULT_KILL)
        story_recover_apart (&story);
      story_read_events (&story);
      story_assert_one_result (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
  g_assert_cmpint (was_unbound, ==, fault == FAKE_FAULT_KILL);
}

/* A driver has drawn on the card meanwhile: the kernel has forgotten the framebuffer, and that is that. */
static void
test_device_gone (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_KILL, 0);
  story_prepare (&story, "guest", NULL);
  story_work_apart (&story);
  g_assert_false (is_drawn (&story));
  mock_machine_remove (story.machine, DEVICE);
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

/* Somebody has given the card another driver meanwhile, which draws the console. */
static void
test_other_driver_draws (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_KILL, 0);
  story_prepare (&story, "guest", NULL);
  story_work_apart (&story);
  g_assert_false (is_drawn (&story));
  mock_machine_set_driver (story.machine, FAKE_CARD, "radeon");
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  story_recover_apart (&story);
  g_assert_false (is_drawn (&story));
  story_assert_driver (&story, FAKE_CARD, "radeon");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/framebuffer/lets-go", test_lets_go);
  g_test_add_data_func ("/helper/framebuffer/each-act-refused",
                        GUINT_TO_POINTER (FAKE_FAULT_REFUSE), test_each_act);
  g_test_add_data_func ("/helper/framebuffer/killed-at-each-act",
                        GUINT_TO_POINTER (FAKE_FAULT_KILL), test_each_act);
  g_test_add_func ("/helper/framebuffer/device-gone", test_device_gone);

  g_test_add_func ("/helper/framebuffer/other-driver-draws", test_other_driver_draws);

  return g_test_run ();
}
