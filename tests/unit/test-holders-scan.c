/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "baton-holders-scan.h"
#include "baton-holders-walk.h"
#include "baton-holders.h"
#include "holder-child.h"

/* The kernel's memory devices stand in for nodes of a card: /dev/full (1:7) is opened by nobody
 * else, and /dev/zero (1:5) can be mapped and still be itself. */
#define MEMORY_MAJOR 1
#define ZERO_MINOR 5
#define FULL_MINOR 7

static BatonHoldersDevices *
new_devices (void)
{
  BatonHoldersDevices *devices = baton_holders_devices_new ();

  baton_holders_devices_add (devices, MEMORY_MAJOR, FULL_MINOR, BATON_HOLDERS_ROLE_NODE,
                             "/dev/full");
  baton_holders_devices_add (devices, MEMORY_MAJOR, ZERO_MINOR, BATON_HOLDERS_ROLE_NODE,
                             "/dev/zero");
  return devices;
}

static BatonHoldersScan *
scan_directory (const char *proc)
{
  g_autoptr (BatonHoldersDevices) devices = new_devices ();
  g_autoptr (GError) error = NULL;
  int proc_fd = open (proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
  BatonHoldersScan *scan;

  scan = baton_holders_scan_processes (devices, proc_fd, &error);
  close (proc_fd);
  g_assert_no_error (error);
  g_assert_nonnull (scan);
  return scan;
}

static BatonHoldersScan *
scan_proc (void)
{
  return scan_directory ("/proc");
}

static const BatonHoldersFound *
find_pid (const BatonHoldersScan *scan, int pid)
{
  for (guint i = 0; i < scan->found->len; i++)
    {
      const BatonHoldersFound *found = scan->found->pdata[i];

      if (found->process->pid == pid)
        return found;
    }

  return NULL;
}

static guint
find_how (const BatonHoldersScan *scan, int pid, guint device)
{
  const BatonHoldersFound *found = find_pid (scan, pid);

  for (guint i = 0; found != NULL && i < found->uses->len; i++)
    if (g_array_index (found->uses, BatonHoldersUse, i).device == device)
      return g_array_index (found->uses, BatonHoldersUse, i).how;

  return 0;
}

#define FULL 0
#define ZERO 1

static void
must (gboolean worked)
{
  if (!worked)
    _exit (1);
}

static void
open_full (gpointer data)
{
  must (open ("/dev/full", O_RDONLY) >= 0);
}

static void
map_zero (gpointer data)
{
  int fd = open ("/dev/zero", O_RDONLY);

  must (fd >= 0);
  must (mmap (NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  close (fd);
}

static void
do_nothing (gpointer data)
{
}

static void
test_descriptor_and_mapping_are_found (void)
{
  g_autoptr (HolderChild) opens = holder_child_start (open_full, NULL);
  g_autoptr (HolderChild) maps = holder_child_start (map_zero, NULL);
  g_autoptr (HolderChild) neither = holder_child_start (do_nothing, NULL);
  g_autoptr (BatonHoldersScan) scan = scan_proc ();

  g_assert_cmpuint (find_how (scan, opens->pid, FULL), ==, BATON_HOW_FD);
  g_assert_cmpuint (find_how (scan, opens->pid, ZERO), ==, 0);
  g_assert_cmpuint (find_how (scan, maps->pid, ZERO), ==, BATON_HOW_MAP);
  g_assert_null (find_pid (scan, neither->pid));
  g_assert_false (scan->out_of_time);
}

static gpointer
wait_in_own_table (gpointer data)
{
  int *ready = data;

  must (unshare (CLONE_FILES) == 0);
  must (write (*ready, "x", 1) == 1);
  for (;;)
    pause ();
  return NULL;
}

static gpointer
open_in_own_table (gpointer data)
{
  int *ready = data;

  must (unshare (CLONE_FILES) == 0);
  open_full (NULL);
  must (write (*ready, "x", 1) == 1);
  for (;;)
    pause ();
  return NULL;
}

static void
wait_for_thread (pthread_attr_t *attributes, gpointer (*function) (gpointer))
{
  pthread_t thread;
  int ready[2];
  char byte;

  must (pipe (ready) == 0);
  must (pthread_create (&thread, attributes, function, &ready[1]) == 0);
  must (read (ready[0], &byte, 1) == 1);
}

static void
start_thread_with_own_table (gpointer data)
{
  wait_for_thread (NULL, open_in_own_table);
}

static void
test_thread_with_own_descriptors_is_found (void)
{
  g_autoptr (HolderChild) child = holder_child_start (start_thread_with_own_table, NULL);
  g_autoptr (BatonHoldersScan) scan = scan_proc ();

  g_assert_cmpuint (find_how (scan, child->pid, FULL), ==, BATON_HOW_FD);
}

/* More than the search will look at; the last of them has the node. */
static void
start_many_threads_with_own_tables (gpointer data)
{
  for (guint i = 0; i < 40; i++)
    wait_for_thread (NULL, i < 39 ? wait_in_own_table : open_in_own_table);
}

static void
test_more_threads_than_are_looked_at_are_said (void)
{
  g_autoptr (HolderChild) child = holder_child_start (start_many_threads_with_own_tables, NULL);
  g_autoptr (BatonHoldersDevices) devices = new_devices ();
  int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (BatonHoldersWalk) walk = baton_holders_walk_new (devices, proc_fd);
  int dir_fd = -1;

  g_assert_cmpint (baton_holders_walk_process (walk, child->pid, &dir_fd), ==,
                   BATON_HOLDERS_WALK_UNREADABLE);
  g_assert_cmpint (dir_fd, ==, -1);
  close (proc_fd);
}

/* The same by one that has another node for all to see. */
static void
start_many_threads_and_map (gpointer data)
{
  map_zero (NULL);
  start_many_threads_with_own_tables (NULL);
}

static void
test_what_is_seen_does_not_stand_for_the_rest (void)
{
  g_autoptr (HolderChild) maps = holder_child_start (map_zero, NULL);
  g_autoptr (HolderChild) hides = holder_child_start (start_many_threads_and_map, NULL);
  g_autoptr (BatonHoldersDevices) devices = new_devices ();
  int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (BatonHoldersWalk) walk = baton_holders_walk_new (devices, proc_fd);
  int dir_fd = -1;

  g_assert_cmpint (baton_holders_walk_process (walk, hides->pid, &dir_fd), ==,
                   BATON_HOLDERS_WALK_FOUND);
  g_assert_false (baton_holders_walk_was_whole (walk));
  close (dir_fd);
  g_assert_cmpint (baton_holders_walk_process (walk, maps->pid, &dir_fd), ==,
                   BATON_HOLDERS_WALK_FOUND);
  g_assert_true (baton_holders_walk_was_whole (walk));
  close (dir_fd);
  close (proc_fd);
}

/* What cannot be opened for another reason than its end may have the card. */
static void
test_only_an_end_is_taken_for_one (void)
{
  g_autofree char *proc = g_dir_make_tmp ("baton-holders-XXXXXX", NULL);
  g_autofree char *gone = g_build_filename (proc, "100", NULL);
  g_autofree char *odd = g_build_filename (proc, "101", NULL);
  g_autofree char *odd_fd = g_build_filename (odd, "fd", NULL);
  g_autoptr (BatonHoldersScan) scan = NULL;

  g_assert_cmpint (g_mkdir (gone, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (odd, 0700), ==, 0);
  g_assert_true (g_file_set_contents (odd_fd, "", 0, NULL));
  scan = scan_directory (proc);
  g_assert_cmpuint (scan->n_unreadable, ==, 1);
  g_assert_cmpuint (scan->unreadable->len, ==, 1);
  g_assert_cmpint (g_array_index (scan->unreadable, int, 0), ==, 101);
  g_assert_cmpuint (scan->found->len, ==, 0);

  g_unlink (odd_fd);
  g_rmdir (odd);
  g_rmdir (gone);
  g_rmdir (proc);
}

static gpointer
outlive_leader (gpointer data)
{
  int *hold = data;
  char byte;

  /* the first thread is a zombie when its state says so */
  for (;;)
    {
      g_autofree char *stat_text = NULL;

      if (g_file_get_contents ("/proc/self/stat", &stat_text, NULL, NULL) &&
          strstr (stat_text, ") Z ") != NULL)
        break;
      sched_yield ();
    }
  must (write (hold[1], "x", 1) == 1);
  while (read (hold[0], &byte, 1) > 0)
    ;
  _exit (0);
}

static void
test_holder_without_first_thread_is_found (void)
{
  g_autoptr (BatonHoldersScan) scan = NULL;
  int ready[2];
  int hold[2];
  int thread_fds[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe (ready), ==, 0);
  g_assert_cmpint (pipe (hold), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      pthread_t thread;

      close (hold[1]);
      open_full (NULL);
      map_zero (NULL);
      thread_fds[0] = hold[0];
      thread_fds[1] = ready[1];
      must (pthread_create (&thread, NULL, outlive_leader, thread_fds) == 0);
      syscall (SYS_exit, 0);
    }
  close (hold[0]);
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);

  scan = scan_proc ();
  g_assert_cmpuint (find_how (scan, pid, FULL), ==, BATON_HOW_FD);
  g_assert_cmpuint (find_how (scan, pid, ZERO), ==, BATON_HOW_MAP);

  close (hold[1]);
  close (ready[0]);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* A thread that is still ending holds locks of the allocator, and a child that is made then has
 * them for ever. Such a child writes to the kernel for the helper. */
static void
test_nothing_of_the_search_outlives_it (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *empty = g_dir_make_tmp ("baton-proc-XXXXXX", &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (BatonHoldersScan) scan = scan_directory (empty);
      struct pollfd end = { .events = POLLIN };
      pid_t pid = fork ();

      if (pid == 0)
        {
          prctl (PR_SET_PDEATHSIG, SIGKILL);
          for (gsize size = 16; size < 4 << 20; size += size / 2)
            g_free (g_malloc (size));
          _exit (0);
        }
      end.fd = pidfd_open (pid, 0);
      g_assert_cmpint (poll (&end, 1, 20000), ==, 1);
      close (end.fd);
      g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
    }
  g_assert_cmpint (g_rmdir (empty), ==, 0);
}

static void
test_processes_that_end_meanwhile_are_no_error (void)
{
  gint64 end = g_get_monotonic_time () + G_TIME_SPAN_SECOND / 2;
  g_autoptr (HolderChild) steady = holder_child_start (open_full, NULL);
  /* a sandbox can have processes that not even root reads */
  g_autoptr (BatonHoldersScan) before = scan_proc ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        {
          pid_t child = fork ();

          if (child == 0)
            {
              open_full (NULL);
              _exit (0);
            }
          waitpid (child, NULL, 0);
        }
    }

  do
    {
      g_autoptr (BatonHoldersScan) scan = scan_proc ();

      g_assert_cmpuint (find_how (scan, steady->pid, FULL), ==, BATON_HOW_FD);
      if (geteuid () == 0)
        g_assert_cmpuint (scan->n_unreadable, ==, before->n_unreadable);
    }
  while (g_get_monotonic_time () < end);

  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
}

static void
open_given (gpointer path)
{
  must (open (path, O_RDONLY) >= 0);
}

static void
test_node_of_another_name_is_found (void)
{
  g_autofree char *directory = g_dir_make_tmp ("baton-holders-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "no-name-of-ours", NULL);
  g_autoptr (HolderChild) child = NULL;
  g_autoptr (BatonHoldersScan) scan = NULL;
  g_autoptr (BatonHoldersScan) scan_deleted = NULL;

  g_assert_cmpint (mknod (path, S_IFCHR | 0600, makedev (MEMORY_MAJOR, FULL_MINOR)), ==, 0);
  child = holder_child_start (open_given, path);
  scan = scan_proc ();
  g_assert_cmpuint (find_how (scan, child->pid, FULL), ==, BATON_HOW_FD);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_rmdir (directory);
  scan_deleted = scan_proc ();
  g_assert_cmpuint (find_how (scan_deleted, child->pid, FULL), ==, BATON_HOW_FD);
}

static void
map_in_container (gpointer data)
{
  int fd;

  must (unshare (CLONE_NEWNS) == 0);
  must (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  must (mount ("tmpfs", "/dev", "tmpfs", 0, NULL) == 0);
  must (mknod ("/dev/its-own-card", S_IFCHR | 0600, makedev (MEMORY_MAJOR, ZERO_MINOR)) == 0);
  fd = open ("/dev/its-own-card", O_RDONLY);
  must (fd >= 0);
  must (mmap (NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  close (fd);
}

/* What looks for a user has these two and no more. */
static void
keep_two_capabilities (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[2] = { 0 };

  data[0].effective = data[0].permitted =
      CAP_TO_MASK (CAP_DAC_READ_SEARCH) | CAP_TO_MASK (CAP_SYS_PTRACE);
  must (syscall (SYS_capset, &header, data) == 0);
}

static void
test_mapping_in_a_container_is_found (void)
{
  g_autoptr (HolderChild) child = holder_child_start (map_in_container, NULL);
  g_autoptr (BatonHoldersScan) scan = scan_proc ();

  g_assert_cmpuint (find_how (scan, child->pid, ZERO), ==, BATON_HOW_MAP);
}

static void
test_two_capabilities_find_the_same (void)
{
  g_autoptr (HolderChild) opens = holder_child_start (open_full, NULL);
  g_autoptr (HolderChild) maps = holder_child_start (map_in_container, NULL);
  g_autoptr (BatonHoldersScan) with_all = scan_proc ();
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      g_autoptr (BatonHoldersScan) scan = NULL;

      keep_two_capabilities ();
      scan = scan_proc ();
      must (scan->n_unreadable == with_all->n_unreadable);
      must (find_how (scan, opens->pid, FULL) == BATON_HOW_FD);
      must (find_how (scan, maps->pid, ZERO) == BATON_HOW_MAP);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
test_others_processes_are_counted_as_unreadable (void)
{
  g_autoptr (HolderChild) of_root = holder_child_start (open_full, NULL);
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      g_autoptr (BatonHoldersScan) scan = NULL;

      must (setresgid (65534, 65534, 65534) == 0);
      must (setresuid (65534, 65534, 65534) == 0);
      scan = scan_proc ();
      must (scan->n_unreadable > 0);
      must (find_pid (scan, of_root->pid) == NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders-scan/fd-and-map", test_descriptor_and_mapping_are_found);
  g_test_add_func ("/core/holders-scan/thread", test_thread_with_own_descriptors_is_found);
  g_test_add_func ("/core/holders-scan/many-threads",
                   test_more_threads_than_are_looked_at_are_said);
  g_test_add_func ("/core/holders-scan/seen-in-part",
                   test_what_is_seen_does_not_stand_for_the_rest);
  g_test_add_func ("/core/holders-scan/only-an-end", test_only_an_end_is_taken_for_one);
  g_test_add_func ("/core/holders-scan/leader-gone", test_holder_without_first_thread_is_found);
  g_test_add_func ("/core/holders-scan/outlived-by-nothing",
                   test_nothing_of_the_search_outlives_it);
  g_test_add_func ("/core/holders-scan/ends-meanwhile",
                   test_processes_that_end_meanwhile_are_no_error);

  /* nobody else can make nodes, or become somebody */
  if (geteuid () == 0)
    {
      g_test_add_func ("/core/holders-scan/other-name", test_node_of_another_name_is_found);
      g_test_add_func ("/core/holders-scan/container", test_mapping_in_a_container_is_found);
      g_test_add_func ("/core/holders-scan/two-capabilities",
                       test_two_capabilities_find_the_same);
      g_test_add_func ("/core/holders-scan/unreadable",
                       test_others_processes_are_counted_as_unreadable);
    }

  return g_test_run ();
}
