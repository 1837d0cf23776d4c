/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "fake-consoles.h"
#include "fake-peer.h"
#include "mock-process.h"

#define NOTES "run/baton/cards/" FAKE_CARD ".units.json"

/* Numbers that no process of this computer has: some of them are to be signalled. */
#define XORG 5000900
#define PROGRAM 5000901

#define MANAGER "display-manager.service=active:called=lightdm.service"
#define LIGHTDM "lightdm.service=active:runs=5000900:opens=3"
#define SESSION "session-2.scope=active:runs=5000901"
#define CONSOLE_NOTE "run/baton/console"
#define STOPS "StopUnit lightdm.service\nTerminateSession 2"
#define STARTS "StartUnit lightdm.service"

/* lightdm's Xorg draws on the card, and so does a program of the session on it. */
static void
begin (Story *story)
{
  story_begin (story);
  mock_machine_link (story->machine, "etc/systemd/system/display-manager.service",
                     "/lib/systemd/system/lightdm.service");
  mock_machine_write (story->machine, "run/systemd/sessions/2",
                      "UID=1000\nUSER=u\nTYPE=x11\nSEAT=seat0\nSERVICE=lightdm-autologin\n");
  mock_process_add (story->machine, XORG, "Xorg", 0, "/system.slice/lightdm.service", "Xorg");
  mock_process_open (story->machine, XORG, 5, "/dev/dri/card1");
  mock_process_add (story->machine, PROGRAM, "glxgears", 1000,
                    "/user.slice/user-1000.slice/session-2.scope", "glxgears");
  mock_process_open (story->machine, PROGRAM, 5, "/dev/dri/card1");
}

static void
prepare (Story *story)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--end-session", NULL };

  story_prepare_arguments (story, arguments);
}

static gboolean
says (Story *story, const char *words)
{
  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), event->object);
      g_autofree char *text = json_to_string (node, FALSE);

      if (strstr (text, words) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
expect_all (FakePeer *peer, const char *wanted)
{
  g_auto (GStrv) lines = g_strsplit (wanted, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    fake_peer_expect (peer, lines[i]);
}

/* The login screen comes back at once, and finds nothing to do when the card comes back. */
static void
test_other_screen (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  expect_all (&peer, STOPS "\n" STARTS);
  g_assert_true (story_has_file (&story, NOTES));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* Who keeps the computer awake for a guest comes while the login screen does, and not after it. */
static void
test_guarded_meanwhile (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM ":waits", SESSION,
                   "baton-guest@" FAKE_CARD ".service=inactive", NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_false (says (&story, "may go to sleep while"));
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* As who asks from within his session does, whose session manager can be asked. */
static void
prepare_log_out (Story *story)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--end-session", "--log-out",
                                           NULL };

  story_prepare_arguments (story, arguments);
}

/* Who logs out in the ordinary way does so before anything is stopped, and nothing of it is forced. */
static void
test_logged_out (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION ":leaves", NULL);
  prepare_log_out (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_true (says (&story, "\"id\":\"log-out:2\",\"state\":\"ok\""));
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  expect_all (&peer, "StopUnit lightdm.service\n" STARTS);
  fake_peer_end (&peer);
}

/* Then a login screen comes, and goes again with the display manager. */
static void
test_greeted (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION ":leaves:greets=4",
                   "session-4.scope=active", NULL);
  prepare_log_out (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  expect_all (&peer, "StopUnit lightdm.service\nTerminateSession 4\n" STARTS);
  fake_peer_end (&peer);
}

/* What runs on in a session that its user has left is ended with it. */
static void
test_left (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION ":lingers", NULL);
  prepare_log_out (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* Until the session has ended it is free to stop: nothing was done. */
static void
test_log_out_cancelled (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION ":stops", NULL);
  prepare_log_out (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_CANCELLED);
  story_assert_code (&story, "cancelled");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (story_has_file (&story, "run/systemd/sessions/2"));
  g_assert_true (story_has_file (&story, "proc/5000901/stat"));
  fake_peer_end (&peer);
}

/* He has logged out, and then the card does not go: it is said what has ended. */
static void
test_log_out_for_nothing (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER,
                   "lightdm.service=active:runs=5000900:opens=3:stays", SESSION ":leaves",
                   NULL);
  prepare_log_out (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_code (&story, "rolled-back-after-closing");
  g_assert_true (says (&story, "session-2.scope"));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit lightdm.service\n" STARTS);
  fake_peer_end (&peer);
}

/* Nobody's session ends who was not asked. */
static void
test_without_consent (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  fake_peer_end (&peer);
}

/* A later step fails: the card is back, then the login screen; and it is said what is not. */
static void
test_rolled_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_REFUSE, ENOMEM);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_code (&story, "rolled-back-after-closing");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, STOPS "\n" STARTS);
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* What is left of a session and has the card is ended as a program is; what will not end is named. */
static void
test_survives (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, "session-2.scope=active",
                   NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "respawns");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* Who keeps the card for a desktop that has ended is waited for, and named. */
static void
test_kept (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  mock_process_add (story.machine, 5000902, "systemd-logind", 0,
                    "/system.slice/systemd-logind.service", "/lib/systemd/systemd-logind");
  mock_process_open (story.machine, 5000902, 5, "/dev/dri/card1");
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "session-holds-card");
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

static void
test_not_ended (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM,
                   "session-2.scope=active:fails", NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "session-not-ended");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* logind has forgotten it already: what it was asked for is so. */
static void
test_gone_already (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  mock_machine_remove (story.machine, "proc/5000901");
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* Whoever carries it out is killed: whoever comes after him starts the login screen. */
static void
test_killed (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  prepare (&story);
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_KILL, 0);
  story_work_apart (&story);
  expect_all (&peer, STOPS);
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, STARTS);
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* The console of lightdm's Xorg is on the screen. */
static void
begin_with_consoles (Story *story)
{
  begin (story);
  fake_consoles_add (story->machine, 7, 1U << 7, FALSE);
}

static void
expect_told (Story *story, const char *words)
{
  g_autofree char *text = fake_consoles_dup_text (story->machine, 8);

  g_test_message ("%s", text);
  g_assert_cmpuint (fake_consoles_get_shown (story->machine), ==, 8);
  g_assert_nonnull (strstr (text, "lightdm.service"));
  g_assert_nonnull (strstr (text, words));
  g_assert_true (says (story, "Text console 8 says so"));
}

/* A login screen that cannot stay is told, with what helps, on a text console as well; the card is where
 * it was to go. One that would be started without end is stopped. */
static void
test_login_screen_fails (void)
{
  static const struct
  {
    const char *unit;
    const char *more;
  } rows[] = {
    { "lightdm.service=active:runs=5000900:ends", "" },
    { "lightdm.service=active:runs=5000900:fails", "" },
    { "lightdm.service=active:runs=5000900:again", "\nStopUnit lightdm.service" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;
      FakePeer peer = { 0 };
      g_autofree char *jobs = g_strconcat (STOPS "\n" STARTS, rows[i].more, NULL);

      g_test_message ("%s", rows[i].unit);
      begin_with_consoles (&story);
      fake_peer_start (&peer, &story, "fake-units.py", MANAGER, rows[i].unit, SESSION, NULL);
      prepare (&story);
      g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DEGRADED);
      story_assert_code (&story, "handed-over-with-problems");
      story_assert_driver (&story, FAKE_CARD, "vfio-pci");
      expect_all (&peer, jobs);
      expect_told (&story, "\n    sudo batonctl host " FAKE_CARD "\n");
      fake_peer_end (&peer);
    }
}

/* The same when a handoff is put back. */
static void
test_login_screen_fails_after_rollback (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_with_consoles (&story);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER,
                   "lightdm.service=active:runs=5000900:ends", SESSION, NULL);
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_REFUSE, ENOMEM);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "put-back-with-problems");
  g_assert_true (says (&story, "does not stay up"));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, STOPS "\n" STARTS);
  expect_told (&story, "\n    sudo systemctl restart lightdm.service\n");
  fake_peer_end (&peer);
}

/* Where nothing shows text consoles it is told as ever, and nothing more goes wrong. */
static void
test_login_screen_fails_in_the_dark (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_with_consoles (&story);
  fake_consoles_hide (story.machine);
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER,
                   "lightdm.service=active:runs=5000900:ends", SESSION, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DEGRADED);
  g_assert_true (says (&story, "does not stay up"));
  g_assert_false (says (&story, "ext console"));
  g_assert_cmpuint (fake_consoles_get_shown (story.machine), ==, 7);
  g_assert_false (story_has_file (&story, CONSOLE_NOTE));
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* What the console has said holds no more when a login screen has come. */
static void
test_login_screen_comes_again (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_with_consoles (&story);
  mock_machine_write (story.machine, CONSOLE_NOTE, "8\n");
  fake_peer_start (&peer, &story, "fake-units.py", MANAGER, LIGHTDM, SESSION, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (fake_consoles_get_freed (story.machine), ==, 8);
  g_assert_false (story_has_file (&story, CONSOLE_NOTE));
  expect_all (&peer, STOPS "\n" STARTS);
  fake_peer_end (&peer);
}

/* By its alias alone may a display manager be stopped, and nothing that a handoff stands on. */
static void
test_not_a_display_manager (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story);
  fake_peer_start (&peer, &story, "fake-units.py",
                   "display-manager.service=active:called=lightdm.service:alias=dbus.service",
                   LIGHTDM, SESSION, NULL);
  prepare (&story);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "unit-not-stopped");
  fake_peer_end (&peer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/session/other-screen", test_other_screen);
  g_test_add_func ("/helper/exec/session/logged-out", test_logged_out);
  g_test_add_func ("/helper/exec/session/greeted", test_greeted);
  g_test_add_func ("/helper/exec/session/left", test_left);
  g_test_add_func ("/helper/exec/session/log-out-cancelled", test_log_out_cancelled);
  g_test_add_func ("/helper/exec/session/log-out-for-nothing", test_log_out_for_nothing);
  g_test_add_func ("/helper/exec/session/without-consent", test_without_consent);
  g_test_add_func ("/helper/exec/session/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/exec/session/survives", test_survives);
  g_test_add_func ("/helper/exec/session/kept", test_kept);
  g_test_add_func ("/helper/exec/session/not-ended", test_not_ended);
  g_test_add_func ("/helper/exec/session/gone-already", test_gone_already);
  g_test_add_func ("/helper/exec/session/killed", test_killed);
  g_test_add_func ("/helper/exec/session/login-screen-fails", test_login_screen_fails);
  g_test_add_func ("/helper/exec/session/login-screen-fails-after-rollback",
                   test_login_screen_fails_after_rollback);
  g_test_add_func ("/helper/exec/session/login-screen-fails-in-the-dark",
                   test_login_screen_fails_in_the_dark);
  g_test_add_func ("/helper/exec/session/login-screen-comes-again",
                   test_login_screen_comes_again);
  g_test_add_func ("/helper/exec/session/guarded-meanwhile", test_guarded_meanwhile);
  g_test_add_func ("/helper/exec/session/not-a-display-manager", test_not_a_display_manager);

  return g_test_run ();
}
