/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-text.h"

/* A boot image with every module there is has some ten thousand entries. */
#define MAX_OUTPUT (16 * 1024 * 1024)

#define MAX_REASON 256

/* Nothing of who asked arrives there. Without a device file dracut makes an image as well. */
static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                           "LC_ALL=C.UTF-8", "HOME=/", "DRACUT_NO_MKNOD=1",
                                           NULL };

/* Between fork and exec: only what may be called there. */
static void
become (const char *const *arguments, int output)
{
  struct sigaction by_default = { .sa_handler = SIG_DFL };
  sigset_t none;
  int null = open ("/dev/null", O_RDONLY);

  /* What it starts ends with it. */
  setpgid (0, 0);
  for (int i = 1; i < NSIG; i++)
    sigaction (i, &by_default, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  umask (022);
  if (null < 0 || dup2 (null, STDIN_FILENO) < 0 || dup2 (output, STDOUT_FILENO) < 0 ||
      dup2 (output, STDERR_FILENO) < 0 || chdir ("/") < 0)
    _exit (127);
  execve (arguments[0], (char **) arguments, (char **) environment);
  _exit (127);
}

/* Returns: %FALSE if it went on for too long, or said too much */
static gboolean
read_all (int fd, gint64 deadline_us, GString *output)
{
  char buffer[65536];

  for (;;)
    {
      gint64 left_ms = (deadline_us - g_get_monotonic_time ()) / 1000;
      struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
      gssize n;

      if (left_ms <= 0 || poll (&poll_fd, 1, (int) left_ms) == 0)
        return FALSE;
      n = read (fd, buffer, sizeof buffer);
      if (n == 0)
        return TRUE;
      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        g_string_append_len (output, buffer, n);
      if (output->len > MAX_OUTPUT)
        return FALSE;
    }
}

/* What a program says in the end is most often why it ended. */
static char *
dup_last_line (const char *output)
{
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (guint i = g_strv_length (lines); i > 0; i--)
    if (*g_strstrip (lines[i - 1]) != '\0')
      return baton_text_clean (lines[i - 1], -1, MAX_REASON, NULL, NULL);

  return g_strdup ("it said nothing");
}

/**
 * baton_program_run:
 * @arguments: a program's whole path, and what it is given; %NULL-terminated
 * @timeout_s: how long it may take
 * @ret_output: (out) (optional) (transfer full): all that it said
 * @error: return location for an error
 *
 * Runs a program of root's to its end, with nothing of the caller's about it. What it says of a failure
 * goes to the system's log as well.
 *
 * Returns: %TRUE if it ended with 0
 */
gboolean
baton_program_run (const char *const *arguments,
                   guint timeout_s,
                   char **ret_output,
                   GError **error)
{
  g_autoptr (GString) output = g_string_new (NULL);
  g_autofree char *name = g_path_get_basename (arguments[0]);
  g_autofree char *last = NULL;
  gint64 deadline_us = g_get_monotonic_time () + (gint64) timeout_s * G_USEC_PER_SEC;
  int ends[2];
  int status = 0;
  gboolean is_read;
  pid_t child;

  if (pipe2 (ends, O_CLOEXEC) < 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "“%s” was not started: %s", name, g_strerror (errno));
      return FALSE;
    }
  child = fork ();
  if (child == 0)
    become (arguments, ends[1]);
  baton_fd_clear (&ends[1]);
  if (child < 0)
    {
      baton_fd_clear (&ends[0]);
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "“%s” was not started", name);
      return FALSE;
    }

  is_read = read_all (ends[0], deadline_us, output);
  baton_fd_clear (&ends[0]);
  if (!is_read)
    kill (-child, SIGKILL);
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;

  if (is_read && WIFEXITED (status) && WEXITSTATUS (status) == 0)
    {
      if (ret_output != NULL)
        *ret_output = g_string_free (g_steal_pointer (&output), FALSE);
      return TRUE;
    }

  last = dup_last_line (output->str);
  g_printerr ("baton-helper: %s: %s\n", name, output->str);
  if (!is_read)
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "“%s” did not end within %u seconds", name,
                 timeout_s);
  else
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "“%s” failed with %d: %s", name,
                 WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status), last);

  return FALSE;
}
