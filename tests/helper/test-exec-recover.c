/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-recover.h"
#include "handoff-story.h"

/* What recovery meets when it begins. What an executable defines itself is not taken from a
 * library. */
static struct
{
  Story *story; /* who takes the lock while somebody waits for it, or NULL */
} fault;

#define TAKER_PID 4712

/* The lock's new taker has gone to work, and the wait of the other is over. */
int
flock (int fd, int operation)
{
  if (operation == LOCK_EX && fault.story != NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s\n%d 4711\n", fault.story->id, TAKER_PID);

      mock_machine_write (fault.story->machine, "run/baton/lock", text);
      errno = EINTR;
      return -1;
    }

  return (int) syscall (SYS_flock, fd, operation);
}

static void
begin_killed (Story *story)
{
  story_begin (story);
  story_prepare (story, "guest", NULL);
  fake_kernel_set_fault (story->kernel, 7, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (story), !=, BATON_EXIT_DONE);
  fake_kernel_set_fault (story->kernel, 0, FAKE_FAULT_NONE, 0);
}

/* A worker was killed in a write, and two recoveries wait for its end: the one that systemd has
 * started is granted the lock, and the other leaves it alone. */
static void
test_another_was_granted_the_lock (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonLock) lock = NULL;
  g_autoptr (BatonEnd) end = NULL;
  g_autoptr (GError) error = NULL;

  begin_killed (&story);
  mock_machine_write (story.machine, "proc/4712/stat",
                      "4712 (helper) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
  mock_machine_write (story.machine, "proc/4712/status", "Name:\thelper\nUid:\t0\t0\t0\t0\n");
  /* The worker's child, of which the machine's processes know nothing: its worker is gone. */
  lock = baton_lock_wait (story.root, story.id, 60, &error);
  g_assert_no_error (error);

  fault.story = &story;
  g_assert_null (baton_recover_take_lock (story.root, "recovery", 1, &end, &error));
  fault.story = NULL;
  g_assert_no_error (error);
  g_assert_cmpint (end->status, ==, BATON_EXIT_BUSY);
  story_read_events (&story);
  for (guint i = 0; i < story.events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story.events, i);

      g_assert_cmpstr (event->type, !=, "result");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/recover/another-was-granted-the-lock",
                   test_another_was_granted_the_lock);

  return g_test_run ();
}
