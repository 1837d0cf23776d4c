/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "baton-close.h"
#include "baton-error.h"
#include "baton-root.h"

/* A process that does nothing, with a name that tries to look like the end of its own name. */
static int
start_process (void)
{
  int pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      execlp ("sh", ") S 1 (", "-c", "exec sleep 600", NULL);
      _exit (127);
    }

  return pid;
}

static char *
read_start_time (int pid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autofree char *path = g_strdup_printf ("%d/stat", pid);
  g_autofree char *stat = NULL;
  g_auto (GStrv) fields = NULL;

  g_assert_no_error (error);
  stat = baton_root_read_file (root, BATON_ROOT_PROC, path, 4096, NULL, &error);
  g_assert_no_error (error);
  fields = g_strsplit (strrchr (stat, ')') + 2, " ", -1);

  /* field 22 of proc(5); the first after the name is field 3 */
  return g_strdup (fields[19]);
}

static void
test_another_process (void)
{
  g_autoptr (GError) error = NULL;
  int pid = start_process ();

  g_assert_false (baton_close_ask (pid, "1", &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
  /* It was not touched. */
  g_assert_cmpint (waitpid (pid, NULL, WNOHANG), ==, 0);

  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
}

static void
test_the_process (void)
{
  g_autoptr (GError) error = NULL;
  int pid = start_process ();
  g_autofree char *start_time = read_start_time (pid);
  int status = 0;

  g_assert_true (baton_close_ask (pid, start_time, &error));
  g_assert_no_error (error);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGTERM);
}

static void
test_gone (void)
{
  g_autoptr (GError) error = NULL;
  int pid = start_process ();
  g_autofree char *start_time = read_start_time (pid);

  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  g_assert_false (baton_close_ask (pid, start_time, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/app/close/another-process", test_another_process);
  g_test_add_func ("/app/close/the-process", test_the_process);
  g_test_add_func ("/app/close/gone", test_gone);

  return g_test_run ();
}
