/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "fake-peer.h"
#include "mock-process.h"

#define IDENTITY "1002:73bf:1da2:e438"
#define PROFILE "[" FAKE_CARD "]\nstand-in=" FAKE_STAND_IN "=" IDENTITY "\n"
#define NOTE "run/baton/cards/" FAKE_CARD ".stand-in.json"
#define UNITS "run/baton/cards/" FAKE_CARD ".units.json"
#define UNITS_OF_STAND_IN "run/baton/cards/" FAKE_STAND_IN ".units.json"

/* Numbers that no process of this computer has: some of them are to be signalled. */
#define XORG 5000900
#define NEXT_XORG 5000910

#define MANAGER "display-manager.service=active:called=lightdm.service"
#define LIGHTDM "lightdm.service=active:runs=5000900:opens=3"
#define NEXT_LIGHTDM "lightdm.service=active:runs=5000910:opens=5"
#define STOP "StopUnit lightdm.service"
#define START "StartUnit lightdm.service"

/* The desktop draws on the strong card, and what stands in is parked. */
static void
begin (Story *story)
{
  story_begin (story);
  fake_kernel_add_stand_in (story->kernel);
  mock_machine_write (story->machine, "etc/baton.conf", PROFILE);
  mock_machine_link (story->machine, "etc/systemd/system/display-manager.service",
                     "/lib/systemd/system/lightdm.service");
  mock_machine_write (story->machine, "run/systemd/sessions/2",
                      "UID=1000\nUSER=u\nTYPE=x11\nSEAT=seat0\nSERVICE=lightdm-autologin\n");
  mock_process_add (story->machine, XORG, "Xorg", 0, "/system.slice/lightdm.service", "Xorg");
  mock_process_open (story->machine, XORG, 5, "/dev/dri/card1");
}

static BatonExit
hand (Story *story, const char *side)
{
  const char *const arguments[] = { side, FAKE_CARD, "--end-session", NULL };

  story_prepare_arguments (story, arguments);

  return story_work (story);
}

static void
assert_away (Story *story, gboolean is_away)
{
  story_assert_driver (story, FAKE_CARD, is_away ? "vfio-pci" : "amdgpu");
  story_assert_driver (story, FAKE_STAND_IN, is_away ? "amdgpu" : "vfio-pci");
  g_assert_true (story_has_file (story, NOTE) == is_away);
  g_assert_true (story_has_file (story, UNITS) == is_away);
  g_assert_false (story_has_file (story, UNITS_OF_STAND_IN));
}

/* The login screen that was started draws on what stands in. */
static void
go_there (Story *story)
{
  FakePeer peer = { 0 };

  begin (story);
  fake_peer_start (&peer, story, "fake-units.py", MANAGER, LIGHTDM, "session-2.scope=active",
                   NULL);
  g_assert_cmpint (hand (story, "guest"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&peer, STOP);
  fake_peer_expect (&peer, "TerminateSession 2");
  fake_peer_expect (&peer, START);
  fake_peer_end (&peer);
  /* For the next bus. */
  mock_machine_remove (story->machine, "run/dbus");
  assert_away (story, TRUE);
  mock_process_add (story->machine, NEXT_XORG, "Xorg", 0, "/system.slice/lightdm.service",
                    "Xorg");
  mock_process_open (story->machine, NEXT_XORG, 5, "/dev/dri/card2");
}

/* What draws on the one card ends before the other is touched, both ways. */
static void
test_desktop_moves (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  go_there (&story);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_REFUSED);
  assert_away (&story, TRUE);

  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, NEXT_LIGHTDM,
                   "session-3.scope=active", NULL);
  g_assert_cmpint (hand (&story, "host"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&peer, STOP);
  fake_peer_expect (&peer, "TerminateSession 3");
  fake_peer_expect (&peer, START);
  fake_peer_end (&peer);
  assert_away (&story, FALSE);
}

/* What stands in does not come: the login screen is started again for the card that has come back. */
static void
test_rolled_back_there (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, "session-2.scope=active",
                   NULL);
  fake_kernel_set_fault (story.kernel, 10, FAKE_FAULT_REFUSE, EIO);
  g_assert_cmpint (hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  fake_peer_expect (&peer, STOP);
  fake_peer_expect (&peer, "TerminateSession 2");
  fake_peer_expect (&peer, START);
  fake_peer_end (&peer);
  assert_away (&story, FALSE);
}

/* It cannot be parked: the guest has its card again, and the login screen what stood in. */
static void
test_rolled_back_on_the_way_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  go_there (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, NEXT_LIGHTDM,
                   "session-3.scope=active", NULL);
  fake_kernel_set_fault (story.kernel, 8, FAKE_FAULT_REFUSE, EIO);
  g_assert_cmpint (hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  fake_peer_expect (&peer, STOP);
  fake_peer_expect (&peer, "TerminateSession 3");
  fake_peer_expect (&peer, START);
  fake_peer_end (&peer);
  assert_away (&story, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/stand-in-session/desktop-moves", test_desktop_moves);
  g_test_add_func ("/helper/exec/stand-in-session/rolled-back-there", test_rolled_back_there);
  g_test_add_func ("/helper/exec/stand-in-session/rolled-back-on-the-way-back",
                   test_rolled_back_on_the_way_back);

  return g_test_run ();
}
