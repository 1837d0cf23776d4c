/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-peer.h"
#include "mock-process.h"

#define XORG 5000900

/* Who is asked to log out and does not, or has a program that would not, keeps his session and all. It
 * takes the two minutes that are promised, so this test has a program of its own. */
static void
test_stays (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--end-session", "--log-out",
                                           NULL };
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };
  gint64 start_us = g_get_monotonic_time ();

  story_begin (&story);
  mock_machine_link (story.machine, "etc/systemd/system/display-manager.service",
                     "/lib/systemd/system/lightdm.service");
  mock_machine_write (story.machine, "run/systemd/sessions/2",
                      "UID=1000\nUSER=u\nTYPE=x11\nSEAT=seat0\nSERVICE=lightdm-autologin\n");
  mock_process_add (story.machine, XORG, "Xorg", 0, "/system.slice/lightdm.service", "Xorg");
  mock_process_open (story.machine, XORG, 5, "/dev/dri/card1");
  fake_peer_start (
      &peer, &story, "fake-units.py", "display-manager.service=active:called=lightdm.service",
      "lightdm.service=active:runs=5000900:opens=3", "session-2.scope=active", NULL);
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 120 * G_TIME_SPAN_SECOND);
  story_assert_code (&story, "stays-logged-in");
  story_assert_step_code (&story, "not-logged-out");
  story_assert_one_result (&story);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (story_has_file (&story, "run/systemd/sessions/2"));
  /* Nobody was asked to stop anything. */
  fake_peer_end (&peer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/session/stays", test_stays);

  return g_test_run ();
}
