/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "baton-fd.h"
#include "baton-look.h"
#include "mock-machine.h"

#define QUEUE "run/udev/queue"

/* udev works off its queue once the waiter's first heartbeat has come. */
static pid_t
start_udev (const char *queue, int *heartbeats)
{
  pid_t pid = fork ();
  char byte;

  if (pid == 0)
    {
      /* So that it ends with the test, whatever becomes of that. */
      close (heartbeats[1]);
      _exit (read (heartbeats[0], &byte, 1) == 1 && g_unlink (queue) == 0 ? 0 : 1);
    }

  return pid;
}

/* A rollback looks who has the card as well, and that somebody has asked to stop is why it is made:
 * udev's worker, met in the middle, would keep the card from being put back. */
static void
test_settles_after_a_cancel (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autofree char *directory = NULL;
  g_autofree char *queue = NULL;
  g_autoptr (BatonEventWriter) events = NULL;
  g_autoptr (BatonWaiter) waiter = NULL;
  BatonStepContext context = { 0 };
  baton_autofd int handoff = -1;
  int heartbeats[2];
  int status;
  pid_t udev;

  mock_machine_write (machine, QUEUE, "");
  mock_machine_write (machine, "run/baton/handoff/1/cancel", "");
  directory =
      g_build_filename (mock_machine_get_directory (machine), "run/baton/handoff/1", NULL);
  queue = g_build_filename (mock_machine_get_directory (machine), QUEUE, NULL);
  handoff = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (handoff, >=, 0);
  g_assert_cmpint (pipe2 (heartbeats, O_CLOEXEC), ==, 0);
  events = baton_event_writer_new (heartbeats[1], NULL);
  waiter = baton_waiter_new (events, handoff, NULL);
  g_assert_nonnull (waiter);
  g_assert_true (baton_waiter_is_cancelled (waiter));
  context.root = mock_machine_get_root (machine);
  context.events = events;
  context.waiter = waiter;

  udev = start_udev (queue, heartbeats);
  baton_look_settle_udev (&context);
  g_assert_false (g_file_test (queue, G_FILE_TEST_EXISTS));
  g_assert_cmpint (waitpid (udev, &status, 0), ==, udev);
  g_assert_cmpint (status, ==, 0);
  baton_fd_clear (&heartbeats[0]);
  baton_fd_clear (&heartbeats[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/look/settles-after-a-cancel", test_settles_after_a_cancel);

  return g_test_run ();
}
