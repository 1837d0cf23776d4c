/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "handoff-story.h"
#include "mock-process.h"

#define ENVIRON "proc/900/environ"

/* A desktop that draws on the boot display and on the card. */
static void
begin (Story *story, gboolean obeys)
{
  story_begin (story);
  mock_process_add (story->machine, FAKE_DESKTOP, "kwin_wayland", 1000, "/", "kwin_wayland");
  mock_process_open (story->machine, FAKE_DESKTOP, 5, "/dev/dri/card1");
  mock_process_open (story->machine, FAKE_DESKTOP, 6, "/dev/dri/card0");
  mock_machine_write_bytes (story->machine, ENVIRON, "", 1);
  if (obeys)
    fake_kernel_set_desktop_obeys (story->kernel);
}

static gboolean
is_held (Story *story)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), FAKE_DESKTOP_FD, NULL);

  return g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

static void
assert_sent (Story *story, guint removes, guint adds)
{
  g_assert_cmpuint (fake_kernel_get_n_sent (story->kernel, FALSE), ==, removes);
  g_assert_cmpuint (fake_kernel_get_n_sent (story->kernel, TRUE), ==, adds);
}

/* It is told once, lets go, and nobody tells it of the card's return but the driver. */
static void
test_lets_go (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  g_assert_false (is_held (&story));
  assert_sent (&story, 1, 0);

  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_sent (&story, 1, 0);
}

/* One that keeps the card is named; it is told that the card is there, as it was before. */
static void
test_keeps_it (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, FALSE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "desktop-kept");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (is_held (&story));
  assert_sent (&story, 1, 1);
}

/* A later step fails while the driver has the card: the desktop is told that it may have it again. */
static void
test_rolled_back (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  /* 1: the event; 2: the card is woken */
  fake_kernel_set_fault (story.kernel, 2, FAKE_FAULT_REFUSE, ENOMEM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  assert_sent (&story, 1, 1);
  g_assert_true (is_held (&story));
}

/* Whoever settles what a killed worker left behind tells it as well. */
static void
test_killed (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 2, FAKE_FAULT_KILL, 0);
  story_work_apart (&story);
  g_assert_false (is_held (&story));
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  assert_sent (&story, 1, 1);
  g_assert_true (is_held (&story));
}

/* The kernel refuses to tell: nothing has been moved. */
static void
test_refused (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  fake_kernel_set_fault (story.kernel, 1, FAKE_FAULT_REFUSE, EACCES);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "setting-refused");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (is_held (&story));
}

/* One whose first card it is, by its own environment, is in the way, and nothing is sent. */
static void
test_first_card_is_left_alone (void)
{
  static const char environment[] = "WLR_DRM_DEVICES=/dev/dri/card1:/dev/dri/card0";
  g_auto (Story) story = STORY_INIT;

  begin (&story, TRUE);
  mock_machine_write_bytes (story.machine, ENVIRON, environment, sizeof environment);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  g_assert_true (is_held (&story));
  assert_sent (&story, 0, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/release/lets-go", test_lets_go);
  g_test_add_func ("/helper/release/keeps-it", test_keeps_it);
  g_test_add_func ("/helper/release/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/release/killed", test_killed);
  g_test_add_func ("/helper/release/refused", test_refused);
  g_test_add_func ("/helper/release/first-card", test_first_card_is_left_alone);

  return g_test_run ();
}
