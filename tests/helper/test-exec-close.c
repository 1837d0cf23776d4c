/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-kernel.h"
#include "baton-process.h"
#include "baton-recover.h"
#include "baton-report.h"
#include "handoff-story.h"

/* A node of the card that living processes can open: the numbers are those of /dev/full. The mock
 * machine has a real /proc, so that what is closed really ends, of a namespace with nobody in it
 * but this test. */
#define NODE "/dev/full"

typedef struct
{
  Story story;
  char *proc;
} Fixture;

/* The kernel's release is the running one's, seen through its /proc. */
static void
write_modules (MockMachine *machine)
{
  struct utsname name;
  g_autofree char *path = NULL;

  g_assert_cmpint (uname (&name), ==, 0);
  path = g_strdup_printf ("usr/lib/modules/%s/modules.dep", name.release);
  mock_machine_write (machine, path, "kernel/drivers/vfio/pci/vfio-pci.ko:\n");
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  story_begin (&fixture->story);
  mock_machine_add_node (fixture->story.machine, FAKE_CARD, "drm/renderD129", "full", 1, 7);
  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=300\n");
  fixture->proc =
      g_build_filename (mock_machine_get_directory (fixture->story.machine), "proc", NULL);
  write_modules (fixture->story.machine);
  g_assert_cmpint (mount ("proc", fixture->proc, "proc", 0, NULL), ==, 0);
  fixture->story.root = mock_machine_get_root (fixture->story.machine);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (umount2 (fixture->proc, MNT_DETACH), ==, 0);
  g_free (fixture->proc);
  story_clear (&fixture->story);
}

typedef enum
{
  POLITE,
  STUBBORN,
  CANCELS, /* answers SIGTERM by asking the handoff to stop */
} Manner;

/* Shared with the holders, which are there before the handoff has a name. */
#define CANCEL_BYTES 512
static char *cancel_file;

static void
on_term (int number)
{
  int fd = open (cancel_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd >= 0)
    close (fd);
}

static void
behave (Manner manner)
{
  if (manner == STUBBORN)
    signal (SIGTERM, SIG_IGN);
  else if (manner == CANCELS)
    signal (SIGTERM, on_term);
  else
    signal (SIGTERM, SIG_DFL);
}

static pid_t
start_holder_of (const char *node, Manner manner)
{
  sigset_t none;
  int ready[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      int fd = open (node, O_RDWR);

      prctl (PR_SET_PDEATHSIG, SIGKILL);
      sigemptyset (&none);
      sigprocmask (SIG_SETMASK, &none, NULL);
      behave (manner);
      if (fd < 0 || write (ready[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);

  return pid;
}

static pid_t
start_holder (Manner manner)
{
  return start_holder_of (NODE, manner);
}

/* Returns the signal that ended it, 0 where it lives. */
static int
end_holder (pid_t pid)
{
  int status;
  pid_t ended = waitpid (pid, &status, WNOHANG);

  if (ended == 0)
    {
      kill (pid, SIGKILL);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      return 0;
    }
  g_assert_cmpint (ended, ==, pid);

  return WTERMSIG (status);
}

static BatonExit
hand_closing (Fixture *fixture, pid_t pid)
{
  g_autoptr (BatonProcess) process = baton_process_new (fixture->story.root, pid, NULL);
  g_autofree char *close = NULL;

  g_assert_nonnull (process);
  close = g_strdup_printf ("%d:%s", pid, process->start_time);
  story_prepare_closing (&fixture->story, "guest", close);
  g_strlcpy (cancel_file, fixture->story.cancel_file, CANCEL_BYTES);

  return story_work (&fixture->story);
}

static void
test_polite (Fixture *fixture, gconstpointer data)
{
  pid_t pid = start_holder (POLITE);

  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_DONE);
  g_assert_cmpint (end_holder (pid), ==, SIGTERM);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

static void
test_stubborn (Fixture *fixture, gconstpointer data)
{
  pid_t pid = start_holder (STUBBORN);

  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_DONE);
  g_assert_cmpint (end_holder (pid), ==, SIGKILL);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

/* Says its pid as it is in the namespace of whoever reads. */
static void
send_self (int fd)
{
  struct iovec byte = { (char[]){ 'x' }, 1 };
  struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };

  if (sendmsg (fd, &message, 0) != 1)
    _exit (1);
}

static pid_t
receive_pid (int fd)
{
  char control[CMSG_SPACE (sizeof (struct ucred))] __attribute__ ((aligned (8)));
  char byte;
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };
  struct ucred sender;

  g_assert_cmpint (recvmsg (fd, &message, 0), ==, 1);
  memcpy (&sender, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof sender);

  return sender.pid;
}

/* Process 1 of a namespace that is killed waits until all others in it are gone
 * (kernel/pid_namespace.c, zap_pid_ns_processes()), and one that is traced is not gone before its
 * tracer has heard of it: so this one ends when @ret_traced is waited for. */
static pid_t
start_lasting_holder (pid_t *ret_traced)
{
  const int on = 1;
  int ends[2];
  pid_t pid;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
  g_assert_cmpint (setsockopt (ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), ==, 0);
  pid = (pid_t) syscall (SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      if (fork () != 0 && open (NODE, O_RDWR) < 0)
        _exit (1);
      send_self (ends[1]);
      for (;;)
        pause ();
    }
  *ret_traced = receive_pid (ends[0]);
  if (*ret_traced == pid)
    *ret_traced = receive_pid (ends[0]);
  else
    g_assert_cmpint (receive_pid (ends[0]), ==, pid);
  g_assert_cmpint (ptrace (PTRACE_SEIZE, *ret_traced, NULL, NULL), ==, 0);
  close (ends[0]);
  close (ends[1]);

  return pid;
}

/* Not even SIGKILL ends it in time: nothing is taken from under it. */
static void
test_survivor (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_autofree char *after = NULL;
  pid_t traced;
  pid_t pid = start_lasting_holder (&traced);

  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&fixture->story, "holder-survived");
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, 0);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);

  g_assert_cmpint (waitpid (traced, NULL, __WALL), ==, traced);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* Consent is for the one that was named, and for nobody else. */
static void
test_without_consent (Fixture *fixture, gconstpointer data)
{
  pid_t named = start_holder (POLITE);
  pid_t other = start_holder (POLITE);

  g_assert_cmpint (hand_closing (fixture, named), ==, BATON_EXIT_REFUSED);
  g_assert_cmpint (end_holder (named), ==, 0);
  g_assert_cmpint (end_holder (other), ==, 0);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* A start time of another process with that number. */
static void
test_other_process_with_that_pid (Fixture *fixture, gconstpointer data)
{
  pid_t pid = start_holder (POLITE);
  g_autofree char *close = g_strdup_printf ("%d:1", pid);

  story_prepare_closing (&fixture->story, "guest", close);
  g_assert_cmpint (story_work (&fixture->story), ==, BATON_EXIT_REFUSED);
  g_assert_cmpint (end_holder (pid), ==, 0);
}

/* Cancelled while it is waited for: it is not killed any more. */
static void
test_cancel_while_closing (Fixture *fixture, gconstpointer data)
{
  pid_t pid = start_holder (CANCELS);

  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_CANCELLED);
  story_assert_code (&fixture->story, "cancelled-after-closing");
  g_assert_cmpint (end_holder (pid), ==, 0);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, 0);
}

/* Stopped after somebody was closed for it: the card is back, the program is not, and that is not
 * called "everything". */
static void
test_cancel_after_closing (Fixture *fixture, gconstpointer data)
{
  pid_t pid = start_holder (POLITE);
  const BatonEvent *last;
  JsonObject *args;

  fake_kernel_set_fault (fixture->story.kernel, 3, FAKE_FAULT_CANCEL, 0);
  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_CANCELLED);
  g_assert_cmpint (end_holder (pid), ==, SIGTERM);
  story_assert_code (&fixture->story, "cancelled-after-closing");
  last = g_ptr_array_index (fixture->story.events, fixture->story.events->len - 1);
  args = json_object_get_object_member (last->object, "args");
  g_assert_cmpstr (json_object_get_string_member (args, "programs"), !=, "");
  g_test_message ("%s", json_object_get_string_member (last->object, "text"));
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* The same where it fails by itself, and where the worker is killed and recovery settles it. */
static void
test_failed_after_closing (Fixture *fixture, gconstpointer data)
{
  static const char *const codes[] = { "rolled-back-after-closing", "recovered-after-closing" };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (BatonProcess) process = NULL;
      g_autofree char *close = NULL;
      pid_t pid = start_holder (POLITE);

      process = baton_process_new (fixture->story.root, pid, NULL);
      close = g_strdup_printf ("%d:%s", pid, process->start_time);
      story_prepare_closing (&fixture->story, "guest", close);
      fake_kernel_set_fault (fixture->story.kernel, 5,
                             i == 0 ? FAKE_FAULT_REFUSE : FAKE_FAULT_KILL, ENOMEM);
      g_assert_cmpint (story_work_apart (&fixture->story), !=, BATON_EXIT_DONE);
      fake_kernel_set_fault (fixture->story.kernel, 0, FAKE_FAULT_NONE, 0);
      if (i > 0)
        g_assert_cmpint (baton_recover_run (fixture->story.root), ==, 0);
      g_assert_cmpint (end_holder (pid), ==, SIGTERM);
      story_read_events (&fixture->story);
      story_assert_code (&fixture->story, codes[i]);
      story_assert_one_result (&fixture->story);
      story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
    }
}

/* A guest: it has the group's node open, as inotify sees it and as the search for holders does. */
static pid_t
start_guest (Fixture *fixture, int *ret_fd)
{
  g_autofree char *node = g_build_filename (mock_machine_get_directory (fixture->story.machine),
                                            "dev/vfio", FAKE_GROUP, NULL);
  pid_t pid = start_holder (POLITE);

  /* Opened by the test in its place, since a plain file has no device's numbers. */
  *ret_fd = open (node, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (*ret_fd, >=, 0);

  return pid;
}

static void
stop_guest (pid_t pid, int fd)
{
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  close (fd);
}

static void
use_group_numbers (Fixture *fixture)
{
  /* The display's node would be held by the guest as well. */
  mock_machine_add_node (fixture->story.machine, FAKE_CARD, "drm/renderD129", "dri/renderD129",
                         226, 129);
}

/* Handed over, used, and back by itself when the guest has stopped. */
static void
test_until_free (Fixture *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker, guest;
  int fd;

  use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  story_wait_for_text (&fixture->story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  guest = start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* The return is refused when the guest has stopped: not plainly done, and it says why. */
static void
test_until_free_refused (Fixture *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_autoptr (JsonNode) report = NULL;
  pid_t worker, guest;
  int fd;

  use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  story_wait_for_text (&fixture->story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  guest = start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=soon\n");
  stop_guest (guest, fd);
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
test_until_free_cancelled (Fixture *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  pid_t worker;

  use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  story_wait_for_text (&fixture->story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  g_assert_true (g_file_set_contents (fixture->story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "handed-over");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

/* Refused while a guest has the card; with the wish to wait, it comes back when that has stopped. */
static void
test_when_free (Fixture *fixture, gconstpointer data)
{
  static const char *const arguments[] = { "host", FAKE_CARD, "--when-free", NULL };
  pid_t worker, guest;
  int fd;

  use_group_numbers (fixture);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  guest = start_guest (fixture, &fd);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_REFUSED);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  story_wait_for_text (&fixture->story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* Somebody opens the card after the plan was made, just before the driver is unbound. */
static void
test_new_holder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_autofree char *after = NULL;

  fake_kernel_set_fault (fixture->story.kernel, 4, FAKE_FAULT_HOLD, 0);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&fixture->story, "new-holder");
  fake_kernel_unblock (fixture->story.kernel);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
}

static const char *
get_result (Fixture *fixture, const char *key)
{
  const BatonEvent *last =
      g_ptr_array_index (fixture->story.events, fixture->story.events->len - 1);

  return json_object_get_string_member (last->object, key);
}

/* The number of the act by which a return binds the display: the only one to refuse, where its owner
 * wants no other way back. */
static guint
count_to_display (Fixture *fixture)
{
  guint nth = 0;

  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreturn-method=bind\n");

  do
    {
      fake_kernel_set_fault (fixture->story.kernel, ++nth, FAKE_FAULT_REFUSE, ENOMEM);
      story_hand (&fixture->story, "host");
    }
  while (strstr (get_result (fixture, "at_step"), "bind:" FAKE_CARD) !=
         get_result (fixture, "at_step"));
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  mock_machine_remove (fixture->story.machine, "etc/baton.conf");

  return nth;
}

/* The sound does not come back, but the display has, and somebody has opened it: it stays with
 * him, what is missing is named, and the sound does not go to the guests alone. */
static void
test_kept_by_holder (Fixture *fixture, gconstpointer data)
{
  guint nth;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  nth = count_to_display (fixture);
  fake_kernel_refuse_host (fixture->story.kernel, FAKE_SOUND, ENOMEM);
  fake_kernel_set_fault (fixture->story.kernel, nth, FAKE_FAULT_HOLD, 0);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&fixture->story, "returned-with-problems");
  story_assert_one_result (&fixture->story);
  g_test_message ("%s", get_result (fixture, "text"));
  g_assert_nonnull (strstr (get_result (fixture, "text"), FAKE_SOUND));
  g_assert_cmpstr (get_result (fixture, "at_step"), ==, "bind:" FAKE_SOUND);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, NULL);
  g_assert_false (story_has_file (&fixture->story, FAKE_NODE));
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  fake_kernel_unblock (fixture->story.kernel);
}

/* Whoever opened the card came out of the worker, with all that it had open: the lock too. */
static void
wait_for_lock (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (mock_machine_get_directory (fixture->story.machine),
                                            "run/baton/lock", NULL);
  int fd = open (path, O_RDWR | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  close (fd);
}

/* And it is not the last word: asked for once more, what is missing is bound, and nothing else is
 * touched, not even with the display in use. As long as the driver refuses, nothing is pretended. */
static void
test_rest_comes_back_later (Fixture *fixture, gconstpointer data)
{
  static const char state[] = "run/baton/cards/" FAKE_CARD ".json";
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  test_kept_by_holder (fixture, data);
  wait_for_lock (fixture);
  g_assert_true (story_has_file (&fixture->story, state));
  before = fake_kernel_dup_snapshot (fixture->story.kernel);
  fake_kernel_set_fault (fixture->story.kernel, 0, FAKE_FAULT_NONE, 0);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&fixture->story, "bind-refused");
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);

  fake_kernel_accept_host (fixture->story.kernel);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&fixture->story, "returned");
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&fixture->story, state));
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&fixture->story, "nothing-to-do");
}

/* The same for one that Baton never took away: a probe that binds nothing is a failure here. */
static void
test_lost_without_a_record (Fixture *fixture, gconstpointer data)
{
  mock_machine_set_driver (fixture->story.machine, FAKE_SOUND, NULL);
  fake_kernel_refuse_host (fixture->story.kernel, FAKE_SOUND, ENODEV);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_driver (&fixture->story, FAKE_SOUND, NULL);

  fake_kernel_accept_host (fixture->story.kernel);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, "snd_hda_intel");
}

/* With nobody there all of it goes back to where it was. */
static void
test_not_kept_without_holder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  before = fake_kernel_dup_snapshot (fixture->story.kernel);
  fake_kernel_refuse_host (fixture->story.kernel, FAKE_SOUND, ENOMEM);
  g_assert_cmpint (story_hand (&fixture->story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
}

/* The worker is killed between display and sound, and somebody opens the display before recovery
 * looks: it goes the rest of the way, since the way back would take the card from him. */
static void
test_kept_by_recovery (Fixture *fixture, gconstpointer data)
{
  guint nth;
  pid_t pid;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  nth = count_to_display (fixture);
  story_prepare (&fixture->story, "host", NULL);
  fake_kernel_set_fault (fixture->story.kernel, nth + 1, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (&fixture->story), !=, BATON_EXIT_DONE);
  fake_kernel_set_fault (fixture->story.kernel, 0, FAKE_FAULT_NONE, 0);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, NULL);

  pid = start_holder (POLITE);
  g_assert_cmpint (baton_recover_run (fixture->story.root), ==, 0);
  g_assert_cmpint (end_holder (pid), ==, 0);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&fixture->story, "var/lib/baton/journal"));
  g_assert_false (story_has_file (&fixture->story, "run/baton/cards/" FAKE_CARD ".json"));
}

/* Processes and mounts of our own, as root or in a namespace where we are root. What runs in it
 * is process 1 there and everything ends with it. */
static void
enter_namespace (void)
{
  int flags = CLONE_NEWNS | CLONE_NEWPID;
  int status;
  pid_t pid;

  if (unshare (flags) < 0 && unshare (CLONE_NEWUSER | flags) < 0)
    g_error ("no namespace can be had: %s", g_strerror (errno));
  pid = fork ();
  if (pid > 0)
    {
      if (waitpid (pid, &status, 0) != pid)
        g_error ("the test was lost: %s", g_strerror (errno));
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : 1);
    }
  /* Process 1 of a namespace is deaf to most signals, its own abort() included. */
  if (pid == 0 && (pid = fork ()) > 0)
    {
      if (waitpid (pid, &status, 0) != pid)
        _exit (1);
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : 1);
    }
  if (pid < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    g_error ("mounts cannot be made private: %s", g_strerror (errno));
}

static void
tell_kernel (Fixture *fixture, const char *path, const char *text)
{
  g_autofree char *whole = g_build_filename (
      mock_machine_get_directory (fixture->story.machine), "sys/bus/pci", path, NULL);
  int fd = open (whole, O_WRONLY);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (baton_kernel_write (fd, text), ==, 0);
  close (fd);
}

/* What the host's driver has already is used, and that is no guest: the rest comes back around it. */
static void
test_split_in_use (Fixture *fixture, gconstpointer data)
{
  const char *wish = data;
  const char *const arguments[] = { "host", FAKE_CARD, wish, NULL };
  pid_t pid;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  tell_kernel (fixture, "drivers/vfio-pci/unbind", FAKE_CARD);
  tell_kernel (fixture, "devices/" FAKE_CARD "/driver_override", "\n");
  tell_kernel (fixture, "drivers/amdgpu/bind", FAKE_CARD);
  /* NODE has the numbers of the group's node. */
  mock_machine_add_node (fixture->story.machine, FAKE_CARD, "drm/renderD130", "zero", 1, 5);
  pid = start_holder_of ("/dev/zero", POLITE);

  story_prepare_arguments (&fixture->story, arguments);
  g_assert_cmpint (story_work (&fixture->story), ==, BATON_EXIT_DONE);
  g_assert_cmpint (end_holder (pid), ==, 0);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
  story_assert_driver (&fixture->story, FAKE_SOUND, "snd_hda_intel");
}

int
main (int argc, char **argv)
{
  enter_namespace ();
  cancel_file =
      mmap (NULL, CANCEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/helper/close/polite", Fixture, NULL, set_up, test_polite, tear_down);
  g_test_add ("/helper/close/stubborn", Fixture, NULL, set_up, test_stubborn, tear_down);
  g_test_add ("/helper/close/without-consent", Fixture, NULL, set_up, test_without_consent,
              tear_down);
  g_test_add ("/helper/close/other-process", Fixture, NULL, set_up,
              test_other_process_with_that_pid, tear_down);
  g_test_add ("/helper/close/survivor", Fixture, NULL, set_up, test_survivor, tear_down);
  g_test_add ("/helper/close/cancel", Fixture, NULL, set_up, test_cancel_while_closing,
              tear_down);
  g_test_add ("/helper/close/cancel-after", Fixture, NULL, set_up, test_cancel_after_closing,
              tear_down);
  g_test_add ("/helper/close/failed-after", Fixture, NULL, set_up, test_failed_after_closing,
              tear_down);
  g_test_add ("/helper/wait-guest/until-free", Fixture, NULL, set_up, test_until_free,
              tear_down);
  g_test_add ("/helper/wait-guest/until-free-refused", Fixture, NULL, set_up,
              test_until_free_refused, tear_down);
  g_test_add ("/helper/wait-guest/until-free-cancelled", Fixture, NULL, set_up,
              test_until_free_cancelled, tear_down);
  g_test_add ("/helper/wait-guest/when-free", Fixture, NULL, set_up, test_when_free, tear_down);
  g_test_add ("/helper/close/split-in-use", Fixture, NULL, set_up, test_split_in_use,
              tear_down);
  g_test_add ("/helper/wait-guest/split-in-use", Fixture, "--when-free", set_up,
              test_split_in_use, tear_down);
  g_test_add ("/helper/close/new-holder", Fixture, NULL, set_up, test_new_holder, tear_down);

  g_test_add ("/helper/kept/by-holder", Fixture, NULL, set_up, test_kept_by_holder, tear_down);
  g_test_add ("/helper/kept/rest-comes-later", Fixture, NULL, set_up,
              test_rest_comes_back_later, tear_down);
  g_test_add ("/helper/kept/lost-without-a-record", Fixture, NULL, set_up,
              test_lost_without_a_record, tear_down);
  g_test_add ("/helper/kept/without-holder", Fixture, NULL, set_up,
              test_not_kept_without_holder, tear_down);
  g_test_add ("/helper/kept/by-recovery", Fixture, NULL, set_up, test_kept_by_recovery,
              tear_down);

  return g_test_run ();
}
