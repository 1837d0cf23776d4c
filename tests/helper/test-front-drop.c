/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-drop.h"
#include "baton-root-warily.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* CAP_DAC_READ_SEARCH (2) and CAP_SYS_PTRACE (19). */
#define KEPT_CAPABILITIES "0000000000080004"
#define NO_CAPABILITIES "0000000000000000"

/* The child tells what was wrong by its exit status; 0 is nothing. */
static void
run_in_child (int (*run) (void))
{
  int status = 0;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (run ());

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* Root becomes somebody else; anybody else can only stay who they are. */
static guint
choose_uid (void)
{
  const struct passwd *nobody = getpwnam ("nobody");

  return geteuid () == 0 && nobody != NULL ? nobody->pw_uid : getuid ();
}

static gboolean
has_status (const char *status, const char *key, const char *value)
{
  g_autofree char *line = g_strdup_printf ("\n%s:\t%s\n", key, value);

  if (strstr (status, line) != NULL)
    return TRUE;

  g_printerr ("# /proc/self/status does not say %s: %s\n", key, value);
  return FALSE;
}

static int
look_at_status (void)
{
  guint uid = choose_uid ();
  gboolean is_root = geteuid () == 0;
  g_autofree char *uids = g_strdup_printf ("%u\t%u\t%u\t%u", uid, uid, uid, uid);
  g_autofree char *status = NULL;

  if (!baton_drop_rights (uid, NULL))
    return 1;
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 2;

  if (!has_status (status, "Uid", uids) || !has_status (status, "NoNewPrivs", "1") ||
      !has_status (status, "Seccomp", "2"))
    return 3;
  if (is_root && (!has_status (status, "CapEff", KEPT_CAPABILITIES) ||
                  !has_status (status, "CapPrm", KEPT_CAPABILITIES) ||
                  !has_status (status, "CapInh", NO_CAPABILITIES) ||
                  !has_status (status, "CapBnd", NO_CAPABILITIES) ||
                  !has_status (status, "CapAmb", NO_CAPABILITIES) || getgroups (0, NULL) != 0))
    return 4;

  return 0;
}

static void
test_status (void)
{
  run_in_child (look_at_status);
}

static int
look_at_status_of_root (void)
{
  g_autofree char *status = NULL;

  if (!baton_drop_rights (geteuid (), NULL))
    return 1;
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 2;

  return has_status (status, "NoNewPrivs", "1") &&
                 (geteuid () != 0 || has_status (status, "CapEff", KEPT_CAPABILITIES))
             ? 0
             : 3;
}

static void
test_root_for_itself_keeps_two_capabilities (void)
{
  run_in_child (look_at_status_of_root);
}

static gboolean
is_refused (long result, const char *what, int expected)
{
  int errsv = errno;

  if (result < 0 && errsv == expected)
    return TRUE;

  g_printerr ("# %s: gave %ld, %s\n", what, result, g_strerror (errsv));
  return FALSE;
}

#define REFUSED(expected, call) is_refused ((long) (call), #call, (expected))

static int
try_what_is_denied (void)
{
  struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = 0600 };
  g_autofree char *mine = g_build_filename (g_get_tmp_dir (), "baton-front-drop-mine", NULL);
  char *const nothing[] = { NULL };
  struct sockaddr_storage address = { .ss_family = AF_UNIX };
  int pair[2];
  gboolean ok = TRUE;

  if (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
      !baton_drop_rights (choose_uid (), NULL))
    return 1;

  ok &= REFUSED (EPERM, open (mine, O_WRONLY | O_CREAT, 0600));
  ok &= REFUSED (EPERM, open (mine, O_RDONLY | O_CREAT, 0600));
  ok &= REFUSED (EPERM, open ("/dev/null", O_WRONLY));
  ok &= REFUSED (EPERM, open ("/dev/null", O_RDWR));
  ok &= REFUSED (EPERM, open ("/dev/null", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ok &= REFUSED (EPERM, open ("/dev/null", O_RDONLY | O_TRUNC));
  ok &= REFUSED (EPERM, open (g_get_tmp_dir (), O_TMPFILE | O_RDWR, 0600));
  ok &= REFUSED (EPERM, syscall (SYS_openat, AT_FDCWD, "/dev/null", O_ACCMODE, 0));
  ok &= REFUSED (ENOSYS, syscall (SYS_openat2, AT_FDCWD, mine, &how, sizeof how));
#ifdef SYS_open
  ok &= REFUSED (EPERM, syscall (SYS_open, "/dev/null", O_RDWR, 0));
#endif
  ok &= REFUSED (EPERM, mkdir (mine, 0700));
  ok &= REFUSED (EPERM, unlink (mine));
  ok &= REFUSED (EPERM, ptrace (PTRACE_SEIZE, getppid (), NULL, NULL));
  ok &= REFUSED (EPERM, syscall (SYS_process_vm_readv, getppid (), NULL, 0, NULL, 0, 0));
  ok &= REFUSED (EPERM, syscall (SYS_pidfd_getfd, pair[0], 0, 0));
  ok &= REFUSED (EPERM, execve ("/bin/true", nothing, nothing));
  ok &= REFUSED (EPERM, syscall (SYS_execveat, AT_FDCWD, "/bin/true", nothing, nothing, 0));
  ok &= REFUSED (EPERM, connect (pair[0], (struct sockaddr *) &address, sizeof address));
  ok &= REFUSED (EPERM, socket (AF_INET, SOCK_STREAM, 0));
  ok &= REFUSED (EPERM, socket (AF_UNIX, SOCK_STREAM, 0));
  ok &= REFUSED (EPERM, syscall (SYS_io_uring_setup, 1, NULL));
  ok &= REFUSED (EPERM, syscall (SYS_unshare, 0));
  ok &= REFUSED (EPERM, kill (getppid (), 0));

  return ok ? 0 : 2;
}

static void
test_denied (void)
{
  run_in_child (try_what_is_denied);
}

static gpointer
return_what_was_given (gpointer data)
{
  return data;
}

/* What the look itself needs: a filter that is too narrow would blind it. */
static int
do_what_is_needed (void)
{
  g_autoptr (GThread) thread = NULL;
  int fd;

  if (!baton_drop_rights (choose_uid (), NULL))
    return 1;

  fd = open ("/proc/1/maps", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0 && geteuid () != getuid ())
    return 2;
  if (open ("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0)
    return 3;
  if (inotify_init1 (IN_CLOEXEC) < 0)
    return 4;
  if (syscall (SYS_pidfd_open, getpid (), 0) < 0)
    return 5;
  if (socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15) < 0)
    return 6;

  thread = g_thread_try_new ("look", return_what_was_given, &fd, NULL);
  if (thread == NULL || g_thread_join (g_steal_pointer (&thread)) != &fd)
    return 7;

  return 0;
}

/* Links of /sys lead from a class to a device and from there to a driver. */
static int
read_through_root (void)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autofree char *line = NULL;

  if (root == NULL || !baton_drop_rights (choose_uid (), NULL))
    return 1;

  line = baton_root_read_line (root, BATON_ROOT_SYS, "class/net/lo/mtu", NULL);
  if (line == NULL)
    return 2;
  if (!baton_root_exists (root, BATON_ROOT_ETC, "passwd"))
    return 3;

  return baton_root_open (root, BATON_ROOT_DEV, "null", O_RDWR, NULL) < 0 ? 0 : 4;
}

static void
test_root_still_reads (void)
{
  run_in_child (read_through_root);
}

/* What a driver may keep is read by a process of its own, which this filter leaves possible. */
static int
read_warily (void)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  const char *const paths[] = { "class/net/lo/mtu", NULL };
  g_autoptr (GPtrArray) heads = NULL;

  if (root == NULL || !baton_drop_rights (choose_uid (), NULL))
    return 1;

  heads = baton_root_read_warily (root, BATON_ROOT_SYS, paths, 60000);
  return heads->len == 1 && heads->pdata[0] != NULL ? 0 : 2;
}

static void
test_other_process_still_reads (void)
{
  run_in_child (read_warily);
}

static void
test_needed (void)
{
  run_in_child (do_what_is_needed);
}

/* What only root could see before: another user's descriptors, and a node of mode 0600. */
static char *node_of_root;

static int
look_at_others (void)
{
  g_autofree char *links = NULL;
  char byte;
  int ends[2];
  int notify;
  pid_t other;

  if (pipe (ends) < 0)
    return 1;

  other = fork ();
  if (other == 0)
    {
      /* Ends with this process: the pipe's last writer is gone then. */
      close (ends[1]);
      _exit (read (ends[0], &byte, 1) < 0);
    }

  links = g_strdup_printf ("/proc/%d/fd", other);
  if (!baton_drop_rights (choose_uid (), NULL))
    return 2;
  if (open (links, O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0)
    return 3;
  notify = inotify_init1 (IN_CLOEXEC);
  if (inotify_add_watch (notify, node_of_root, IN_OPEN) < 0)
    return 4;

  return open (node_of_root, O_RDWR) < 0 ? 0 : 5;
}

static void
test_others_are_seen_and_not_written (void)
{
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("baton-front-drop-XXXXXX", &node_of_root, &error);

  g_assert_no_error (error);
  run_in_child (look_at_others);
  g_assert_no_errno (close (fd));
  g_assert_no_errno (unlink (node_of_root));
  g_clear_pointer (&node_of_root, g_free);
}

static int
ask_for_nobody (void)
{
  g_autoptr (GError) error = NULL;

  if (geteuid () != 0)
    return 0;
  if (baton_drop_rights (4242424, &error))
    return 1;

  return strstr (error->message, "4242424") != NULL ? 0 : 2;
}

static void
test_unknown_user_is_refused (void)
{
  run_in_child (ask_for_nobody);
}

/* Whoever talks to a user's programs keeps nothing of root's, and cannot get it back. */
static int
become_user (void)
{
  guint uid = choose_uid ();
  g_autofree char *uids = g_strdup_printf ("%u\t%u\t%u\t%u", uid, uid, uid, uid);
  g_autofree char *status = NULL;

  if (baton_drop_become (0, NULL) || !baton_drop_become (uid, NULL))
    return 1;
  if (!g_file_get_contents ("/proc/thread-self/status", &status, NULL, NULL))
    return 2;
  if (!has_status (status, "Uid", uids) || !has_status (status, "NoNewPrivs", "1") ||
      !has_status (status, "CapPrm", NO_CAPABILITIES) ||
      !has_status (status, "CapEff", NO_CAPABILITIES))
    return 3;

  return setuid (0) < 0 || geteuid () == 0 ? 0 : 4;
}

static void
test_become (void)
{
  run_in_child (become_user);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/drop/status", test_status);
  g_test_add_func ("/helper/drop/status-of-root", test_root_for_itself_keeps_two_capabilities);
  g_test_add_func ("/helper/drop/denied", test_denied);
  g_test_add_func ("/helper/drop/needed", test_needed);
  g_test_add_func ("/helper/drop/root", test_root_still_reads);
  g_test_add_func ("/helper/drop/other-process", test_other_process_still_reads);
  g_test_add_func ("/helper/drop/others", test_others_are_seen_and_not_written);
  g_test_add_func ("/helper/drop/become", test_become);
  g_test_add_func ("/helper/drop/unknown-user", test_unknown_user_is_refused);

  return g_test_run ();
}
