/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "holder-child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/**
 * holder_child_start:
 * @action: what the child does; the child ends with a failed test where it cannot
 *
 * Returns: the child, after @action has returned in it. It ends with its parent at the latest.
 */
HolderChild *
holder_child_start (HolderAction action, gpointer data)
{
  HolderChild *self = g_new0 (HolderChild, 1);
  int ready[2];
  int hold[2];
  char byte;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  g_assert_cmpint (pipe2 (hold, O_CLOEXEC), ==, 0);

  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    {
      /* also when the test fails before it can stop us */
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      close (hold[1]);
      close (ready[0]);
      action (data);
      if (write (ready[1], "x", 1) == 1)
        while (read (hold[0], &byte, 1) > 0)
          ;
      _exit (0);
    }

  close (hold[0]);
  close (ready[1]);
  self->hold_fd = hold[1];
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (ready[0], &byte, 1)), ==, 1);
  close (ready[0]);

  return self;
}

void
holder_child_stop (HolderChild *self)
{
  close (self->hold_fd);
  /* children that were started later have the other end of our pipe as well */
  kill (self->pid, SIGKILL);
  g_assert_cmpint (TEMP_FAILURE_RETRY (waitpid (self->pid, NULL, 0)), ==, self->pid);
  g_free (self);
}
