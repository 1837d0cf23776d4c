/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front-clean.h"

#include "baton-error.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* A descriptor that is closed at the start would be given to the next file that is opened, and
 * output would end up in it. A directory opened with O_PATH keeps the number taken while every
 * read and write fails with EBADF, as it does on a closed descriptor. */
static gboolean
keep_standard_descriptors_taken (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    {
      int taken;

      if (fcntl (fd, F_GETFD) >= 0)
        continue;

      /* The lowest free number is this one: those below it are taken by now. */
      taken = open ("/", O_PATH | O_DIRECTORY);
      if (taken != fd)
        return FALSE;
    }

  return TRUE;
}

/* Measured through pkexec: a pending alarm() ends the helper, ignored signals and blocked masks
 * arrive. Ignoring a signal first throws away what is pending, so that emptying the mask
 * delivers nothing. */
static void
reset_signals (void)
{
  static const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
  const struct itimerval off = { 0 };
  sigset_t none;

  for (guint i = 0; i < G_N_ELEMENTS (timers); i++)
    setitimer (timers[i], &off, NULL);

  for (int number = 1; number < NSIG; number++)
    {
      struct sigaction action = { .sa_handler = SIG_IGN };

      sigaction (number, &action, NULL);
      if (number == SIGPIPE)
        continue;

      action.sa_handler = SIG_DFL;
      sigaction (number, &action, NULL);
    }

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

/* pam_limits and the caller set these: a file size of one byte would cut the request. */
static void
reset_limits (void)
{
  static const struct
  {
    int resource;
    rlim_t soft;
  } wanted[] = {
    { RLIMIT_AS, RLIM_INFINITY },      { RLIMIT_CORE, 0 },
    { RLIMIT_CPU, RLIM_INFINITY },     { RLIMIT_DATA, RLIM_INFINITY },
    { RLIMIT_FSIZE, RLIM_INFINITY },   { RLIMIT_MEMLOCK, 8 * 1024 * 1024 },
    { RLIMIT_NOFILE, 4096 },           { RLIMIT_NPROC, RLIM_INFINITY },
    { RLIMIT_RTTIME, RLIM_INFINITY },  { RLIMIT_SIGPENDING, 4096 },
    { RLIMIT_STACK, 8 * 1024 * 1024 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      struct rlimit limit;

      if (getrlimit (wanted[i].resource, &limit) < 0)
        continue;

      /* Without CAP_SYS_RESOURCE the hard limit stands, and what it allows is taken. */
      limit.rlim_cur = wanted[i].soft;
      if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted[i].soft)
        {
          const struct rlimit raised = { wanted[i].soft, wanted[i].soft };

          if (setrlimit (wanted[i].resource, &raised) == 0)
            continue;
          limit.rlim_cur = limit.rlim_max;
        }
      setrlimit (wanted[i].resource, &limit);
    }
}

static void
reset_scheduling (void)
{
  const struct sched_param plain = { 0 };

  sched_setscheduler (0, SCHED_OTHER, &plain);
  setpriority (PRIO_PROCESS, 0, 0);
}

static gboolean
parse_uid (const char *name, const char *text, guint *ret_uid, GError **error)
{
  guint64 uid;

  /* (uid_t) -1 means "no change" to setresuid. */
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "%s does not hold the number of a user", name);
      return FALSE;
    }

  *ret_uid = (guint) uid;
  return TRUE;
}

/* pkexec sets PKEXEC_UID itself. sudo's word is believed of nobody but root, who could say
 * anything anyway: it only names whom a report is for, and whom a look is narrowed to. */
static gboolean
read_caller (BatonCaller *ret_caller, GError **error)
{
  const char *pkexec_uid = getenv ("PKEXEC_UID");
  const char *sudo_uid = getenv ("SUDO_UID");

  ret_caller->through_pkexec = pkexec_uid != NULL;
  ret_caller->uid = getuid ();

  if (pkexec_uid != NULL)
    return parse_uid ("PKEXEC_UID", pkexec_uid, &ret_caller->uid, error);
  if (sudo_uid != NULL && getuid () == 0)
    return parse_uid ("SUDO_UID", sudo_uid, &ret_caller->uid, error);

  return TRUE;
}

/**
 * baton_front_clean:
 * @ret_caller: (out caller-allocates): who asks
 * @error: return location for an error
 *
 * Takes off everything that a process started through pkexec inherits from an unprivileged
 * caller: descriptors, mask, signals, timers, limits, priority, working directory and
 * environment. To be called first of all, before anything is read, the arguments included.
 *
 * Returns: %TRUE if the process is fit to go on
 */
gboolean
baton_front_clean (BatonCaller *ret_caller, GError **error)
{
  BatonCaller caller = { 0 };

  if (!keep_standard_descriptors_taken ())
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_IO,
                           "standard input, output and error could not be kept apart");
      return FALSE;
    }

  close_range (STDERR_FILENO + 1, ~0U, 0);
  umask (077);
  reset_signals ();
  prctl (PR_SET_PDEATHSIG, 0);
  prctl (PR_SET_DUMPABLE, 0);
  personality (PER_LINUX);
  reset_limits ();
  reset_scheduling ();

  if (!read_caller (&caller, error))
    return FALSE;

  if (clearenv () != 0 || chdir ("/") < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "could not leave the caller's environment: %s", g_strerror (errno));
      return FALSE;
    }
  setenv ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", TRUE);
  setenv ("LC_ALL", "C.UTF-8", TRUE);

  *ret_caller = caller;
  return TRUE;
}
