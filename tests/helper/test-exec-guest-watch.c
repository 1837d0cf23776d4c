/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-guest-watch.h"
#include "mock-machine.h"

static pid_t
start_guest (void)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        pause ();
    }

  return pid;
}

static void
end_guest (pid_t pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* What a search says: one guest or none, and whether it saw everybody. */
static guint
follow (BatonGuestWatch *watch, int pid, gboolean complete)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  BatonHolder guest = { .pid = pid, .how = BATON_HOW_VFIO };
  BatonHolders holders = { .complete = complete, .holders = list };

  if (pid > 0)
    g_ptr_array_add (list, &guest);

  return baton_guest_watch_follow (watch, &holders);
}

/* No descriptor is left for its end: it lives all the same. One that has ended does not. */
static void
test_too_many_descriptors (void)
{
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  struct rlimit limit, none;
  pid_t guest = start_guest ();
  guint n_guests;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  none = (struct rlimit){ 3, limit.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  n_guests = follow (watch, guest, TRUE);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_assert_cmpuint (n_guests, ==, 1);
  end_guest (guest);
  g_assert_cmpuint (follow (watch, guest, TRUE), ==, 0);
}

/* A search that did not see everybody says nothing about who was there before and lives. */
static void
test_not_seen_any_more (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  pid_t guest = start_guest ();

  mock_machine_write (machine, "dev/vfio/vfio", "");
  g_assert_true (baton_guest_watch_listen (watch, mock_machine_get_root (machine)));
  g_assert_cmpuint (follow (watch, guest, TRUE), ==, 1);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (baton_guest_watch_listen (watch, mock_machine_get_root (machine)));
      g_assert_cmpuint (follow (watch, 0, FALSE), ==, 1);
      g_assert_cmpuint (follow (watch, guest, FALSE), ==, 1);
      g_assert_false (baton_guest_watch_has_news (watch));
    }

  /* Its end is heard, and it is gone then. */
  end_guest (guest);
  g_assert_true (baton_guest_watch_has_news (watch));
  g_assert_cmpuint (follow (watch, 0, FALSE), ==, 0);
  g_assert_false (baton_guest_watch_has_news (watch));
}

/* It has let go of the card, and everybody was seen: it is no guest of the card's any more. */
static void
test_let_go (void)
{
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  pid_t guest = start_guest ();

  g_assert_cmpuint (follow (watch, guest, TRUE), ==, 1);
  g_assert_cmpuint (follow (watch, 0, TRUE), ==, 0);
  g_assert_cmpuint (follow (watch, 0, FALSE), ==, 0);
  end_guest (guest);
  g_assert_false (baton_guest_watch_has_news (watch));
}

/* Somebody opens and closes a node all the time: a second passes before it is a reason to look. */
static void
test_opened_over_and_over (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  BatonRoot *root = mock_machine_get_root (machine);
  struct pollfd news = { .fd = baton_guest_watch_get_fd (watch), .events = POLLIN };
  guint n_woken = 0;

  mock_machine_write (machine, "dev/vfio/vfio", "");
  for (guint i = 0; i < 2; i++)
    {
      gint64 listened_us = g_get_monotonic_time ();

      g_assert_true (baton_guest_watch_listen (watch, root));
      do
        {
          g_autofree char *node = baton_root_build_path (root, BATON_ROOT_DEV, "vfio/vfio");
          baton_autofd int fd = open (node, O_RDONLY | O_CLOEXEC);

          g_assert_cmpint (fd, >=, 0);
          g_assert_cmpint (poll (&news, 1, n_woken == 0 ? -1 : 20), >=, 0);
          n_woken += news.revents != 0;
        }
      while (!baton_guest_watch_has_news (watch));
      g_assert_cmpint (g_get_monotonic_time () - listened_us, >=, G_USEC_PER_SEC);
      /* the first opening, and the end of the rest */
      g_assert_cmpuint (n_woken, ==, 2 * (i + 1));
    }
}

/* Whoever waits until a time sleeps until then, and is not kept awake once he waits no more. */
static void
test_end (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  BatonRoot *root = mock_machine_get_root (machine);
  struct pollfd news = { .fd = baton_guest_watch_get_fd (watch), .events = POLLIN };
  gint64 end_us = g_get_monotonic_time () + G_USEC_PER_SEC / 5;

  mock_machine_write (machine, "dev/vfio/vfio", "");
  g_assert_true (baton_guest_watch_set_end (watch, end_us));
  g_assert_true (baton_guest_watch_listen (watch, root));
  g_assert_false (baton_guest_watch_has_news (watch));
  g_assert_cmpint (poll (&news, 1, -1), ==, 1);
  g_assert_cmpint (g_get_monotonic_time (), >=, end_us);
  g_assert_true (baton_guest_watch_has_news (watch));

  /* Looked at once more, it is as late as before. */
  g_assert_true (baton_guest_watch_listen (watch, root));
  g_assert_true (baton_guest_watch_has_news (watch));

  g_assert_true (baton_guest_watch_set_end (watch, 0));
  g_assert_false (baton_guest_watch_has_news (watch));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/guest-watch/too-many-descriptors", test_too_many_descriptors);
  g_test_add_func ("/helper/guest-watch/not-seen-any-more", test_not_seen_any_more);
  g_test_add_func ("/helper/guest-watch/let-go", test_let_go);
  g_test_add_func ("/helper/guest-watch/opened-over-and-over", test_opened_over_and_over);
  g_test_add_func ("/helper/guest-watch/end", test_end);

  return g_test_run ();
}
