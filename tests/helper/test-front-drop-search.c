/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-drop.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-holders-scan.h"
#include "holder-child.h"

#define N_THREADS 60

static void
must (gboolean worked)
{
  if (!worked)
    _exit (1);
}

static gpointer
wait_for_ever (gpointer data)
{
  for (;;)
    pause ();
  return NULL;
}

static gpointer
open_in_own_table (gpointer ready)
{
  must (unshare (CLONE_FILES) == 0);
  must (open ("/dev/full", O_RDONLY) >= 0);
  must (write (*(int *) ready, "x", 1) == 1);
  return wait_for_ever (NULL);
}

/* More threads than a search without kcmp() would look through one by one, and the holder last. */
static void
start_threads (gpointer data)
{
  pthread_t thread;
  int ready[2];
  char byte;

  must (pipe (ready) == 0);
  for (guint i = 0; i < N_THREADS; i++)
    must (pthread_create (&thread, NULL, wait_for_ever, NULL) == 0);
  must (pthread_create (&thread, NULL, open_in_own_table, &ready[1]) == 0);
  must (read (ready[0], &byte, 1) == 1);
}

static gboolean
finds (int pid)
{
  g_autoptr (BatonHoldersDevices) devices = baton_holders_devices_new ();
  g_autoptr (BatonHoldersScan) scan = NULL;
  int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

  baton_holders_devices_add (devices, 1, 7, BATON_HOLDERS_ROLE_NODE, "/dev/full");
  scan = baton_holders_scan_processes (devices, proc_fd, NULL);
  close (proc_fd);
  for (guint i = 0; scan != NULL && i < scan->found->len; i++)
    if (((const BatonHoldersFound *) scan->found->pdata[i])->process->pid == pid)
      return TRUE;

  return FALSE;
}

static void
test_filter_leaves_the_search_its_eyes (void)
{
  g_autoptr (HolderChild) child = holder_child_start (start_threads, NULL);
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      must (baton_drop_install_filter (NULL));
      _exit (finds (child->pid) ? 0 : 2);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/front-drop-search/finds", test_filter_leaves_the_search_its_eyes);

  return g_test_run ();
}
