/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-lock.h"
#include "baton-recover.h"
#include "baton-report.h"
#include "fake-peer.h"
#include "hidden-holder.h"
#include "own-processes.h"

#define OTHER_HANDOFF "0123456789abcdef0123456789abcdef"

/* Handed over, used, and back by itself when the guest has stopped. */
static void
test_until_free (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker, guest;
  int fd;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* One handoff to a guest that stops, and whose return meets with a fault at its @nth write. Returns how
 * many there were. */
static guint
return_with_fault (OwnProcesses *fixture, guint nth)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker, guest;
  guint n_acts;
  int fd;

  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  fake_kernel_set_fault (fixture->story.kernel, nth, FAKE_FAULT_REFUSE, EIO);
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  n_acts = fake_kernel_get_n_acts (fixture->story.kernel);
  fake_kernel_set_fault (fixture->story.kernel, 0, FAKE_FAULT_NONE, 0);

  return n_acts;
}

/* Nobody sits there who would try again: what fails once on the way back does not leave it away. */
static void
test_until_free_fails_once (OwnProcesses *fixture, gconstpointer data)
{
  guint n_acts = G_MAXUINT;

  own_processes_use_group_numbers (fixture);
  for (guint nth = 1; nth <= n_acts; nth++)
    {
      n_acts = return_with_fault (fixture, nth);
      story_read_events (&fixture->story);
      story_assert_code (&fixture->story, "returned");
      story_assert_one_result (&fixture->story);
      story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
      story_assert_driver (&fixture->story, FAKE_SOUND, "snd_hda_intel");
    }
  g_assert_cmpuint (n_acts, >, 3);
}

/* The return is refused when the guest has stopped: not plainly done, and it says why. */
static void
test_until_free_refused (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_autoptr (JsonNode) report = NULL;
  pid_t worker, guest;
  int fd;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=soon\n");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DEGRADED);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "handed-over-with-problems");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  report = baton_report_load (fixture->story.root, NULL);
  g_assert_nonnull (report);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "code"), ==,
                   "handed-over-with-problems");
}

/* Asked to stop while it waits for the guest: the card stays with it. */
static void
test_until_free_cancelled (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  g_assert_true (g_file_set_contents (fixture->story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "handed-over");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

/* Refused while a guest has the card; with the wish to wait, it comes back when that has stopped. */
static void
test_when_free (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "host", FAKE_CARD, "--when-free", NULL };
  pid_t worker, guest;
  int fd;

  own_processes_use_group_numbers (fixture);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  guest = own_processes_start_guest (fixture, &fd);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_REFUSED);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* One that nobody can see to have the card. */
static pid_t
start_hidden_guest (void)
{
  int ready[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      int fd = open (OWN_PROCESSES_NODE, O_RDWR);

      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (fd < 0)
        _exit (1);
      hidden_holder_keep (fd);
      if (close (fd) < 0 || write (ready[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);

  return pid;
}

static void
touch_node (OwnProcesses *fixture)
{
  g_autofree char *node = g_build_filename (mock_machine_get_directory (fixture->story.machine),
                                            "dev/vfio", FAKE_GROUP, NULL);
  int fd = open (node, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

/* The guest that was seen has stopped, and there is another one that is not seen. The kernel knows of
 * it: it comes back when that has gone as well. */
static void
test_guest_not_seen (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker, guest, hidden;
  int fd;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  hidden = start_hidden_guest ();
  fake_kernel_set_group_busy (fixture->story.kernel, TRUE);
  own_processes_stop_guest (guest, fd);
  story_wait_for_text (&fixture->story, "could not be looked at");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  fake_kernel_set_group_busy (fixture->story.kernel, FALSE);
  g_assert_cmpint (kill (hidden, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (hidden, NULL, 0), ==, hidden);
  touch_node (fixture);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* Another card's handoff: it has the lock, and its report is the last one. */
static BatonLock *
begin_other_handoff (OwnProcesses *fixture)
{
  g_autoptr (GError) error = NULL;
  BatonLock *lock = baton_lock_take (fixture->story.root, OTHER_HANDOFF, NULL, &error);

  g_assert_no_error (error);
  mock_machine_write (fixture->story.machine, "var/lib/baton/report.json",
                      "{\"handoff\":\"" OTHER_HANDOFF "\"}");

  return lock;
}

/* While a guest runs other cards come and go, and who brings this one back waits for them. */
static void
test_other_card_meanwhile (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const until_free[] = { "guest", FAKE_CARD, "--until-free", NULL };
  static const char *const when_free[] = { "host", FAKE_CARD, "--when-free", NULL };
  gboolean to_host = GPOINTER_TO_INT (data);
  BatonLock *lock;
  pid_t worker, guest = 0;
  int fd = -1;

  own_processes_use_group_numbers (fixture);
  if (to_host)
    {
      g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
      guest = own_processes_start_guest (fixture, &fd);
    }
  story_prepare_arguments (&fixture->story, to_host ? when_free : until_free);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  lock = begin_other_handoff (fixture);
  if (!to_host)
    {
      guest = own_processes_start_guest (fixture, &fd);
      story_wait_for_text (&fixture->story, "has the card open");
    }
  own_processes_stop_guest (guest, fd);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  baton_lock_release (lock);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* Who waits for the lock is heard as well when he asks to stop, and changes nothing without it. */
static void
test_cancelled_without_lock (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  BatonLock *lock;
  pid_t worker, guest;
  guint n_acts;
  int fd;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  n_acts = fake_kernel_get_n_acts (fixture->story.kernel);
  lock = begin_other_handoff (fixture);
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  own_processes_stop_guest (guest, fd);
  g_assert_true (g_file_set_contents (fixture->story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  baton_lock_release (lock);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "handed-over");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, n_acts);
}

/* A guest ends because the computer is switched off: nothing is begun for its card any more. */
static void
test_switched_off (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const until_free[] = { "guest", FAKE_CARD, "--until-free", NULL };
  static const char *const when_free[] = { "host", FAKE_CARD, "--when-free", NULL };
  gboolean to_host = GPOINTER_TO_INT (data);
  FakePeer peer = { 0 };
  pid_t worker, guest = 0;
  guint n_acts;
  int fd = -1;

  own_processes_use_group_numbers (fixture);
  if (to_host)
    {
      g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
      guest = own_processes_start_guest (fixture, &fd);
    }
  mock_machine_write (fixture->story.machine, "run/systemd/system/.there", "");
  fake_peer_start (&peer, &fixture->story, "fake-units.py", "manager=stopping", NULL);
  story_prepare_arguments (&fixture->story, to_host ? when_free : until_free);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  n_acts = fake_kernel_get_n_acts (fixture->story.kernel);
  if (!to_host)
    {
      guest = own_processes_start_guest (fixture, &fd);
      story_wait_for_text (&fixture->story, "comes back when that has stopped");
    }
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==,
                   to_host ? BATON_EXIT_CANCELLED : BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_wait_for_text (&fixture->story, "is being switched off");
  story_assert_one_result (&fixture->story);
  story_assert_code (&fixture->story, to_host ? "cancelled" : "handed-over");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, n_acts);
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  fake_peer_end (&peer);
}

static void
test_when_free_cancelled (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "host", FAKE_CARD, "--when-free", NULL };
  pid_t worker, guest;
  int fd;

  own_processes_use_group_numbers (fixture);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  guest = own_processes_start_guest (fixture, &fd);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  g_assert_true (g_file_set_contents (fixture->story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_CANCELLED);
  own_processes_stop_guest (guest, fd);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "cancelled");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

/* Brought back by hand before any guest came: nobody waits for one any more, and the report is about
 * who brought it. */
static void
test_taken_back_by_hand (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_autofree char *waiting = NULL;
  g_autofree char *by_hand = NULL;
  g_autoptr (JsonNode) report = NULL;
  pid_t worker;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  waiting = g_steal_pointer (&fixture->story.id);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&fixture->story, "returned");
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  by_hand = g_steal_pointer (&fixture->story.id);
  fixture->story.id = g_steal_pointer (&waiting);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "nothing-to-do");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  report = baton_report_load (fixture->story.root, NULL);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "handoff"), ==,
                   by_hand);
}

static void
assert_cut_off (JsonObject *end)
{
  JsonArray *troubles = json_object_get_array_member (end, "troubles");

  g_assert_cmpstr (json_object_get_string_member (end, "state"), ==, "degraded");
  g_assert_cmpstr (json_object_get_string_member (end, "code"), ==,
                   "handed-over-with-problems");
  g_assert_cmpuint (json_array_get_length (troubles), ==, 1);
  g_assert_cmpstr (
      json_object_get_string_member (json_array_get_object_element (troubles, 0), "code"), ==,
      "wait-cut-off");
}

/* The card stays with the guest for good, though it was to come back: whoever waits for a result is
 * told so, and the next login. */
static void
assert_told_of_cut_off (OwnProcesses *fixture)
{
  const BatonEvent *last;

  story_read_events (&fixture->story);
  story_assert_one_result (&fixture->story);
  last = g_ptr_array_index (fixture->story.events, fixture->story.events->len - 1);
  assert_cut_off (last->object);
  g_test_message ("%s", json_object_get_string_member (last->object, "text"));
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

static void
assert_reported_cut_off (OwnProcesses *fixture)
{
  g_autoptr (JsonNode) report = baton_report_load (fixture->story.root, NULL);
  JsonObject *object;

  g_assert_nonnull (report);
  object = json_node_get_object (report);
  assert_cut_off (object);
  g_assert_cmpstr (json_object_get_string_member (object, "handoff"), ==, fixture->story.id);
  g_assert_cmpstr (json_object_get_string_member (object, "to"), ==, "guest");
}

/* The worker is killed while it waits, and the last report is still its own. */
static void
test_killed_while_waiting (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_autoptr (JsonNode) report = NULL;
  pid_t worker;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  report = baton_report_load (fixture->story.root, NULL);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "code"), ==,
                   "handed-over");
  g_assert_cmpint (kill (worker, SIGKILL), ==, 0);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, -1);
  g_assert_cmpint (baton_recover_run (fixture->story.root), ==, 0);
  assert_told_of_cut_off (fixture);
  assert_reported_cut_off (fixture);
}

/* The same where the last report is another card's by then, or that is still at work, whose report
 * comes next. */
static void
test_killed_beside_another (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  gboolean is_busy = GPOINTER_TO_INT (data);
  BatonLock *lock;
  pid_t worker;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  lock = begin_other_handoff (fixture);
  if (!is_busy)
    g_clear_pointer (&lock, baton_lock_release);
  /* It lives, and is nobody's to settle. */
  g_assert_cmpint (baton_recover_run (fixture->story.root), ==, is_busy ? BATON_EXIT_BUSY : 0);
  g_assert_cmpint (kill (worker, SIGKILL), ==, 0);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, -1);
  g_assert_cmpint (baton_recover_run (fixture->story.root), ==, is_busy ? BATON_EXIT_BUSY : 0);
  g_clear_pointer (&lock, baton_lock_release);
  assert_told_of_cut_off (fixture);
  if (!is_busy)
    assert_reported_cut_off (fixture);
}

/* What would have been in the way at once is in the way afterwards, and the next login hears of it. */
static void
test_when_free_refused (OwnProcesses *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "host", FAKE_CARD, "--when-free", NULL };
  g_autoptr (JsonNode) report = NULL;
  pid_t worker, guest;
  int fd;

  own_processes_use_group_numbers (fixture);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  guest = own_processes_start_guest (fixture, &fd);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=soon\n");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_REFUSED);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  report = baton_report_load (fixture->story.root, NULL);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "handoff"), ==,
                   fixture->story.id);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "code"), ==,
                   "refused");
}

int
main (int argc, char **argv)
{
  own_processes_enter ();
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/helper/wait-guest/until-free", OwnProcesses, NULL, own_processes_set_up,
              test_until_free, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/until-free-fails-once", OwnProcesses, NULL,
              own_processes_set_up, test_until_free_fails_once, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/until-free-refused", OwnProcesses, NULL, own_processes_set_up,
              test_until_free_refused, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/until-free-cancelled", OwnProcesses, NULL,
              own_processes_set_up, test_until_free_cancelled, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/not-seen", OwnProcesses, NULL, own_processes_set_up,
              test_guest_not_seen, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/when-free", OwnProcesses, NULL, own_processes_set_up,
              test_when_free, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/when-free-refused", OwnProcesses, NULL, own_processes_set_up,
              test_when_free_refused, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/when-free-cancelled", OwnProcesses, NULL,
              own_processes_set_up, test_when_free_cancelled, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/other-card/guest", OwnProcesses, GINT_TO_POINTER (FALSE),
              own_processes_set_up, test_other_card_meanwhile, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/other-card/host", OwnProcesses, GINT_TO_POINTER (TRUE),
              own_processes_set_up, test_other_card_meanwhile, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/until-free-switched-off", OwnProcesses,
              GINT_TO_POINTER (FALSE), own_processes_set_up, test_switched_off,
              own_processes_tear_down);
  g_test_add ("/helper/wait-guest/when-free-switched-off", OwnProcesses, GINT_TO_POINTER (TRUE),
              own_processes_set_up, test_switched_off, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/cancelled-without-lock", OwnProcesses, NULL,
              own_processes_set_up, test_cancelled_without_lock, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/taken-back-by-hand", OwnProcesses, NULL, own_processes_set_up,
              test_taken_back_by_hand, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/killed", OwnProcesses, NULL, own_processes_set_up,
              test_killed_while_waiting, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/killed-after-another", OwnProcesses, GINT_TO_POINTER (FALSE),
              own_processes_set_up, test_killed_beside_another, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/killed-while-busy", OwnProcesses, GINT_TO_POINTER (TRUE),
              own_processes_set_up, test_killed_beside_another, own_processes_tear_down);

  return g_test_run ();
}
