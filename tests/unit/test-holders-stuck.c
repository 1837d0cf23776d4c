/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock-process.h"

#define CARD "0000:01:00.0"

/* Reading the mappings of a process that is stuck with its memory locked waits as long as it is
 * stuck; opening a FIFO waits as well. */
static void
test_stuck_process_does_not_stop_the_search (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *fifo =
      g_build_filename (mock_machine_get_directory (mock), "proc/5/maps", NULL);
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *named = NULL;
  BatonHolders *holders;
  int fd;

  mock_machine_add_gpu (mock, CARD, "13");
  mock_process_add (mock, 1, "systemd", 0, "/init.scope", "init");
  mock_process_add (mock, 5, "stuck", 0, "/a.scope", "stuck");
  mock_machine_remove (mock, "proc/5/maps");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  /* far more than are looked at in one go, so that the other threads have a share */
  for (int pid = 1000; pid < 1200; pid++)
    mock_process_add (mock, pid, "other", 0, "/a.scope", "other");
  machine = mock_machine_look (mock);
  for (guint i = 0; i < baton_machine_find_card (machine, CARD)->nodes->len; i++)
    {
      const BatonNode *node = baton_machine_find_card (machine, CARD)->nodes->pdata[i];

      for (int pid = 1000; pid < 1200; pid++)
        mock_process_open (mock, pid, (int) i, node->path);
    }

  all = baton_holders_scan (mock_machine_get_root (mock), machine, &error);
  g_assert_no_error (error);
  holders = baton_holders_find (all, CARD);
  g_assert_false (holders->complete);
  g_assert_cmpstr (holders->reason, ==, "limit");
  g_assert_cmpuint (holders->unreadable, >=, 1);
  g_assert_cmpuint (holders->unreadable, <=, 16);
  named = baton_holders_describe_unreadable (holders);
  g_assert_nonnull (strstr (named, "(stuck 5"));
  g_assert_cmpuint (holders->holders->len, >=, 200 - 15);

  /* lets the thread go that was left behind */
  fd = open (fifo, O_WRONLY);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders-stuck/goes-on", test_stuck_process_does_not_stop_the_search);

  return g_test_run ();
}
