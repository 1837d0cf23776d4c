/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-peer.h"
#include "mock-process.h"

#define NOTES "run/baton/cards/" FAKE_CARD ".units.json"

/* A card whose owner wants some units stopped and others started, and a systemd that has them. */
static void
begin (Story *story, const char *stop, const char *start)
{
  g_autofree char *all = g_strjoin (";", stop, start, NULL);
  g_auto (GStrv) units = g_strsplit (all, ";", -1);
  g_autoptr (GString) profile = g_string_new ("[" FAKE_CARD "]\n");

  story_begin (story);
  for (guint i = 0; units[i] != NULL; i++)
    {
      g_autofree char *file = g_build_filename ("etc/systemd/system", units[i], NULL);

      if (*units[i] != '\0')
        mock_machine_write (story->machine, file, "");
    }
  if (*stop != '\0')
    g_string_append_printf (profile, "stop-units=%s\n", stop);
  if (*start != '\0')
    g_string_append_printf (profile, "start-units-guest=%s\n", start);
  mock_machine_write (story->machine, "etc/baton.conf", profile->str);
}

/* The same, asked for by somebody whom root can become, and nobody else need. Returns: his number */
static char *
begin_for_user (Story *story, const char *stop, const char *start)
{
  begin (story, stop, start);
  story->uid = getuid () != 0 ? getuid () : getpwnam ("nobody")->pw_uid;
  /* Whom the helper becomes has to get in. */
  g_assert_cmpint (chmod (mock_machine_get_directory (story->machine), 0755), ==, 0);

  return g_strdup_printf ("%u", story->uid);
}

static void
expect_all (FakePeer *peer, const char *wanted)
{
  g_auto (GStrv) lines = g_strsplit (wanted, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    fake_peer_expect (peer, lines[i]);
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

/* What ran runs again and what did not does not, whatever the settings have become meanwhile. */
static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service;idle.service;b.timer", "x.service;hook.service;always.service");
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active", "idle.service=inactive",
                   "b.timer=active", "x.service=inactive", "hook.service=inactive:does",
                   "always.service=active", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  expect_all (&peer, "StopUnit a.service\nStopUnit b.timer\n"
                     "StartUnit x.service\nStartUnit hook.service");
  g_assert_true (story_has_file (&story, NOTES));

  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nstop-units=always.service\n");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit x.service\nStartUnit b.timer\nStartUnit a.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* Nobody has named it, and systemd stops it all the same. */
static void
test_what_goes_along (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service", "");
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active",
                   "needs.service=active:needs=a.service",
                   "idle.service=inactive:needs=a.service", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_true (says (&story, "needs.service needs a.service"));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_all (&peer, "StopUnit a.service\nStartUnit a.service\nStartUnit needs.service");
  fake_peer_end (&peer);
}

/* What nobody may stop is not stopped by a detour either. */
static void
test_what_must_not_go_along (void)
{
  static const char *const rows[] = {
    "gdm.service=active:needs=a.service",
    "multi-user.target=active:needs=a.service",
    "home.mount=active:needs=a.service",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;
      FakePeer peer = { 0 };

      begin (&story, "a.service", "");
      fake_peer_start (&peer, &story, "fake-units.py", "a.service=active", rows[i], NULL);
      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
      story_assert_step_code (&story, "unit-not-stopped");
      g_assert_false (story_has_file (&story, NOTES));
      fake_peer_end (&peer);
    }
}

static void
test_stop_fails (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service;b.service", "x.service");
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active", "b.service=active:stays",
                   "x.service=inactive", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "unit-not-stopped");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit a.service\nStopUnit b.service\n"
                     "StartUnit b.service\nStartUnit a.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* What could not be put back is named, and all else is as it was. */
static void
test_put_back_fails (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "c.service;a.service;b.service", "");
  fake_peer_start (&peer, &story, "fake-units.py", "c.service=active", "a.service=active:fails",
                   "b.service=active:stays", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "put-back-with-problems");
  g_assert_true (says (&story, "a.service could not be started"));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit c.service\nStopUnit a.service\nStopUnit b.service\n"
                     "StartUnit b.service\nStartUnit a.service\nStartUnit c.service");
  fake_peer_end (&peer);
}

/* The card is where it was to go, and whoever asked is told. What was not started is not stopped. */
static void
test_start_fails (void)
{
  static const struct
  {
    const char *trait;
    const char *code;
  } rows[] = {
    { "x.service=inactive:fails", "unit-not-started" },
    { "x.service=inactive:ends", "unit-does-not-run" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;
      FakePeer peer = { 0 };

      begin (&story, "", "x.service;y.service");
      fake_peer_start (&peer, &story, "fake-units.py", rows[i].trait, "y.service=inactive",
                       NULL);
      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DEGRADED);
      story_assert_code (&story, "handed-over-with-problems");
      g_assert_true (says (&story, "x.service"));
      story_assert_driver (&story, FAKE_CARD, "vfio-pci");
      g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
      expect_all (&peer, "StartUnit x.service\nStartUnit y.service\nStopUnit y.service");
      fake_peer_end (&peer);
    }
}

/* On the way back the card comes home, whatever a unit does. */
static void
test_return_is_not_kept (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service", "x.service");
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active:fails",
                   "x.service=inactive:stays", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "returned-with-problems");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (says (&story, "a.service could not be started"));
  g_assert_true (says (&story, "x.service could not be stopped"));
  expect_all (&peer, "StopUnit a.service\nStartUnit x.service\n"
                     "StopUnit x.service\nStartUnit a.service");
  fake_peer_end (&peer);
}

/* Whoever asks to stop while the last unit starts is heard: the card goes home, and all with it. */
static void
test_cancelled (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service", "x.service;h.service");
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active", "x.service=inactive",
                   "h.service=inactive:cancels", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_CANCELLED);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit a.service\nStartUnit x.service\nStartUnit h.service\n"
                     "StopUnit h.service\nStopUnit x.service\nStartUnit a.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* A number that no real process has, since it may be signalled. */
#define SERVICE_PID 4194304
#define SERVICE "4194304"

/* A service that uses the card: its main process, and the consent to close that. */
static void
begin_in_use (Story *story)
{
  const char *cgroup = "/system.slice/a.service";

  begin (story, "", "");
  mock_machine_write (story->machine, "etc/systemd/system/a.service", "");
  mock_process_add (story->machine, SERVICE_PID, "a", 0, cgroup, "a");
  mock_process_set_parent (story->machine, SERVICE_PID, 1);
  mock_process_open (story->machine, SERVICE_PID, 5, "/dev/dri/card1");
}

static BatonExit
hand_closing (Story *story)
{
  story_prepare_closing (story, "guest", SERVICE ":" SERVICE "00");

  return story_work (story);
}

/* With what would start it again, which is there before it is; and nothing else is closed. */
static void
test_uses_card (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_in_use (&story);
  fake_peer_start (&peer, &story, "fake-units.py",
                   "a.service=active:main=" SERVICE ":runs=" SERVICE ":needs=a.socket",
                   "a.socket=active:wakes=a.service", "a.timer=inactive:wakes=a.service",
                   "home.automount=active:wakes=a.service", NULL);
  g_assert_cmpint (hand_closing (&story), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  g_assert_true (says (&story, "stop-unit:a.service"));
  g_assert_false (says (&story, "close-process"));
  g_assert_true (says (&story, "a.socket would start a.service again"));
  g_assert_true (says (&story, "home.automount may start a.service again"));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_all (&peer, "StopUnit a.socket\nStopUnit a.service\n"
                     "StartUnit a.socket\nStartUnit a.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

static void
test_uses_card_and_stays (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_in_use (&story);
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active:stays:main=" SERVICE,
                   "a.socket=active:wakes=a.service", NULL);
  g_assert_cmpint (hand_closing (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "unit-not-stopped");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit a.socket\nStopUnit a.service\n"
                     "StartUnit a.socket\nStartUnit a.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* Somebody starts it again, by a bus, say, which nobody can stop: it is named with its service. */
static void
test_uses_card_again (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin_in_use (&story);
  fake_peer_start (&peer, &story, "fake-units.py", "a.service=active:main=" SERVICE, NULL);
  g_assert_cmpint (hand_closing (&story), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "new-holder-in-service");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit a.service\nStartUnit a.service");
  fake_peer_end (&peer);
}

/* Its process is closed where systemd says that it is another, or where nobody can be asked. */
static void
test_uses_card_and_is_none (void)
{
  static const char *const rows[] = { "a.service=active:main=0", "a.service=active:main=77",
                                      NULL };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;
      FakePeer peer = { 0 };

      begin_in_use (&story);
      if (rows[i] != NULL)
        fake_peer_start (&peer, &story, "fake-units.py", rows[i], NULL);
      /* It is text, and survives whatever is done to it. */
      hand_closing (&story);
      g_assert_true (says (&story, "close-process:" SERVICE));
      g_assert_false (says (&story, "stop-unit"));
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
      if (rows[i] != NULL)
        fake_peer_end (&peer);
    }
}

/* By another name it is a unit that nobody may stop. */
static void
test_other_name (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "a.service", "");
  fake_peer_start (&peer, &story, "fake-units.py",
                   "a.service=active:alias=display-manager.service", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  g_assert_true (says (&story, "display-manager.service"));
  fake_peer_end (&peer);
}

/* The end of a job is told by the one name that systemd has for a unit. */
static void
test_alias (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "alias.service", "");
  fake_peer_start (&peer, &story, "fake-units.py", "alias.service=active:called=a.service",
                   "a.service=active", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_all (&peer, "StopUnit a.service\nStartUnit a.service");
  fake_peer_end (&peer);
}

static void
test_nobody_to_ask (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, "a.service", "");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "unit-not-stopped");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_false (story_has_file (&story, NOTES));
}

/* What stands in the file is no more believed than what an owner writes. */
static void
test_notes_are_judged (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer peer = { 0 };

  begin (&story, "", "");
  fake_peer_start (&peer, &story, "fake-units.py", "dbus.service=active", "a.service=active",
                   NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  mock_machine_write (story.machine, NOTES,
                      "{\"units\":[{\"unit\":\"dbus.service\",\"with\":\"dbus.service\","
                      "\"started\":true},{\"unit\":\"../a.service\",\"with\":\"a\","
                      "\"started\":true},{\"unit\":7},8,{\"unit\":\"a.service\",\"with\":"
                      "\"a.service\",\"started\":true}]}");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&peer, "StopUnit a.service");
  fake_peer_end (&peer);
}

/* His own systemd is asked, as he, and there is none on the system's bus; and it is his unit that
 * comes back, whoever asks for the card. */
static void
test_units_of_a_user (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *uid = begin_for_user (&story, "user:a.service", "user:x.service");
  FakePeer peer = { 0 };

  fake_peer_start (&peer, &story, "fake-units.py", uid, "a.service=active",
                   "needs.service=active:needs=a.service", "x.service=inactive", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  expect_all (&peer, "StopUnit a.service\nStartUnit x.service");

  mock_machine_remove (story.machine, "etc/baton.conf");
  story.uid = 4711;
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  expect_all (&peer, "StopUnit x.service\nStartUnit a.service\nStartUnit needs.service");
  g_assert_false (story_has_file (&story, NOTES));
  fake_peer_end (&peer);
}

/* What a user's systemd says is believed of his own units alone, and what the desktop stands on is
 * not touched by a detour either; nor is what his systemd does not have. */
static void
test_units_of_a_user_refused (void)
{
  static const char *const rows[] = {
    "gnome-session@.target=active:needs=a.service",
    "dbus.service=active:needs=a.service",
    "../../x=active:needs=a.service",
    "b.service=active",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *uid = begin_for_user (
          &story, i == 3 ? "user:a.service;user:typo.service" : "user:a.service", "");
      FakePeer peer = { 0 };

      g_test_message ("%s", rows[i]);
      fake_peer_start (&peer, &story, "fake-units.py", uid, "a.service=active", rows[i], NULL);
      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
      story_assert_step_code (&story, "unit-not-stopped");
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
      if (i == 3)
        expect_all (&peer, "StopUnit a.service\nStartUnit a.service");
      fake_peer_end (&peer);
    }
}

/* Nothing of his runs any more, and what he wants to run starts when he is back: no problem. */
static void
test_user_logs_out (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *uid = begin_for_user (&story, "user:a.service", "user:x.service");
  g_autofree char *directory = g_strconcat ("run/user/", uid, NULL);
  FakePeer peer = { 0 };

  fake_peer_start (&peer, &story, "fake-units.py", uid, "a.service=active",
                   "x.service=inactive", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  expect_all (&peer, "StopUnit a.service\nStartUnit x.service");
  mock_machine_remove (story.machine, directory);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_true (says (&story, "has logged out"));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  fake_peer_end (&peer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/units/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/exec/units/what-goes-along", test_what_goes_along);
  g_test_add_func ("/helper/exec/units/what-must-not-go-along", test_what_must_not_go_along);
  g_test_add_func ("/helper/exec/units/stop-fails", test_stop_fails);
  g_test_add_func ("/helper/exec/units/put-back-fails", test_put_back_fails);
  g_test_add_func ("/helper/exec/units/start-fails", test_start_fails);
  g_test_add_func ("/helper/exec/units/return-is-not-kept", test_return_is_not_kept);
  g_test_add_func ("/helper/exec/units/cancelled", test_cancelled);
  g_test_add_func ("/helper/exec/units/other-name", test_other_name);
  g_test_add_func ("/helper/exec/units/alias", test_alias);
  g_test_add_func ("/helper/exec/units/nobody-to-ask", test_nobody_to_ask);
  g_test_add_func ("/helper/exec/units/uses-card", test_uses_card);
  g_test_add_func ("/helper/exec/units/uses-card-and-stays", test_uses_card_and_stays);
  g_test_add_func ("/helper/exec/units/uses-card-again", test_uses_card_again);
  g_test_add_func ("/helper/exec/units/uses-card-and-is-none", test_uses_card_and_is_none);
  g_test_add_func ("/helper/exec/units/notes-are-judged", test_notes_are_judged);
  g_test_add_func ("/helper/exec/units/of-a-user", test_units_of_a_user);
  g_test_add_func ("/helper/exec/units/of-a-user-refused", test_units_of_a_user_refused);
  g_test_add_func ("/helper/exec/units/user-logs-out", test_user_logs_out);

  return g_test_run ();
}
