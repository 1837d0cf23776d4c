/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "fake-consoles.h"
#include "handoff-story.h"

#define OTHER "0000:05:00.0"
#define STEP "show-consoles:" OTHER
#define HERE 0
#define THERE 1

/* The text consoles are drawn on the card, and there is another one that could draw them. */
static void
begin (Story *story, gboolean falls_back)
{
  story_begin (story);
  mock_machine_set_attribute (story->machine, FAKE_CARD, "boot_vga", "1");
  mock_machine_add_node (story->machine, FAKE_CARD, "graphics/fb0", "fb0", 29, HERE);
  mock_machine_write (story->machine, "dev/fb0", "");
  mock_machine_add_gpu (story->machine, OTHER, "15");
  mock_machine_add_node (story->machine, OTHER, "graphics/fb1", "fb1", 29, THERE);
  mock_machine_write (story->machine, "dev/fb1", "");
  fake_consoles_draw (story->machine, falls_back);
}

/* Before the card goes, whether the kernel had anything else to fall back to or not. */
static void
test_move (gconstpointer data)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GPOINTER_TO_INT (data));
  g_assert_cmpint (fake_consoles_get_framebuffer (story.machine), ==, HERE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  g_assert_cmpint (fake_consoles_get_framebuffer (story.machine), ==, THERE);
}

/* Every act meets a fault: the consoles are where the card is. */
static void
test_each_act (gconstpointer data)
{
  FakeFault fault = GPOINTER_TO_UINT (data);
  guint n_undone = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      int status;

      begin (&story, TRUE);
      fake_kernel_set_fault (story.kernel, nth, fault, ENOMEM);
      story_prepare (&story, "guest", NULL);
      status = story_work_apart (&story);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        break;
      if (status == BATON_EXIT_DONE || status == BATON_EXIT_DEGRADED)
        continue;
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      n_undone += fake_consoles_get_framebuffer (story.machine) == THERE;
      if (fault == FAKE_FAULT_KILL)
        story_recover_apart (&story);
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
      g_assert_cmpint (fake_consoles_get_framebuffer (story.machine), ==, HERE);
    }
  /* Who is killed leaves them there for recovery. */
  g_assert_cmpuint (n_undone > 0, ==, fault == FAKE_FAULT_KILL);
}

/* It is dark then, and that is told. */
static void
test_refused (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  fake_consoles_refuse (story.machine);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_step_code (&story, "consoles-not-shown");
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
}

/* The kernel would crash. */
static void
test_refused_without_way_out (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, FALSE);
  fake_consoles_refuse (story.machine);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_cmpint (fake_consoles_get_framebuffer (story.machine), ==, HERE);
}

static void
test_stuck (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, FALSE);
  mock_machine_set_driver (story.machine, OTHER, NULL);
  mock_machine_remove_attribute (story.machine, OTHER, "graphics/fb1/dev");
  mock_machine_remove_attribute (story.machine, OTHER, "graphics/fb1/uevent");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/show-consoles/moved", GINT_TO_POINTER (TRUE), test_move);
  g_test_add_data_func ("/helper/show-consoles/moved-without-way-out", GINT_TO_POINTER (FALSE),
                        test_move);
  g_test_add_data_func ("/helper/show-consoles/each-act-refused",
                        GUINT_TO_POINTER (FAKE_FAULT_REFUSE), test_each_act);
  g_test_add_data_func ("/helper/show-consoles/killed-at-each-act",
                        GUINT_TO_POINTER (FAKE_FAULT_KILL), test_each_act);
  g_test_add_func ("/helper/show-consoles/refused", test_refused);
  g_test_add_func ("/helper/show-consoles/refused-without-way-out",
                   test_refused_without_way_out);
  g_test_add_func ("/helper/show-consoles/stuck", test_stuck);

  return g_test_run ();
}
