/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-front-clean.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each story spoils a child as an unprivileged caller of pkexec can, cleans it, and looks. The
 * child tells what was wrong by its exit status: the number of the check that failed. */
typedef struct
{
  const char *name;
  void (*spoil) (void);
  int (*look) (void);
} Story;

static void
spoil_timers (void)
{
  const struct itimerval soon = { .it_value = { .tv_usec = 1000 } };

  setitimer (ITIMER_REAL, &soon, NULL);
  setitimer (ITIMER_VIRTUAL, &soon, NULL);
  setitimer (ITIMER_PROF, &soon, NULL);
}

static int
look_at_timers (void)
{
  const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };

  for (guint i = 0; i < G_N_ELEMENTS (timers); i++)
    {
      struct itimerval left;

      getitimer (timers[i], &left);
      if (left.it_value.tv_sec != 0 || left.it_value.tv_usec != 0)
        return 1 + i;
    }

  return 0;
}

static void
spoil_signals (void)
{
  sigset_t all;

  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, NULL);
  signal (SIGCHLD, SIG_IGN);
  signal (SIGTERM, SIG_IGN);
  /* Pending and blocked: emptying the mask alone would deliver them. */
  raise (SIGHUP);
  raise (SIGALRM);
  raise (SIGRTMIN);
}

static int
look_at_signals (void)
{
  sigset_t now;

  sigprocmask (SIG_BLOCK, NULL, &now);
  for (int number = 1; number < NSIG; number++)
    {
      struct sigaction action = { 0 };

      if (sigismember (&now, number) == 1)
        return 1;
      if (number == SIGKILL || number == SIGSTOP || sigaction (number, NULL, &action) < 0)
        continue;
      if (action.sa_handler != (number == SIGPIPE ? SIG_IGN : SIG_DFL))
        return 2;
    }

  sigpending (&now);
  return sigisemptyset (&now) ? 0 : 3;
}

static void
spoil_files (void)
{
  umask (0);
  for (int fd = 3; fd < 10; fd++)
    dup2 (STDERR_FILENO, fd);
}

static int
look_at_files (void)
{
  for (int fd = 3; fd < 10; fd++)
    if (fcntl (fd, F_GETFD) >= 0)
      return 1;

  return umask (0) == 077 ? 0 : 2;
}

static void
spoil_limits (void)
{
  const struct rlimit one = { 1, RLIM_INFINITY };
  const struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
  struct rlimit processes;

  setrlimit (RLIMIT_FSIZE, &one);
  setrlimit (RLIMIT_CORE, &core);
  getrlimit (RLIMIT_NPROC, &processes);
  processes.rlim_cur = 1;
  setrlimit (RLIMIT_NPROC, &processes);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static int
look_at_limits (void)
{
  struct rlimit limit;
  int death_signal = -1;

  getrlimit (RLIMIT_FSIZE, &limit);
  if (limit.rlim_cur != RLIM_INFINITY)
    return 1;
  getrlimit (RLIMIT_CORE, &limit);
  if (limit.rlim_cur != 0)
    return 2;
  /* The threads of a look are the user's, beside all others that he has. */
  getrlimit (RLIMIT_NPROC, &limit);
  if (limit.rlim_cur != limit.rlim_max)
    return 5;
  prctl (PR_GET_PDEATHSIG, &death_signal);
  if (death_signal != 0)
    return 3;

  return prctl (PR_GET_DUMPABLE) == 0 ? 0 : 4;
}

static void
spoil_priority (void)
{
  setpriority (PRIO_PROCESS, 0, 19);
}

/* Only root may go back up; somebody else's niceness stays and harms nobody but themselves. */
static int
look_at_priority (void)
{
  int expected = geteuid () == 0 ? 0 : 19;

  return getpriority (PRIO_PROCESS, 0) == expected ? 0 : 1;
}

static void
spoil_environment (void)
{
  setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/tmp/forged", TRUE);
  setenv ("PATH", "/tmp", TRUE);
  setenv ("LC_ALL", "tr_TR.UTF-8", TRUE);
  g_assert_no_errno (chdir ("/tmp"));
}

static int
look_at_environment (void)
{
  g_autofree char *directory = g_get_current_dir ();

  if (getenv ("DBUS_SYSTEM_BUS_ADDRESS") != NULL)
    return 1;
  if (g_strcmp0 (getenv ("LC_ALL"), "C.UTF-8") != 0)
    return 2;
  if (strstr (getenv ("PATH"), "tmp") != NULL)
    return 3;

  return g_str_equal (directory, "/") ? 0 : 4;
}

static const Story stories[] = {
  { "timers", spoil_timers, look_at_timers },
  { "signals", spoil_signals, look_at_signals },
  { "files", spoil_files, look_at_files },
  { "limits", spoil_limits, look_at_limits },
  { "priority", spoil_priority, look_at_priority },
  { "environment", spoil_environment, look_at_environment },
};

static int
run_in_child (int (*run) (gconstpointer data), gconstpointer data)
{
  int status = 0;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (run (data));

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_test_message ("ended with wait status %#x", status);
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

static int
tell_story (gconstpointer data)
{
  const Story *story = data;
  BatonCaller caller;

  story->spoil ();
  if (!baton_front_clean (&caller, NULL))
    return 100;

  return story->look ();
}

static void
test_story (gconstpointer data)
{
  g_assert_cmpint (run_in_child (tell_story, data), ==, 0);
}

/* Bit N of @data: descriptor N is closed at the start. */
static int
close_some (gconstpointer data)
{
  guint closed = GPOINTER_TO_UINT (data);
  BatonCaller caller;
  char byte = 0;
  int next;

  for (int fd = 0; fd < 3; fd++)
    if (closed & (1u << fd))
      close (fd);

  if (!baton_front_clean (&caller, NULL))
    return 100;

  for (int fd = 0; fd < 3; fd++)
    if ((closed & (1u << fd)) && (write (fd, &byte, 1) >= 0 || errno != EBADF))
      return 1 + fd;

  next = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return next == 3 ? 0 : 10;
}

static void
test_closed_descriptors_stay_closed (void)
{
  for (guint closed = 0; closed < 8; closed++)
    {
      g_test_message ("closed: %u", closed);
      g_assert_cmpint (run_in_child (close_some, GUINT_TO_POINTER (closed)), ==, 0);
    }
}

typedef struct
{
  const char *variable;
  const char *value;
  gboolean accepted;
  guint uid;
  gboolean through_pkexec;
} CallerRow;

static const CallerRow caller_rows[] = {
  { "PKEXEC_UID", "1000", TRUE, 1000, TRUE },      { "PKEXEC_UID", "0", TRUE, 0, TRUE },
  { "PKEXEC_UID", "", FALSE, 0, FALSE },           { "PKEXEC_UID", "-1", FALSE, 0, FALSE },
  { "PKEXEC_UID", "4294967295", FALSE, 0, FALSE }, { "PKEXEC_UID", "1000 ", FALSE, 0, FALSE },
  { "PKEXEC_UID", "0x3e8", FALSE, 0, FALSE },
};

static int
read_caller_row (gconstpointer data)
{
  const CallerRow *row = data;
  g_autoptr (GError) error = NULL;
  BatonCaller caller = { 4711, FALSE };

  setenv (row->variable, row->value, TRUE);
  if (baton_front_clean (&caller, &error) != row->accepted)
    return 1;
  if (!row->accepted)
    return caller.uid == 4711 && g_error_matches (error, BATON_ERROR, BATON_ERROR_PARSE) ? 0
                                                                                         : 2;

  return caller.uid == row->uid && caller.through_pkexec == row->through_pkexec ? 0 : 3;
}

static void
test_caller (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (caller_rows); i++)
    {
      g_test_message ("%s='%s'", caller_rows[i].variable, caller_rows[i].value);
      g_assert_cmpint (run_in_child (read_caller_row, &caller_rows[i]), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (stories); i++)
    {
      g_autofree char *path = g_strconcat ("/helper/front-clean/", stories[i].name, NULL);

      g_test_add_data_func (path, &stories[i], test_story);
    }
  g_test_add_func ("/helper/front-clean/closed-descriptors",
                   test_closed_descriptors_stay_closed);
  g_test_add_func ("/helper/front-clean/caller", test_caller);

  return g_test_run ();
}
