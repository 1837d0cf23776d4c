/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock-process.h"

#define CARD "0000:01:00.0"

/* Each is done well before the search loses patience, and all together are not. */
#define N_SLOW 3
#define EACH_MS 4000

typedef struct
{
  int events; /* of inotify: who is being looked at */
  int watches[N_SLOW];
  int writers[N_SLOW]; /* as long as one is open, whoever reads from the other end waits */
} Slow;

/* Reading the mappings of a process whose memory is busy waits; reading from a FIFO waits too. */
static void
add_slow (MockMachine *mock, Slow *slow)
{
  slow->events = inotify_init1 (IN_CLOEXEC);
  g_assert_cmpint (slow->events, >=, 0);
  for (int i = 0; i < N_SLOW; i++)
    {
      int pid = 5 + i;
      g_autofree char *maps = g_strdup_printf ("proc/%d/maps", pid);
      g_autofree char *fifo = g_build_filename (mock_machine_get_directory (mock), maps, NULL);

      mock_process_add (mock, pid, "slow", 0, "/a.scope", "slow");
      mock_machine_remove (mock, maps);
      g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
      slow->writers[i] = open (fifo, O_RDWR | O_CLOEXEC);
      g_assert_cmpint (slow->writers[i], >=, 0);
      slow->watches[i] = inotify_add_watch (slow->events, fifo, IN_OPEN);
      g_assert_cmpint (slow->watches[i], >=, 0);
    }
}

/* Lets one of those who are being looked at answer, and then the next, whatever number of threads
 * looks at them. */
static gpointer
answer_one_after_another (gpointer data)
{
  Slow *slow = data;

  for (int i = 0; i < N_SLOW; i++)
    {
      struct inotify_event event;

      g_assert_cmpint (read (slow->events, &event, sizeof event), ==, sizeof event);
      g_usleep (EACH_MS * G_TIME_SPAN_MILLISECOND);
      for (int j = 0; j < N_SLOW; j++)
        if (slow->watches[j] == event.wd)
          close (slow->writers[j]);
    }

  return NULL;
}

static void
test_search_that_gets_on_is_not_given_up (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;
  BatonHolders *holders;
  Slow slow;
  GThread *thread;

  mock_machine_add_gpu (mock, CARD, "13");
  mock_process_add (mock, 1, "systemd", 0, "/init.scope", "init");
  add_slow (mock, &slow);
  machine = mock_machine_look (mock);

  thread = g_thread_new ("slow", answer_one_after_another, &slow);
  all = baton_holders_scan (mock_machine_get_root (mock), machine, &error);
  g_assert_no_error (error);
  holders = baton_holders_find (all, CARD);
  g_assert_true (holders->complete);
  g_assert_cmpuint (holders->unreadable, ==, 0);

  g_thread_join (thread);
  close (slow.events);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders-slow/gets-on", test_search_that_gets_on_is_not_given_up);

  return g_test_run ();
}
