/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "fake-peer.h"

#define ASKED "block sleep:shutdown:handle-lid-switch Baton"

/* From before the first effect to after the last, both ways. */
static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (story_count_warnings (&story, "kept from sleeping"), ==, 0);
  fake_peer_expect (&logind, ASKED " amdgpu");
  fake_peer_expect (&logind, "released vfio-pci");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&logind, ASKED " vfio-pci");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* It lasts until everything is put back. */
static void
test_rolled_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", NULL);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_REFUSE, ENOMEM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  fake_peer_expect (&logind, ASKED " amdgpu");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* What changes nothing keeps nobody from switching the computer off. */
static void
test_nothing_done (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", NULL);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_prepare (&story, "guest", NULL);
  g_assert_true (g_file_set_contents (story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_CANCELLED);
  fake_peer_end (&logind);
}

static void
test_killed (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", NULL);
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_KILL, 0);
  story_work_apart (&story);
  fake_peer_expect (&logind, ASKED " amdgpu");
  fake_peer_expect (&logind, "released amdgpu");
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  fake_peer_expect (&logind, ASKED " amdgpu");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* Where logind says no, or nothing at all, the handoff is made, and somebody is told. */
static void
test_not_granted (gconstpointer manner)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", manner, NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (story_count_warnings (&story, "kept from sleeping"), ==, 1);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  fake_peer_expect (&logind, ASKED " amdgpu");
  fake_peer_end (&logind);
}

static void
test_no_bus (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (story_count_warnings (&story, "kept from sleeping"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/inhibit/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/inhibit/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/inhibit/nothing-done", test_nothing_done);
  g_test_add_func ("/helper/inhibit/killed", test_killed);
  g_test_add_data_func ("/helper/inhibit/not-granted/refused", "refuses", test_not_granted);
  g_test_add_data_func ("/helper/inhibit/not-granted/silent", "silent", test_not_granted);
  g_test_add_func ("/helper/inhibit/no-bus", test_no_bus);

  return g_test_run ();
}
