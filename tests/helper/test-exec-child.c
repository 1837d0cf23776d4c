/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-child.h"
#include "baton-fd.h"
#include "baton-lock.h"
#include "mock-machine.h"

/* What the child waits for, closed by the test. */
static int hold[2];

static int
return_at_once (gpointer data)
{
  return GPOINTER_TO_INT (data);
}

static int
crash (gpointer data)
{
  raise (SIGKILL);

  return 0;
}

static int
wait_for_hold (gpointer data)
{
  char byte;

  close (hold[1]);
  while (read (hold[0], &byte, 1) < 0 && errno == EINTR)
    ;

  return 0;
}

static void
count_stalled (gpointer data)
{
  guint *n_stalled = data;

  (*n_stalled)++;
}

static void
let_go (gpointer data)
{
  count_stalled (data);
  baton_fd_clear (&hold[1]);
}

static BatonWaiter *
new_waiter (BatonEventWriter *events)
{
  g_autoptr (GError) error = NULL;
  BatonWaiter *waiter = baton_waiter_new (events, -1, &error);

  g_assert_no_error (error);

  return waiter;
}

static void
test_returns (void)
{
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = new_waiter (events);
  guint n_stalled = 0;
  int errsv = -1;

  g_assert_cmpint (baton_child_run (waiter, return_at_once, GINT_TO_POINTER (0), count_stalled,
                                    &n_stalled, 5000, 10000, &errsv),
                   ==, BATON_CHILD_RETURNED);
  g_assert_cmpint (errsv, ==, 0);
  g_assert_cmpint (baton_child_run (waiter, return_at_once, GINT_TO_POINTER (EBUSY),
                                    count_stalled, &n_stalled, 5000, 10000, &errsv),
                   ==, BATON_CHILD_RETURNED);
  g_assert_cmpint (errsv, ==, EBUSY);
  g_assert_cmpint (
      baton_child_run (waiter, crash, NULL, count_stalled, &n_stalled, 5000, 10000, &errsv), ==,
      BATON_CHILD_CRASHED);
  g_assert_cmpuint (n_stalled, ==, 0);
}

/* Told once that it takes long, and then it ends: nothing was signalled. */
static void
test_stalls (void)
{
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = new_waiter (events);
  guint n_stalled = 0;
  int errsv = -1;

  g_assert_cmpint (pipe2 (hold, O_CLOEXEC), ==, 0);
  g_assert_cmpint (
      baton_child_run (waiter, wait_for_hold, NULL, let_go, &n_stalled, 50, 60000, &errsv), ==,
      BATON_CHILD_RETURNED);
  g_assert_cmpint (errsv, ==, 0);
  g_assert_cmpuint (n_stalled, ==, 1);
  baton_fd_clear (&hold[0]);
}

/* Past the hard deadline the child lives on, and keeps the lock until it ends by itself. */
static void
test_stuck_child_keeps_the_lock (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = new_waiter (events);
  g_autoptr (BatonLock) second = NULL;
  g_autofree char *owner = NULL;
  guint n_stalled = 0;
  int errsv = -1;
  BatonRoot *root;
  BatonLock *lock;

  mock_machine_write (machine, "run/.keep", "");
  root = mock_machine_get_root (machine);
  lock = baton_lock_take (root, "somebody", NULL, NULL);
  g_assert_nonnull (lock);
  g_assert_cmpint (pipe2 (hold, O_CLOEXEC), ==, 0);
  g_assert_cmpint (
      baton_child_run (waiter, wait_for_hold, NULL, count_stalled, &n_stalled, 20, 60, &errsv),
      ==, BATON_CHILD_STUCK);
  g_assert_cmpuint (n_stalled, ==, 1);
  baton_lock_leave (lock);
  g_assert_null (baton_lock_take (root, "another", &owner, NULL));
  g_assert_cmpstr (owner, ==, "somebody");

  baton_fd_clear (&hold[1]);
  second = baton_lock_wait (root, "another", 60, NULL);
  g_assert_nonnull (second);
  g_assert_cmpint (waitpid (-1, NULL, 0), >, 0);
  baton_fd_clear (&hold[0]);
}

/* What ends with the handoff does not go on in a child that the kernel never lets go. */
static void
test_stuck_child_keeps_nothing_else (void)
{
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = new_waiter (events);
  guint n_stalled = 0;
  int kept[2];
  int errsv = -1;
  char byte;

  g_assert_cmpint (pipe2 (kept, O_CLOEXEC), ==, 0);
  g_assert_cmpint (pipe2 (hold, O_CLOEXEC), ==, 0);
  baton_waiter_keep_from_children (waiter, kept[1]);
  g_assert_cmpint (
      baton_child_run (waiter, wait_for_hold, NULL, count_stalled, &n_stalled, 20, 60, &errsv),
      ==, BATON_CHILD_STUCK);
  close (kept[1]);
  g_assert_cmpint (read (kept[0], &byte, 1), ==, 0);

  baton_fd_clear (&hold[1]);
  g_assert_cmpint (waitpid (-1, NULL, 0), >, 0);
  baton_fd_clear (&hold[0]);
  close (kept[0]);
}

static void
test_lock_wait_ends (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonLock) lock = NULL;
  g_autoptr (GError) error = NULL;
  BatonRoot *root;

  mock_machine_write (machine, "run/.keep", "");
  root = mock_machine_get_root (machine);
  lock = baton_lock_take (root, "somebody", NULL, NULL);
  g_assert_null (baton_lock_wait (root, "another", 1, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/child/returns", test_returns);
  g_test_add_func ("/helper/child/stalls", test_stalls);
  g_test_add_func ("/helper/child/stuck-keeps-the-lock", test_stuck_child_keeps_the_lock);
  g_test_add_func ("/helper/child/stuck-keeps-nothing-else",
                   test_stuck_child_keeps_nothing_else);
  g_test_add_func ("/helper/lock/wait-ends", test_lock_wait_ends);

  return g_test_run ();
}
