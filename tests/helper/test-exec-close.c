/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-process.h"
#include "baton-recover.h"
#include "baton-report.h"
#include "hidden-holder.h"
#include "own-processes.h"

typedef enum
{
  POLITE,
  STUBBORN,
  CANCELS, /* answers SIGTERM by asking the handoff to stop */
  HIDES,   /* and by letting nobody see any more that it has the node */
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

static sigset_t
make_term (void)
{
  sigset_t term;

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);

  return term;
}

static void
behave (Manner manner)
{
  const sigset_t term = make_term ();

  if (manner == HIDES)
    sigprocmask (SIG_BLOCK, &term, NULL);
  else if (manner == STUBBORN)
    signal (SIGTERM, SIG_IGN);
  else if (manner == CANCELS)
    signal (SIGTERM, on_term);
  else
    signal (SIGTERM, SIG_DFL);
}

static void
hide_on_term (int node)
{
  const sigset_t term = make_term ();
  int number;

  if (sigwait (&term, &number) != 0)
    _exit (1);
  hidden_holder_keep (node);
  close (node);
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
      if (manner == HIDES)
        hide_on_term (fd);
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
  return start_holder_of (OWN_PROCESSES_NODE, manner);
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
hand_closing (OwnProcesses *fixture, pid_t pid)
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
test_polite (OwnProcesses *fixture, gconstpointer data)
{
  pid_t pid = start_holder (POLITE);

  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_DONE);
  g_assert_cmpint (end_holder (pid), ==, SIGTERM);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

static void
test_stubborn (OwnProcesses *fixture, gconstpointer data)
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
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (fork () != 0 && open (OWN_PROCESSES_NODE, O_RDWR) < 0)
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

/* A control group, as /proc tells of it: nobody here may make one. */
static void
enter_scope (OwnProcesses *fixture, pid_t pid)
{
  g_autofree char *scope =
      g_build_filename (mock_machine_get_directory (fixture->story.machine), "scope", NULL);
  g_autofree char *cgroup = g_strdup_printf ("%s/%d/cgroup", fixture->proc, pid);

  if (mount (scope, cgroup, NULL, MS_BIND, NULL) < 0)
    _exit (1);
}

/* Starts what has the node anew whenever that was killed, and before the kernel calls it gone: there
 * is no moment at which it looks as if nobody came after it. */
static void
be_application (OwnProcesses *fixture, int ready)
{
  pid_t pids[2] = { getpid (), 0 };
  pid_t ended = 0;

  enter_scope (fixture, pids[0]);
  for (;;)
    {
      siginfo_t info;
      pid_t traced;

      pids[1] = start_lasting_holder (&traced);
      enter_scope (fixture, pids[1]);
      if (ended > 0 ? waitpid (ended, NULL, __WALL) != ended
                    : write (ready, pids, sizeof pids) != sizeof pids)
        _exit (1);
      if (waitid (P_PID, (id_t) traced, &info, WEXITED | WNOWAIT | __WALL) < 0)
        _exit (1);
      ended = traced;
    }
}

/* What started the application waits for it, and ends of SIGTERM alone, as Flatpak's does. */
static pid_t
start_wrapped_application (OwnProcesses *fixture, pid_t *ret_main, pid_t *ret_holder)
{
  sigset_t none;
  pid_t pids[2];
  int ready[2];
  pid_t pid;

  mock_machine_write (fixture->story.machine, "scope",
                      "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
                      "app-example-4711.scope\n");
  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      sigemptyset (&none);
      sigprocmask (SIG_SETMASK, &none, NULL);
      enter_scope (fixture, getpid ());
      if (fork () == 0)
        be_application (fixture, ready[1]);
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], pids, sizeof pids), ==, sizeof pids);
  close (ready[0]);
  *ret_main = pids[0];
  *ret_holder = pids[1];

  return pid;
}

/* Whoever was asked to end is given this long where the computer is busy. */
#define ENDS_MS 10000

/* The oldest of the application's processes passes nothing on, and the one below starts what has the
 * card anew each time: that one is asked to end as well. */
static void
test_wrapped (OwnProcesses *fixture, gconstpointer data)
{
  pid_t leader, holder;
  pid_t wrapper = start_wrapped_application (fixture, &leader, &holder);
  baton_autofd int leader_fd = pidfd_open (leader, 0);
  struct pollfd ended = { .fd = leader_fd, .events = POLLIN };

  g_assert_cmpint (leader_fd, >=, 0);
  g_assert_cmpint (hand_closing (fixture, holder), ==, BATON_EXIT_DONE);
  g_assert_cmpint (poll (&ended, 1, ENDS_MS), ==, 1);
  end_holder (wrapper);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
}

/* Not even SIGKILL ends it in time: nothing is taken from under it. */
static void
test_survivor (OwnProcesses *fixture, gconstpointer data)
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

/* That it is not seen any more is no proof that it has let go: nothing is taken from under it. */
static void
test_not_seen_any_more (OwnProcesses *fixture, gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  pid_t pid = start_holder (HIDES);

  /* Time enough for it to hide. */
  mock_machine_write (fixture->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=3000\n");
  before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_assert_cmpint (hand_closing (fixture, pid), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&fixture->story, "holders-unseen");
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, 0);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
  g_assert_cmpint (end_holder (pid), ==, 0);
}

/* Consent is for the one that was named, and for nobody else. */
static void
test_without_consent (OwnProcesses *fixture, gconstpointer data)
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
test_other_process_with_that_pid (OwnProcesses *fixture, gconstpointer data)
{
  pid_t pid = start_holder (POLITE);
  g_autofree char *close = g_strdup_printf ("%d:1", pid);

  story_prepare_closing (&fixture->story, "guest", close);
  g_assert_cmpint (story_work (&fixture->story), ==, BATON_EXIT_REFUSED);
  g_assert_cmpint (end_holder (pid), ==, 0);
}

/* Cancelled while it is waited for: it is not killed any more. */
static void
test_cancel_while_closing (OwnProcesses *fixture, gconstpointer data)
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
test_cancel_after_closing (OwnProcesses *fixture, gconstpointer data)
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
test_failed_after_closing (OwnProcesses *fixture, gconstpointer data)
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

/* Somebody opens the card after the plan was made, just before the driver is unbound. */
static void
test_new_holder (OwnProcesses *fixture, gconstpointer data)
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

/* The sound's driver does not let go for a while, and somebody opens the display meanwhile: that
 * nobody had it before is no news any more. */
static void
test_new_holder_in_a_stall (OwnProcesses *fixture, gconstpointer data)
{
  g_autofree char *before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_autofree char *after = NULL;
  pid_t holder, worker;

  story_prepare (&fixture->story, "guest", NULL);
  fake_kernel_set_fault (fixture->story.kernel, 5, FAKE_FAULT_BLOCK, 0);
  worker = story_start_apart (&fixture->story);
  story_wait_for_text (&fixture->story, "\"unbind:" FAKE_SOUND "\",\"state\":\"stalled\"");
  holder = start_holder (POLITE);
  fake_kernel_unblock (fixture->story.kernel);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_ROLLED_BACK);
  story_read_events (&fixture->story);
  story_assert_step_code (&fixture->story, "new-holder");
  g_assert_cmpint (end_holder (holder), ==, 0);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
}

/* The same by somebody who lets nobody see that. */
static void
test_new_holder_unseen (OwnProcesses *fixture, gconstpointer data)
{
  g_autofree char *before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_autofree char *after = NULL;

  fake_kernel_set_fault (fixture->story.kernel, 4, FAKE_FAULT_HIDE, 0);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&fixture->story, "holders-unseen");
  fake_kernel_unblock (fixture->story.kernel);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
}

/* And when the first function is on vfio-pci already, and the group cannot be used: it goes back all
 * the same, since nobody has the group, which is all that can be had of it. */
static void
test_put_back_unseen (OwnProcesses *fixture, gconstpointer data)
{
  g_autofree char *before = fake_kernel_dup_snapshot (fixture->story.kernel);
  g_autofree char *after = NULL;

  fake_kernel_set_group_viable (fixture->story.kernel, FALSE);
  fake_kernel_set_fault (fixture->story.kernel, 5, FAKE_FAULT_HIDE, 0);
  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  fake_kernel_unblock (fixture->story.kernel);
  after = fake_kernel_dup_snapshot (fixture->story.kernel);
  story_assert_same (before, after);
}

static const char *
get_result (OwnProcesses *fixture, const char *key)
{
  const BatonEvent *last =
      g_ptr_array_index (fixture->story.events, fixture->story.events->len - 1);

  return json_object_get_string_member (last->object, key);
}

/* The number of the act by which a return binds the display: the only one to refuse, where its owner
 * wants no other way back. */
static guint
count_to_display (OwnProcesses *fixture)
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

/* The sound does not come back, but the display has, and somebody has opened it, whom not everybody
 * can see: it stays with him, what is missing is named, and the sound does not go to the guests
 * alone. */
static void
test_kept_by_holder (OwnProcesses *fixture, gconstpointer data)
{
  gboolean hides = data != NULL;
  guint nth;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  nth = count_to_display (fixture);
  fake_kernel_refuse_host (fixture->story.kernel, FAKE_SOUND, ENOMEM);
  fake_kernel_set_fault (fixture->story.kernel, nth, hides ? FAKE_FAULT_HIDE : FAKE_FAULT_HOLD,
                         0);
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
wait_for_lock (OwnProcesses *fixture)
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
test_rest_comes_back_later (OwnProcesses *fixture, gconstpointer data)
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
test_lost_without_a_record (OwnProcesses *fixture, gconstpointer data)
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
test_not_kept_without_holder (OwnProcesses *fixture, gconstpointer data)
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
test_kept_by_recovery (OwnProcesses *fixture, gconstpointer data)
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

static void
tell_kernel (OwnProcesses *fixture, const char *path, const char *text)
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
test_split_in_use (OwnProcesses *fixture, gconstpointer data)
{
  const char *wish = data;
  const char *const arguments[] = { "host", FAKE_CARD, wish, NULL };
  pid_t pid;

  g_assert_cmpint (story_hand (&fixture->story, "guest"), ==, BATON_EXIT_DONE);
  tell_kernel (fixture, "drivers/vfio-pci/unbind", FAKE_CARD);
  tell_kernel (fixture, "devices/" FAKE_CARD "/driver_override", "\n");
  tell_kernel (fixture, "drivers/amdgpu/bind", FAKE_CARD);
  /* The other one has the numbers of the group's node. */
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
  own_processes_enter ();
  cancel_file =
      mmap (NULL, CANCEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/helper/close/polite", OwnProcesses, NULL, own_processes_set_up, test_polite,
              own_processes_tear_down);
  g_test_add ("/helper/close/stubborn", OwnProcesses, NULL, own_processes_set_up, test_stubborn,
              own_processes_tear_down);
  g_test_add ("/helper/close/wrapped", OwnProcesses, NULL, own_processes_set_up, test_wrapped,
              own_processes_tear_down);
  g_test_add ("/helper/close/without-consent", OwnProcesses, NULL, own_processes_set_up,
              test_without_consent, own_processes_tear_down);
  g_test_add ("/helper/close/other-process", OwnProcesses, NULL, own_processes_set_up,
              test_other_process_with_that_pid, own_processes_tear_down);
  g_test_add ("/helper/close/survivor", OwnProcesses, NULL, own_processes_set_up, test_survivor,
              own_processes_tear_down);
  g_test_add ("/helper/close/cancel", OwnProcesses, NULL, own_processes_set_up,
              test_cancel_while_closing, own_processes_tear_down);
  g_test_add ("/helper/close/cancel-after", OwnProcesses, NULL, own_processes_set_up,
              test_cancel_after_closing, own_processes_tear_down);
  g_test_add ("/helper/close/failed-after", OwnProcesses, NULL, own_processes_set_up,
              test_failed_after_closing, own_processes_tear_down);
  g_test_add ("/helper/close/split-in-use", OwnProcesses, NULL, own_processes_set_up,
              test_split_in_use, own_processes_tear_down);
  g_test_add ("/helper/wait-guest/split-in-use", OwnProcesses, "--when-free",
              own_processes_set_up, test_split_in_use, own_processes_tear_down);
  g_test_add ("/helper/close/new-holder", OwnProcesses, NULL, own_processes_set_up,
              test_new_holder, own_processes_tear_down);
  g_test_add ("/helper/close/new-holder-in-a-stall", OwnProcesses, NULL, own_processes_set_up,
              test_new_holder_in_a_stall, own_processes_tear_down);
  g_test_add ("/helper/unseen/after-closing", OwnProcesses, NULL, own_processes_set_up,
              test_not_seen_any_more, own_processes_tear_down);
  g_test_add ("/helper/unseen/new-holder", OwnProcesses, NULL, own_processes_set_up,
              test_new_holder_unseen, own_processes_tear_down);
  g_test_add ("/helper/unseen/put-back", OwnProcesses, NULL, own_processes_set_up,
              test_put_back_unseen, own_processes_tear_down);
  g_test_add ("/helper/unseen/kept", OwnProcesses, "hides", own_processes_set_up,
              test_kept_by_holder, own_processes_tear_down);

  g_test_add ("/helper/kept/by-holder", OwnProcesses, NULL, own_processes_set_up,
              test_kept_by_holder, own_processes_tear_down);
  g_test_add ("/helper/kept/rest-comes-later", OwnProcesses, NULL, own_processes_set_up,
              test_rest_comes_back_later, own_processes_tear_down);
  g_test_add ("/helper/kept/lost-without-a-record", OwnProcesses, NULL, own_processes_set_up,
              test_lost_without_a_record, own_processes_tear_down);
  g_test_add ("/helper/kept/without-holder", OwnProcesses, NULL, own_processes_set_up,
              test_not_kept_without_holder, own_processes_tear_down);
  g_test_add ("/helper/kept/by-recovery", OwnProcesses, NULL, own_processes_set_up,
              test_kept_by_recovery, own_processes_tear_down);

  return g_test_run ();
}
