/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-holders-kept.h"
#include "mock-process.h"

#define CARD "0000:01:00.0"

#define N_OTHERS 200

/* The others are far more than are looked at in one go, so that each thread has a share. */
static void
add_processes (MockMachine *mock)
{
  mock_process_add (mock, 1, "systemd", 0, "/init.scope", "init");
  mock_process_add (mock, 5, "stuck", 0, "/a.scope", "stuck");
  for (int pid = 1000; pid < 1000 + N_OTHERS; pid++)
    mock_process_add (mock, pid, "other", 0, "/a.scope", "other");
}

static void
open_nodes (MockMachine *mock, BatonMachine *machine)
{
  const BatonCard *card = baton_machine_find_card (machine, CARD);

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = card->nodes->pdata[i];

      for (int pid = 1000; pid < 1000 + N_OTHERS; pid++)
        mock_process_open (mock, pid, (int) i, node->path);
    }
}

/* Reading the mappings of a process that is stuck with its memory locked waits as long as it is
 * stuck; opening a FIFO waits as well. */
static char *
make_stuck (MockMachine *mock)
{
  g_autofree char *fifo =
      g_build_filename (mock_machine_get_directory (mock), "proc/5/maps", NULL);

  mock_machine_remove (mock, "proc/5/maps");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  return g_steal_pointer (&fifo);
}

static BatonHolders *
look (MockMachine *mock, BatonMachine *machine)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all =
      baton_holders_scan (mock_machine_get_root (mock), machine, &error);

  g_assert_no_error (error);

  return baton_holders_ref (baton_holders_find (all, CARD));
}

static void
assert_named (BatonHolders *holders)
{
  g_autofree char *named = baton_holders_describe_unreadable (holders);

  g_assert_false (holders->complete);
  g_assert_cmpstr (holders->reason, ==, "limit");
  g_assert_nonnull (strstr (named, "(stuck 5"));
}

static void
test_stuck_process_does_not_stop_the_search (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *fifo = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonHolders) first = NULL;
  g_autoptr (BatonHolders) again = NULL;
  g_autoptr (BatonHolders) other = NULL;
  int fd;

  mock_machine_add_gpu (mock, CARD, "13");
  add_processes (mock);
  fifo = make_stuck (mock);
  machine = mock_machine_look (mock);
  open_nodes (mock, machine);

  first = look (mock, machine);
  assert_named (first);
  g_assert_cmpuint (first->unreadable, >=, 1);
  g_assert_cmpuint (first->unreadable, <=, 16);
  g_assert_cmpuint (first->holders->len, >=, N_OTHERS - 15);

  /* A thread waits for it already: another search asks everybody else, and leaves none behind. */
  again = look (mock, machine);
  assert_named (again);
  g_assert_cmpuint (again->unreadable, ==, 1);
  g_assert_cmpuint (again->holders->len, ==, N_OTHERS);
  g_assert_cmpuint (baton_holders_kept_count (), ==, 1);

  /* That thread waits on when the process has ended, and the number is another's. */
  fd = open (fifo, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  mock_machine_remove (mock, "proc/5");
  mock_process_add (mock, 5, "other", 0, "/a.scope", "other");
  mock_machine_write (mock, "proc/5/stat",
                      "5 (other) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 99999 1 1\n");
  other = look (mock, machine);
  g_assert_true (other->complete);
  g_assert_cmpuint (baton_holders_kept_count (), ==, 1);

  /* lets the thread go that was left behind */
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders-stuck/goes-on", test_stuck_process_does_not_stop_the_search);

  return g_test_run ();
}
