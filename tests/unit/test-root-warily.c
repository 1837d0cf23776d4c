/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-warily.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock-machine.h"

/* What nobody waits out, what the slowest machine does not need, and what it may need. */
#define LONG_MS (10 * 60 * 1000)
#define MEDIUM_MS 5000
#define SHORT_MS 200

static const char *
look_at (GPtrArray *heads, guint i)
{
  GBytes *head = g_ptr_array_index (heads, i);
  g_autofree char *text = NULL;

  if (head == NULL)
    return NULL;

  text = g_strndup (g_bytes_get_size (head) > 0 ? g_bytes_get_data (head, NULL) : "",
                    g_bytes_get_size (head));
  return g_intern_string (text);
}

static char *
make_fifo (MockMachine *mock, const char *path)
{
  char *fifo = g_build_filename (mock_machine_get_directory (mock), path, NULL);

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  return fifo;
}

/* From here on a child that was given away is ours again, and we see it end. */
static void
adopt_children (void)
{
  g_assert_cmpint (prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), ==, 0);
}

static void
wait_for_child (void)
{
  int status = 0;

  g_assert_cmpint (waitpid (-1, &status, 0), >, 0);
  g_assert_true (WIFEXITED (status));
}

/* Lets whoever waits for the FIFO's other end read @text. */
static void
write_to_fifo (const char *fifo, const char *text)
{
  int fd = open (fifo, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

static void
test_reads (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *long_text = g_strnfill (20000, 'x');
  const char *const paths[] = { "bus/a",   "bus/none",   "bus/empty", "bus/long",
                                "bus/out", "bus/config", NULL };
  g_autoptr (GPtrArray) heads = NULL;

  mock_machine_write (mock, "secret", "outside\n");
  mock_machine_write (mock, "sys/bus/a", "one\ntwo\n");
  mock_machine_write (mock, "sys/bus/empty", "");
  mock_machine_write (mock, "sys/bus/long", long_text);
  mock_machine_link (mock, "sys/bus/out", "secret");
  mock_machine_write (mock, "sys/bus/config", long_text);

  heads = baton_root_read_warily (mock_machine_get_root (mock), BATON_ROOT_SYS, paths, LONG_MS);
  g_assert_cmpuint (heads->len, ==, 6);
  g_assert_cmpstr (look_at (heads, 0), ==, "one\ntwo\n");
  g_assert_null (look_at (heads, 1));
  g_assert_cmpstr (look_at (heads, 2), ==, "");
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (heads, 3)), ==, 4088);
  g_assert_null (look_at (heads, 4));
  /* No device locks up by what everybody may read of it. */
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (heads, 5)), ==, 64);
}

static void
test_leaves_no_children (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *fifo = NULL;
  const char *const paths[] = { "bus/a", "bus/fifo", NULL };
  g_autoptr (GPtrArray) heads = NULL;

  mock_machine_write (mock, "sys/bus/a", "a");
  fifo = make_fifo (mock, "sys/bus/fifo");
  heads =
      baton_root_read_warily (mock_machine_get_root (mock), BATON_ROOT_SYS, paths, SHORT_MS);
  g_assert_cmpstr (look_at (heads, 0), ==, "a");

  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), <, 0);
  g_assert_cmpint (errno, ==, ECHILD);
  write_to_fifo (fifo, "");
}

/* Nothing else is lost by it, and the next look does not wait for it again. */
static void
test_one_that_never_answers (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  const char *const paths[] = { "bus/a", "bus/fifo", "bus/z", NULL };
  const char *const again[] = { "bus/fifo", NULL };
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) third = NULL;
  g_autofree char *fifo = NULL;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  mock_machine_write (mock, "sys/bus/z", "z");
  fifo = make_fifo (mock, "sys/bus/fifo");

  first = baton_root_read_warily (root, BATON_ROOT_SYS, paths, MEDIUM_MS);
  g_assert_cmpstr (look_at (first, 0), ==, "a");
  g_assert_null (look_at (first, 1));
  g_assert_cmpstr (look_at (first, 2), ==, "z");
  wait_for_child ();

  second = baton_root_read_warily (root, BATON_ROOT_SYS, again, LONG_MS);
  g_assert_null (look_at (second, 0));

  /* It answers after all, and is asked again. */
  write_to_fifo (fifo, "late");
  wait_for_child ();
  g_assert_cmpint (unlink (fifo), ==, 0);
  mock_machine_write (mock, "sys/bus/fifo", "new");
  third = baton_root_read_warily (root, BATON_ROOT_SYS, again, LONG_MS);
  g_assert_cmpstr (look_at (third, 0), ==, "new");
  wait_for_child ();
}

/* Whoever reads what we write waits for our end, and not for that of a child that has none. */
static void
test_keeps_nothing_open (void)
{
  const char *const paths[] = { "bus/fifo", NULL };
  g_autoptr (MockMachine) mock = NULL;
  g_autoptr (GPtrArray) heads = NULL;
  g_autofree char *fifo = NULL;
  struct pollfd end;
  int low[2], high[2];

  /* one below the child's own descriptors, and one above */
  g_assert_cmpint (pipe2 (low, O_CLOEXEC), ==, 0);
  mock = mock_machine_new ();
  mock_machine_write (mock, "sys/bus/a", "a");
  fifo = make_fifo (mock, "sys/bus/fifo");
  g_assert_cmpint (pipe2 (high, O_CLOEXEC), ==, 0);
  g_assert_cmpint (dup3 (high[1], 500, O_CLOEXEC), ==, 500);
  close (high[1]);

  adopt_children ();
  heads =
      baton_root_read_warily (mock_machine_get_root (mock), BATON_ROOT_SYS, paths, SHORT_MS);
  g_assert_null (look_at (heads, 0));
  close (low[1]);
  close (500);
  end = (struct pollfd){ .fd = low[0], .events = POLLIN };
  g_assert_cmpint (poll (&end, 1, 5000), ==, 1);
  end = (struct pollfd){ .fd = high[0], .events = POLLIN };
  g_assert_cmpint (poll (&end, 1, 5000), ==, 1);

  close (low[0]);
  close (high[0]);
  write_to_fifo (fifo, "");
  wait_for_child ();
}

/* Our only child, which we have adopted. */
static pid_t
find_child (void)
{
  g_autofree char *path =
      g_strdup_printf ("/proc/%d/task/%d/children", getpid (), (int) gettid ());
  g_autofree char *text = NULL;
  int pid = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%d", &pid), ==, 1);

  return pid;
}

static void
assert_reads_a (BatonRoot *root)
{
  const char *const paths[] = { "bus/a", NULL };
  g_autoptr (GPtrArray) heads = baton_root_read_warily (root, BATON_ROOT_SYS, paths, LONG_MS);

  g_assert_cmpstr (look_at (heads, 0), ==, "a");
}

/* Who looks fifty times does not start fifty processes. */
static void
test_kept_while_held (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  pid_t reader;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  baton_root_hold_reader (root);
  baton_root_hold_reader (root);
  assert_reads_a (root);
  reader = find_child ();
  baton_root_release_reader (root);
  mock_machine_write (mock, "sys/bus/a", "a");
  assert_reads_a (root);
  g_assert_cmpint (find_child (), ==, reader);

  baton_root_release_reader (root);
  wait_for_child ();
}

/* Somebody in want of memory may have ended it since it was asked the last time. */
static void
test_killed_between_looks (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  pid_t reader;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  baton_root_hold_reader (root);
  assert_reads_a (root);
  reader = find_child ();
  g_assert_cmpint (kill (reader, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (reader, NULL, 0), ==, reader);

  assert_reads_a (root);
  baton_root_release_reader (root);
  wait_for_child ();
}

/* One that is late is not asked again, and the next look gets another. */
static void
test_late_while_held (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  const char *const paths[] = { "bus/fifo", NULL };
  g_autoptr (GPtrArray) heads = NULL;
  g_autofree char *fifo = NULL;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  fifo = make_fifo (mock, "sys/bus/fifo");
  baton_root_hold_reader (root);
  assert_reads_a (root);
  heads = baton_root_read_warily (root, BATON_ROOT_SYS, paths, SHORT_MS);
  g_assert_null (look_at (heads, 0));
  assert_reads_a (root);

  write_to_fifo (fifo, "late");
  wait_for_child ();
  baton_root_release_reader (root);
  wait_for_child ();
}

/* A process that was forked off must not hear what its parent asked for. */
static void
test_not_inherited (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  int status = -1;
  pid_t pid;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  baton_root_hold_reader (root);
  assert_reads_a (root);
  pid = fork ();
  if (pid == 0)
    {
      adopt_children ();
      assert_reads_a (root);
      _exit (find_child () > 0 ? 0 : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);

  assert_reads_a (root);
  baton_root_release_reader (root);
  wait_for_child ();
  wait_for_child ();
}

/* A write that hangs in a driver has a copy of everything that its parent had open. */
static void
test_ends_with_its_owner (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  int gate[2];
  pid_t owner;
  int status = -1;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  g_assert_cmpint (pipe2 (gate, O_CLOEXEC), ==, 0);
  owner = fork ();
  if (owner == 0)
    {
      baton_root_hold_reader (root);
      assert_reads_a (root);
      if (fork () == 0)
        {
          char byte;

          close (gate[1]);
          _exit (read (gate[0], &byte, 1) == 0 ? 0 : 1);
        }
      _exit (0);
    }
  g_assert_cmpint (waitpid (owner, &status, 0), ==, owner);
  g_assert_cmpint (status, ==, 0);

  /* The reader ends while the other one, which we let go now, still had the socket. */
  wait_for_child ();
  close (gate[1]);
  wait_for_child ();
  close (gate[0]);
}

/* The same copy must not keep one that nobody wants any more. */
static void
test_ends_when_released (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  int gate[2];
  pid_t other;
  char byte;

  adopt_children ();
  mock_machine_write (mock, "sys/bus/a", "a");
  g_assert_cmpint (pipe2 (gate, O_CLOEXEC), ==, 0);
  baton_root_hold_reader (root);
  assert_reads_a (root);
  other = fork ();
  if (other == 0)
    {
      close (gate[1]);
      _exit (read (gate[0], &byte, 1) == 0 ? 0 : 1);
    }

  baton_root_release_reader (root);
  wait_for_child ();
  close (gate[1]);
  g_assert_cmpint (waitpid (other, NULL, 0), ==, other);
  close (gate[0]);
}

/* More than one request holds. */
static void
test_many (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  g_autoptr (GPtrArray) heads = NULL;
  g_autofree char *name = g_strnfill (200, 'n');

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *path = g_strdup_printf ("bus/%s-%u", name, i);
      g_autofree char *file = g_strconcat ("sys/", path, NULL);
      g_autofree char *text = g_strdup_printf ("%u", i);

      mock_machine_write (mock, file, text);
      g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);

  heads = baton_root_read_warily (mock_machine_get_root (mock), BATON_ROOT_SYS,
                                  (const char *const *) paths, LONG_MS);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_assert_cmpstr (look_at (heads, i), ==, text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/root-warily/reads", test_reads);
  g_test_add_func ("/core/root-warily/leaves-no-children", test_leaves_no_children);
  g_test_add_func ("/core/root-warily/never-answers", test_one_that_never_answers);
  g_test_add_func ("/core/root-warily/keeps-nothing-open", test_keeps_nothing_open);
  g_test_add_func ("/core/root-warily/kept-while-held", test_kept_while_held);
  g_test_add_func ("/core/root-warily/killed-between-looks", test_killed_between_looks);
  g_test_add_func ("/core/root-warily/late-while-held", test_late_while_held);
  g_test_add_func ("/core/root-warily/not-inherited", test_not_inherited);
  g_test_add_func ("/core/root-warily/ends-with-its-owner", test_ends_with_its_owner);
  g_test_add_func ("/core/root-warily/ends-when-released", test_ends_when_released);
  g_test_add_func ("/core/root-warily/many", test_many);

  return g_test_run ();
}
