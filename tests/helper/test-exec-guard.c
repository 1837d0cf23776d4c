/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-guard.h"
#include "fake-peer.h"
#include "mock-process.h"

#define UNIT "baton-guest@" FAKE_CARD ".service"
#define KEPT_AWAKE "block sleep:handle-lid-switch Baton vfio-pci"

/* Only PID 1 outlives the worker, where it is systemd. */
static void
begin (Story *story)
{
  story_begin (story);
  mock_machine_write (story->machine, "run/systemd/system/.keep", "");
}

/* Whoever watches over the card, as PID 1 would start it. */
static pid_t
start_guard (Story *story)
{
  pid_t pid = fork ();

  if (pid == 0)
    _exit (baton_guard_run (story->root, FAKE_CARD));

  return pid;
}

static void
expect_end (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, BATON_EXIT_DONE);
}

/* The events of an open and a close, as of any program. */
static void
touch_node (Story *story)
{
  g_autofree char *node =
      g_build_filename (mock_machine_get_directory (story->machine), FAKE_NODE, NULL);
  int fd = open (node, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

/* A process that lives is a guest, and no guest any more. */
static void
let_guest_come (Story *story, int pid)
{
  mock_process_add (story->machine, pid, "qemu-system-x86", 1000, "/", "qemu-system-x86_64");
  mock_process_open (story->machine, pid, 9, "/dev/vfio/" FAKE_GROUP);
  touch_node (story);
}

static void
let_guest_go (Story *story, int pid)
{
  g_autofree char *link = g_strdup_printf ("proc/%d/fd/9", pid);

  mock_machine_remove (story->machine, link);
  touch_node (story);
}

/* A guest that ends, as no event of a node tells. */
static pid_t
start_guest (Story *story)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      pause ();
      _exit (0);
    }
  mock_process_add (story->machine, pid, "qemu-system-x86", 1000, "/", "qemu-system-x86_64");
  mock_process_open (story->machine, pid, 9, "/dev/vfio/" FAKE_GROUP);

  return pid;
}

static void
hide_guest (Story *story, pid_t pid)
{
  g_autofree char *entry = g_strdup_printf ("proc/%d", pid);

  mock_machine_remove (story->machine, entry);
}

static void
end_guest (pid_t pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* Only while somebody has it, however often, and until it is taken back. */
static void
test_guests_come_and_go (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;
  pid_t guard;

  begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton amdgpu");
  fake_peer_expect (&logind, "starts " UNIT " vfio-pci");
  fake_peer_expect (&logind, "released vfio-pci");

  /* One that is there before us is seen as well. */
  let_guest_come (&story, logind.pid);
  guard = start_guard (&story);
  fake_peer_expect (&logind, KEPT_AWAKE);
  let_guest_go (&story, logind.pid);
  fake_peer_expect (&logind, "released vfio-pci");
  let_guest_come (&story, logind.pid);
  fake_peer_expect (&logind, KEPT_AWAKE);
  let_guest_go (&story, logind.pid);
  fake_peer_expect (&logind, "released vfio-pci");

  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_end (guard);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton vfio-pci");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* Returns when somebody is looking, at how things are now: one of the processes keeps him waiting until
 * somebody has come to write down what it has mapped. */
static void
wait_for_look (Story *story)
{
  g_autofree char *maps =
      g_build_filename (mock_machine_get_directory (story->machine), "proc/99999/maps", NULL);
  int fd;

  mock_process_add (story->machine, 99999, "waits", 1000, "/", "waits");
  g_assert_cmpint (unlink (maps), ==, 0);
  g_assert_cmpint (mkfifo (maps, 0600), ==, 0);
  touch_node (story);
  fd = open (maps, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  mock_machine_remove (story->machine, "proc/99999");
  close (fd);
}

/* That it is not seen does not mean that it does not run. */
static void
test_guest_not_seen (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *open_files = NULL;
  g_autofree char *keep = NULL;
  FakePeer logind;
  pid_t guard;

  story_begin_on (&story, "guest");
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  let_guest_come (&story, logind.pid);
  guard = start_guard (&story);
  fake_peer_expect (&logind, KEPT_AWAKE);
  open_files = g_strdup_printf ("proc/%d/fd", logind.pid);
  mock_machine_remove (story.machine, open_files);
  mock_machine_write (story.machine, open_files, "not for you");
  wait_for_look (&story);
  mock_machine_remove (story.machine, open_files);
  keep = g_strconcat (open_files, "/.keep", NULL);
  mock_machine_write (story.machine, keep, "");
  mock_process_open (story.machine, logind.pid, 9, "/dev/vfio/" FAKE_GROUP);
  wait_for_look (&story);
  let_guest_go (&story, logind.pid);
  fake_peer_expect (&logind, "released vfio-pci");
  let_guest_come (&story, logind.pid);
  fake_peer_expect (&logind, KEPT_AWAKE);

  let_guest_go (&story, logind.pid);
  fake_peer_expect (&logind, "released vfio-pci");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_end (guard);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton vfio-pci");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* Somebody who is not to be looked at, hanging on a disk that is gone perhaps, for as long as the
 * card is away: the kernel says whether anybody has it, and nobody is kept awake for nothing. */
static void
test_last_guest_ends (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;
  pid_t guest;
  pid_t guard;

  story_begin_on (&story, "guest");
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  mock_process_add (story.machine, 99998, "hangs", 1000, "/", "hangs");
  mock_machine_remove (story.machine, "proc/99998/fd");
  mock_machine_write (story.machine, "proc/99998/fd", "not for you");
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  guest = start_guest (&story);
  mock_machine_set_attribute (story.machine, FAKE_CARD, "enable", "1");
  mock_machine_set_attribute (story.machine, FAKE_SOUND, "enable", "0");
  guard = start_guard (&story);
  fake_peer_expect (&logind, KEPT_AWAKE);

  /* It has ended, and somebody has the card all the same. */
  hide_guest (&story, guest);
  end_guest (guest);
  wait_for_look (&story);
  guest = start_guest (&story);
  wait_for_look (&story);

  /* Its end is all that is heard. */
  hide_guest (&story, guest);
  mock_machine_set_attribute (story.machine, FAKE_CARD, "enable", "0");
  end_guest (guest);
  fake_peer_expect (&logind, "released vfio-pci");

  mock_machine_remove (story.machine, "proc/99998");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  expect_end (guard);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton vfio-pci");
  fake_peer_expect (&logind, "released amdgpu");
  fake_peer_end (&logind);
}

/* Whoever watched ends when the card is on its way; where that is undone, it is with guests again. */
static void
test_undone_return (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin_on (&story, "guest");
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  fake_kernel_refuse_host (story.kernel, FAKE_CARD, ENODEV);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton vfio-pci");
  fake_peer_expect (&logind, "starts " UNIT " vfio-pci");
  fake_peer_expect (&logind, "released vfio-pci");
  fake_peer_end (&logind);
}

static void
test_recovered_return (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  story_begin_on (&story, "guest");
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  story_prepare (&story, "host", NULL);
  fake_kernel_set_fault (story.kernel, 3, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (&story), !=, 0);
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);

  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  fake_peer_expect (&logind, "starts " UNIT " vfio-pci");
  fake_peer_end (&logind);
}

/* Its owner may want it otherwise. */
static void
test_sleep_is_allowed (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  begin (&story);
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nsleep-while-guest=allow\n");
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton amdgpu");
  fake_peer_expect (&logind, "released vfio-pci");
  fake_peer_end (&logind);
}

/* Somebody else gave the card away, and kept its sound: a guest may have the rest. */
static void
test_card_in_parts (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;
  pid_t guard;

  story_begin_on (&story, "guest");
  mock_machine_set_driver (story.machine, FAKE_SOUND, "snd_hda_intel");
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "done", NULL);
  let_guest_come (&story, logind.pid);
  guard = start_guard (&story);
  fake_peer_expect (&logind, KEPT_AWAKE);
  let_guest_go (&story, logind.pid);
  fake_peer_expect (&logind, "released vfio-pci");

  mock_machine_set_driver (story.machine, FAKE_CARD, "amdgpu");
  touch_node (&story);
  expect_end (guard);
  fake_peer_end (&logind);
}

/* Whoever started who watches did not ask the card's owner. */
static void
test_asks_the_owner (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nsleep-while-guest=allow\n");
  g_assert_cmpint (baton_guard_run (story.root, FAKE_CARD), ==, BATON_EXIT_DONE);
}

/* A handoff is not undone for it, and somebody is told. */
static void
test_nobody_to_watch (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (story_count_warnings (&story, "while a virtual machine has the card open"),
                    ==, 1);
}

/* A unit that does not start is heard of as well. */
static void
test_does_not_start (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer logind;

  begin (&story);
  fake_peer_start (&logind, &story, "fake-logind.py", "grants", "failed", NULL);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (story_count_warnings (&story, "systemd's job ended with"), ==, 1);
  fake_peer_expect (&logind, "block sleep:shutdown:handle-lid-switch Baton amdgpu");
  fake_peer_expect (&logind, "starts " UNIT " vfio-pci");
  fake_peer_expect (&logind, "released vfio-pci");
  fake_peer_end (&logind);
}

/* It is PID 1's to start, for a card that is with guests. */
static void
test_nothing_to_watch (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (baton_guard_run (story.root, "../../etc"), ==, BATON_EXIT_ERROR);
  g_assert_cmpint (baton_guard_run (story.root, "0000:00:1f.6"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (baton_guard_run (story.root, FAKE_CARD), ==, BATON_EXIT_DONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/guard/guests-come-and-go", test_guests_come_and_go);
  g_test_add_func ("/helper/guard/guest-not-seen", test_guest_not_seen);
  g_test_add_func ("/helper/guard/last-guest-ends", test_last_guest_ends);
  g_test_add_func ("/helper/guard/undone-return", test_undone_return);
  g_test_add_func ("/helper/guard/recovered-return", test_recovered_return);
  g_test_add_func ("/helper/guard/sleep-is-allowed", test_sleep_is_allowed);
  g_test_add_func ("/helper/guard/card-in-parts", test_card_in_parts);
  g_test_add_func ("/helper/guard/asks-the-owner", test_asks_the_owner);
  g_test_add_func ("/helper/guard/does-not-start", test_does_not_start);
  g_test_add_func ("/helper/guard/nobody-to-watch", test_nobody_to_watch);
  g_test_add_func ("/helper/guard/nothing-to-watch", test_nothing_to_watch);

  return g_test_run ();
}
