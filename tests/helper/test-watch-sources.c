/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-sources.h"
#include "mock-machine.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CARD "0000:01:00.0"
#define WAIT_S 10

typedef struct
{
  MockMachine *mock;
  BatonMachine *machine;
  BatonWatchSources *sources;
  guint changes;
  gboolean waited_in_vain;
} Fixture;

static void
note_changes (guint changes, gpointer data)
{
  Fixture *fixture = data;

  fixture->changes |= changes;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->mock = mock_machine_new ();
  mock_machine_add_gpu (fixture->mock, CARD, "1");
  mock_machine_add_node (fixture->mock, CARD, "i2c-5/i2c-dev/i2c-5", "i2c-5", 89, 5);
  mock_machine_write (fixture->mock, "dev/dri/card0", "");
  mock_machine_write (fixture->mock, "dev/i2c-5", "");
  mock_machine_write (fixture->mock, "dev/null", "");
  fixture->machine = mock_machine_look (fixture->mock);
  fixture->sources = baton_watch_sources_new (mock_machine_get_root (fixture->mock),
                                              note_changes, fixture, &error);
  g_assert_no_error (error);
  baton_watch_sources_listen (fixture->sources);
  baton_watch_sources_follow_nodes (fixture->sources, fixture->machine);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_watch_sources_free (fixture->sources);
  baton_machine_unref (fixture->machine);
  mock_machine_free (fixture->mock);
}

static gboolean
on_waited_in_vain_cb (gpointer data)
{
  Fixture *fixture = data;

  fixture->waited_in_vain = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
assert_told (Fixture *fixture, guint expected)
{
  guint timeout = g_timeout_add_seconds (WAIT_S, on_waited_in_vain_cb, fixture);

  while (fixture->changes == 0 && !fixture->waited_in_vain)
    g_main_context_iteration (NULL, TRUE);

  g_source_remove (timeout);
  g_assert_cmpuint (fixture->changes, ==, expected);
  fixture->changes = 0;
}

/* What has happened is in the descriptors by now: whatever is to be told is told at once. */
static void
assert_told_nothing (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->changes, ==, 0);
}

static void
open_and_close (Fixture *fixture, const char *path)
{
  g_autofree char *whole =
      g_build_filename (mock_machine_get_directory (fixture->mock), path, NULL);
  int fd = open (whole, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (close (fd));
}

static void
test_opening_a_node_is_told (Fixture *fixture, gconstpointer data)
{
  const char *const nodes[] = { "dev/dri/card0", "dev/i2c-5" };

  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    {
      g_test_message ("%s", nodes[i]);
      open_and_close (fixture, nodes[i]);
      assert_told (fixture, BATON_WATCH_HOLDERS);
      assert_told_nothing (fixture);
    }
}

static void
test_other_files_are_not_watched (Fixture *fixture, gconstpointer data)
{
  open_and_close (fixture, "dev/null");
  /* Our own look lists the directories. */
  open_and_close (fixture, "dev/dri");
  assert_told_nothing (fixture);
}

static void
test_nodes_that_come_and_go_are_another_machine (Fixture *fixture, gconstpointer data)
{
  mock_machine_write (fixture->mock, "dev/dri/card1", "");
  assert_told (fixture, BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS);
  baton_watch_sources_rest (fixture->sources);
  baton_watch_sources_listen (fixture->sources);
  mock_machine_remove (fixture->mock, "dev/dri/card1");
  assert_told (fixture, BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS);
}

static void
test_a_directory_that_comes_is_watched_with_the_next_look (Fixture *fixture, gconstpointer data)
{
  mock_machine_write (fixture->mock, "dev/vfio/17", "");
  baton_watch_sources_listen (fixture->sources);
  open_and_close (fixture, "dev/vfio/17");
  assert_told (fixture, BATON_WATCH_HOLDERS);
}

/* It may be the first that the machine has. */
static void
test_a_guest_of_libvirt_is_told (Fixture *fixture, gconstpointer data)
{
  mock_machine_write (fixture->mock, "run/utmp", "");
  baton_watch_sources_listen (fixture->sources);
  mock_machine_write (fixture->mock, "run/libvirt/qemu/first.xml", "");
  assert_told (fixture, BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS);
  baton_watch_sources_rest (fixture->sources);
  baton_watch_sources_listen (fixture->sources);
  mock_machine_write (fixture->mock, "run/libvirt/qemu/first.xml", "started");
  assert_told (fixture, BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS);
}

static void
test_nothing_is_told_while_a_look_is_due (Fixture *fixture, gconstpointer data)
{
  baton_watch_sources_rest (fixture->sources);
  for (guint i = 0; i < 1000; i++)
    open_and_close (fixture, "dev/dri/card0");
  assert_told_nothing (fixture);

  /* That look will see it. */
  baton_watch_sources_listen (fixture->sources);
  assert_told_nothing (fixture);

  open_and_close (fixture, "dev/dri/card0");
  assert_told (fixture, BATON_WATCH_HOLDERS);
}

static void
free_holder (gpointer data)
{
  g_free (((BatonHolder *) data)->start_time);
  g_free (data);
}

static void
free_holders (gpointer data)
{
  BatonHolders *self = data;

  g_ptr_array_unref (self->holders);
  g_free (self);
}

static GPtrArray *
make_holders (pid_t pid)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (free_holders);
  BatonHolders *card = g_new0 (BatonHolders, 1);
  BatonHolder *holder = g_new0 (BatonHolder, 1);

  holder->pid = pid;
  holder->start_time = g_strdup ("1");
  card->holders = g_ptr_array_new_with_free_func (free_holder);
  g_ptr_array_add (card->holders, holder);
  g_ptr_array_add (all, card);

  return all;
}

/* A child that ends when the pipe is closed. */
static pid_t
start_child (int *ret_writer)
{
  int ends[2];
  pid_t child;

  g_assert_no_errno (pipe2 (ends, O_CLOEXEC));
  child = fork ();
  if (child == 0)
    {
      char byte;

      close (ends[1]);
      _exit (read (ends[0], &byte, 1) != 0);
    }
  g_assert_no_errno (close (ends[0]));
  *ret_writer = ends[1];

  return child;
}

static void
test_the_end_of_a_holder_is_told_once (Fixture *fixture, gconstpointer data)
{
  int writer;
  pid_t child = start_child (&writer);
  g_autoptr (GPtrArray) holders = make_holders (child);

  baton_watch_sources_follow_processes (fixture->sources, holders);
  baton_watch_sources_follow_processes (fixture->sources, holders);
  assert_told_nothing (fixture);
  g_assert_no_errno (close (writer));
  assert_told (fixture, BATON_WATCH_HOLDERS);
  assert_told_nothing (fixture);

  /* Gone before it could be followed: somebody still shows it. */
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  g_ptr_array_set_size (holders, 0);
  baton_watch_sources_follow_processes (fixture->sources, holders);
  assert_told_nothing (fixture);
  g_ptr_array_unref (g_steal_pointer (&holders));
  holders = make_holders (child);
  baton_watch_sources_follow_processes (fixture->sources, holders);
  assert_told (fixture, BATON_WATCH_HOLDERS);
}

static void
test_the_end_of_somebody_else_is_not_told (Fixture *fixture, gconstpointer data)
{
  int writer;
  pid_t child = start_child (&writer);
  g_autoptr (GPtrArray) holders = make_holders (child);

  baton_watch_sources_follow_processes (fixture->sources, holders);
  g_ptr_array_set_size (holders, 0);
  baton_watch_sources_follow_processes (fixture->sources, holders);
  g_assert_no_errno (close (writer));
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  assert_told_nothing (fixture);
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/watch-sources/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("opening", test_opening_a_node_is_told);
  ADD ("other-files", test_other_files_are_not_watched);
  ADD ("come-and-go", test_nodes_that_come_and_go_are_another_machine);
  ADD ("new-directory", test_a_directory_that_comes_is_watched_with_the_next_look);
  ADD ("guest-of-libvirt", test_a_guest_of_libvirt_is_told);
  ADD ("at-rest", test_nothing_is_told_while_a_look_is_due);
  ADD ("end-of-a-holder", test_the_end_of_a_holder_is_told_once);
  ADD ("end-of-somebody-else", test_the_end_of_somebody_else_is_not_told);

  return g_test_run ();
}
