/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "baton-fd.h"
#include "baton-look.h"
#include "mock-machine.h"

#define QUEUE "run/udev/queue"

/* udev works off its queue at each heartbeat of the waiter's. */
static pid_t
start_udev (const char *queue, int *heartbeats, guint n_times)
{
  pid_t pid = fork ();
  char bytes[4096];

  if (pid == 0)
    {
      /* So that it ends with the test, whatever becomes of that. */
      close (heartbeats[1]);
      for (guint i = 0; i < n_times; i++)
        if (read (heartbeats[0], bytes, sizeof bytes) <= 0 || g_unlink (queue) != 0)
          _exit (1);
      _exit (0);
    }

  return pid;
}

/* udev empties its queue, has the next event at once, and works that off after a while. What an
 * executable defines itself is not taken from a library. */
static const char *made_anew;

int
poll (struct pollfd *fds, nfds_t n, int timeout_ms)
{
  const struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
  int n_ready = (int) syscall (SYS_ppoll, fds, n, timeout_ms < 0 ? NULL : &timeout, NULL, 0);

  if (made_anew != NULL && n_ready > 0)
    {
      g_assert_true (g_file_set_contents (made_anew, "", 0, NULL));
      made_anew = NULL;
    }

  return n_ready;
}

/* A rollback looks who has the card as well, and that somebody has asked to stop is why it is made:
 * udev's worker, met in the middle, would keep the card from being put back. */
static void
test_settles_after_a_cancel (gconstpointer data)
{
  gboolean anew = GPOINTER_TO_INT (data);
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autofree char *directory = NULL;
  g_autofree char *queue = NULL;
  g_autoptr (BatonEventWriter) events = NULL;
  g_autoptr (BatonWaiter) waiter = NULL;
  BatonStepContext context = { 0 };
  baton_autofd int handoff = -1;
  int heartbeats[2];
  gint64 since_us = g_get_monotonic_time ();
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

  udev = start_udev (queue, heartbeats, anew ? 2 : 1);
  made_anew = anew ? queue : NULL;
  baton_look_settle_udev (&context);
  g_assert_null (made_anew);
  /* It was told, and has not waited for its deadline. */
  g_assert_cmpint (g_get_monotonic_time () - since_us, <, 10 * G_USEC_PER_SEC);
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
  g_test_add_data_func ("/helper/look/settles-after-a-cancel", GINT_TO_POINTER (FALSE),
                        test_settles_after_a_cancel);
  g_test_add_data_func ("/helper/look/settles-after-a-cancel/queue-made-anew",
                        GINT_TO_POINTER (TRUE), test_settles_after_a_cancel);

  return g_test_run ();
}
