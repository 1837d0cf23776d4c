/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "fake-consoles.h"
#include "fake-peer.h"
#include "mock-process.h"

#define XORG 5000900

/* A handoff that ends the desktop of this login screen, of which no session begins any more. */
static BatonExit
hand_over (Story *story, FakePeer *peer, const char *id)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--end-session", NULL };
  g_autofree char *unit = g_strconcat (id, ".service", NULL);
  g_autofree char *target = g_strconcat ("/lib/systemd/system/", unit, NULL);
  g_autofree char *alias = g_strdup_printf ("display-manager.service=active:called=%s", unit);
  g_autofree char *own = g_strconcat (unit, "=active:runs=5000900", NULL);
  g_autofree char *group = g_strconcat ("/system.slice/", unit, NULL);

  story_begin (story);
  fake_consoles_add (story->machine, 7, 1U << 7, FALSE);
  mock_machine_link (story->machine, "etc/systemd/system/display-manager.service", target);
  mock_machine_write (story->machine, "run/systemd/sessions/2",
                      "UID=1000\nUSER=u\nTYPE=x11\nSEAT=seat0\nSERVICE=lightdm\n");
  mock_process_add (story->machine, XORG, "Xorg", 0, group, "Xorg");
  mock_process_open (story->machine, XORG, 5, "/dev/dri/card1");
  fake_peer_start (peer, story, "fake-units.py", alias, own, "session-2.scope=active", NULL);
  story_prepare_arguments (story, arguments);

  return story_work (story);
}

static void
expect_jobs (FakePeer *peer, const char *unit)
{
  g_autofree char *stopped = g_strdup_printf ("StopUnit %s.service", unit);
  g_autofree char *started = g_strdup_printf ("StartUnit %s.service", unit);

  fake_peer_expect (peer, stopped);
  fake_peer_expect (peer, "TerminateSession 2");
  fake_peer_expect (peer, started);
}

/* It runs, and shows nothing: that is told, on a text console too, and it may still come: it is not stopped.
 * It takes the two minutes that are waited for, so this test has a program of its own. */
static void
test_dark (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };
  gint64 start_us = g_get_monotonic_time ();
  g_autofree char *text = NULL;

  g_assert_cmpint (hand_over (&story, &peer, "lightdm"), ==, BATON_EXIT_DEGRADED);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 120 * G_TIME_SPAN_SECOND);
  story_assert_code (&story, "handed-over-with-problems");
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  text = fake_consoles_dup_text (story.machine, 8);
  g_assert_cmpuint (fake_consoles_get_shown (story.machine), ==, 8);
  g_assert_nonnull (strstr (text, "The login screen (lightdm.service)"));
  g_assert_nonnull (strstr (text, "\n    sudo batonctl host " FAKE_CARD "\n"));
  expect_jobs (&peer, "lightdm");
  fake_peer_end (&peer);
}

/* Of one that opens no sessions, that it runs is all that can be known. */
static void
test_without_sessions (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  g_assert_cmpint (hand_over (&story, &peer, "xdm"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (fake_consoles_get_shown (story.machine), ==, 7);
  expect_jobs (&peer, "xdm");
  fake_peer_end (&peer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/session/dark", test_dark);
  g_test_add_func ("/helper/exec/session/without-sessions", test_without_sessions);

  return g_test_run ();
}
