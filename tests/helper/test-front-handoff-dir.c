/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-event.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-hold.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct
{
  char *top;
  char *run;
  BatonRoot *root;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  umask (077);
  fixture->top = g_dir_make_tmp ("baton-handoff-dir-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->run = g_build_filename (fixture->top, "run", NULL);
  g_assert_no_errno (g_mkdir (fixture->run, 0755));
  fixture->root = baton_root_new_for_directory (fixture->top, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      remove_tree (below);
    }
  g_assert_no_errno (g_remove (path));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_root_unref (fixture->root);
  remove_tree (fixture->top);
  g_free (fixture->top);
  g_free (fixture->run);
}

static BatonRequest *
make_request (void)
{
  const char *const arguments[] = {
    "guest", "0000:01:00.0", "--close", "4711:99", "--expect", DIGEST, NULL,
  };
  g_autoptr (GError) error = NULL;
  BatonRequest *request = baton_request_new_from_arguments (arguments, &error);

  g_assert_no_error (error);
  request->uid = 1000;

  return request;
}

static void
assert_mode (Fixture *fixture, const char *path, mode_t expected)
{
  g_autofree char *whole = g_build_filename (fixture->run, path, NULL);
  struct stat file;

  g_test_message ("mode of %s", path);
  g_assert_no_errno (lstat (whole, &file));
  g_assert_cmpint (file.st_mode & 07777, ==, expected);
}

static void
test_goes_there_and_comes_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonHandoffDir) front =
      baton_handoff_dir_new (fixture->root, "hand", request, 1000, &error);
  g_autoptr (BatonHandoffDir) worker = NULL;
  g_autoptr (BatonHandoffOrder) order = NULL;
  g_autofree char *request_path = NULL;
  const char *id;

  g_assert_no_error (error);
  id = baton_handoff_dir_get_id (front);
  g_assert_true (baton_handoff_id_is_valid (id));
  request_path = g_build_filename ("baton/handoff", id, "request", NULL);
  assert_mode (fixture, "baton", 0755);
  assert_mode (fixture, "baton/handoff", 0700);
  assert_mode (fixture, request_path, 0600);

  worker = baton_handoff_dir_open (fixture->root, id, &error);
  g_assert_no_error (error);
  order = baton_handoff_dir_take_order (worker, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (order->verb, ==, "hand");
  g_assert_cmpuint (order->uid, ==, 1000);
  g_assert_cmpstr (order->request->cards[0], ==, "0000:01:00.0");
  g_assert_cmpstr (order->request->expect, ==, DIGEST);
  g_assert_true (baton_request_allows_close (order->request, 4711, "99"));

  /* Once, whoever starts the unit again; and too late to be taken back. */
  g_assert_null (baton_handoff_dir_take_order (worker, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
  g_assert_false (baton_handoff_dir_withdraw (front));
}

static void
test_recover_has_no_request (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonHandoffDir) dir =
      baton_handoff_dir_new (fixture->root, "recover", NULL, 7, NULL);
  g_autoptr (BatonHandoffOrder) order = baton_handoff_dir_take_order (dir, NULL);

  g_assert_cmpstr (order->verb, ==, "recover");
  g_assert_null (order->request);
  g_assert_cmpuint (order->uid, ==, 7);
}

static void
test_withdrawn_is_not_carried_out (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (BatonHandoffDir) dir =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (baton_handoff_dir_withdraw (dir));
  g_assert_null (baton_handoff_dir_take_order (dir, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

static void
test_half_a_request_is_no_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  const char *const bad[] = { "", "{", "[]", "{\"verb\":\"hand\",\"uid\":0,\"request\":{}}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (BatonHandoffDir) dir =
          baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
      g_autofree char *path = g_build_filename (
          fixture->run, "baton/handoff", baton_handoff_dir_get_id (dir), "request", NULL);

      g_test_message ("%s", bad[i]);
      g_assert_true (g_file_set_contents (path, bad[i], -1, NULL));
      g_assert_null (baton_handoff_dir_take_order (dir, NULL));
    }
}

static void
test_cancel_may_be_asked_twice (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (BatonHandoffDir) dir =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  int fd = baton_handoff_dir_get_fd (dir);

  g_assert_cmpint (faccessat (fd, "cancel", F_OK, 0), ==, -1);
  g_assert_true (baton_handoff_dir_ask_cancel (dir, NULL));
  g_assert_true (baton_handoff_dir_ask_cancel (dir, NULL));
  g_assert_no_errno (faccessat (fd, "cancel", F_OK, 0));
}

#define N_ROUNDS 200

typedef struct
{
  BatonHandoffDir *dirs[N_ROUNDS];
  gint n_asking; /* atomic */
} Asking;

/* Both at the same moment, as near as two threads come to it. */
static gpointer
ask_each (gpointer data)
{
  Asking *asking = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (GError) error = NULL;

      g_atomic_int_inc (&asking->n_asking);
      while (g_atomic_int_get (&asking->n_asking) < 2 * (gint) (i + 1))
        ;
      baton_handoff_dir_ask_cancel (asking->dirs[i], &error);
      g_assert_no_error (error);
    }

  return NULL;
}

/* The window's button and a terminal's Ctrl-C: neither of them is told that it failed. */
static void
test_cancel_may_be_asked_by_two (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  Asking asking = { .n_asking = 0 };
  GThread *other;

  for (guint i = 0; i < N_ROUNDS; i++)
    asking.dirs[i] = baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  other = g_thread_new ("other", ask_each, &asking);
  ask_each (&asking);
  g_thread_join (other);
  for (guint i = 0; i < N_ROUNDS; i++)
    baton_handoff_dir_free (asking.dirs[i]);
}

static const char *const bad_ids[] = {
  "",
  ".",
  "..",
  "../../../etc",
  "0123456789abcdef0123456789abcde",
  "0123456789abcdef0123456789abcdef0",
  "0123456789ABCDEF0123456789ABCDEF",
  "0123456789abcdef/../9abcdef01234",
  "0123456789abcdef0123456789abcde\n",
};

static void
test_bad_ids (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad_ids); i++)
    {
      g_test_message ("'%s'", bad_ids[i]);
      g_assert_false (baton_handoff_id_is_valid (bad_ids[i]));
      g_assert_null (baton_handoff_dir_open (fixture->root, bad_ids[i], &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_clear_error (&error);
    }

  g_assert_null (
      baton_handoff_dir_open (fixture->root, "0123456789abcdef0123456789abcdef", &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

/* What waits where our files go, and what must be untouched after it was refused. */
static void
put_link (const char *run)
{
  g_autofree char *target = g_build_filename (run, "elsewhere", NULL);
  g_autofree char *path = g_build_filename (run, "baton", NULL);

  g_assert_no_errno (g_mkdir (target, 0755));
  g_assert_no_errno (symlink (target, path));
}

static void
put_fifo (const char *run)
{
  g_autofree char *path = g_build_filename (run, "baton", NULL);

  g_assert_no_errno (mkfifo (path, 0666));
}

static void
put_file (const char *run)
{
  g_autofree char *path = g_build_filename (run, "baton", NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static void
put_writable_directory (const char *run)
{
  g_autofree char *path = g_build_filename (run, "baton", NULL);

  g_assert_no_errno (g_mkdir (path, 0777));
  g_assert_no_errno (g_chmod (path, 0777));
}

static void
put_link_below (const char *run)
{
  g_autofree char *path = g_build_filename (run, "baton", NULL);
  g_autofree char *below = g_build_filename (path, "handoff", NULL);

  g_assert_no_errno (g_mkdir (path, 0755));
  g_assert_no_errno (symlink (run, below));
}

static const struct
{
  const char *name;
  void (*put) (const char *run);
} traps[] = {
  { "link", put_link },
  { "fifo", put_fifo },
  { "file", put_file },
  { "directory that all may write to", put_writable_directory },
  { "link below", put_link_below },
};

static void
test_traps (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (traps); i++)
    {
      g_autoptr (BatonRequest) request = make_request ();
      g_autoptr (GError) error = NULL;
      g_autofree char *path = g_build_filename (fixture->run, "baton", NULL);
      g_autofree char *elsewhere = g_build_filename (fixture->run, "elsewhere", NULL);

      g_test_message ("%s", traps[i].name);
      traps[i].put (fixture->run);
      g_assert_null (baton_handoff_dir_new (fixture->root, "hand", request, 0, &error));
      g_assert_nonnull (strstr (error->message, "baton"));

      remove_tree (path);
      if (g_file_test (elsewhere, G_FILE_TEST_IS_DIR))
        g_assert_no_errno (g_rmdir (elsewhere));
    }
}

static void
end_handoff (BatonHandoffDir *dir)
{
  int fd = baton_handoff_dir_open_events (dir, O_WRONLY | O_APPEND, NULL);
  g_autoptr (BatonEventWriter) writer = NULL;

  g_assert_cmpint (fd, >=, 0);
  writer = baton_event_writer_new (fd, baton_handoff_dir_get_id (dir));
  baton_event_writer_heartbeat (writer);
  g_assert_false (baton_handoff_dir_has_ended (dir));
  baton_event_writer_result (writer, BATON_EXIT_CANCELLED, BATON_CODE_CANCELLED, NULL, NULL, 1);
  g_assert_true (baton_handoff_dir_has_ended (dir));
  g_assert_no_errno (close (fd));
}

static guint
count_handoffs (Fixture *fixture)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (fixture->root, BATON_ROOT_RUN, "baton/handoff", NULL);

  return names->len;
}

/* No worker was started, and none ever will be; one that has taken its order keeps it. */
static void
test_given_up_leaves_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (BatonHandoffDir) given_up =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  g_autoptr (BatonHandoffDir) taken =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  g_autoptr (BatonHandoffOrder) order = baton_handoff_dir_take_order (taken, NULL);

  g_assert_nonnull (order);
  g_assert_true (baton_handoff_dir_give_up (fixture->root, given_up));
  g_assert_cmpuint (count_handoffs (fixture), ==, 1);
  g_assert_false (baton_handoff_dir_give_up (fixture->root, taken));
  g_assert_cmpuint (count_handoffs (fixture), ==, 1);
}

static gboolean
is_there (Fixture *fixture, const char *id)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (fixture->root, id, NULL);

  return dir != NULL;
}

/* A front that is killed before it has a worker: what it left goes when it is dead, and not while
 * it is only stopped. */
static void
test_left_by_a_dead_front (Fixture *fixture, gconstpointer data)
{
  char id[BATON_HANDOFF_ID_DIGITS + 1] = { 0 };
  int told[2];
  pid_t pid;

  g_assert_no_errno (pipe (told));
  pid = fork ();
  if (pid == 0)
    {
      g_autoptr (BatonRequest) request = make_request ();
      g_autoptr (BatonHandoffDir) dir =
          baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);

      if (write (told[1], baton_handoff_dir_get_id (dir), BATON_HANDOFF_ID_DIGITS) < 0)
        _exit (1);
      for (;;)
        pause ();
    }
  g_assert_cmpint (read (told[0], id, BATON_HANDOFF_ID_DIGITS), ==, BATON_HANDOFF_ID_DIGITS);
  g_assert_no_errno (kill (pid, SIGSTOP));
  baton_handoff_dir_prune (fixture->root);
  g_assert_true (is_there (fixture, id));

  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  baton_handoff_dir_prune (fixture->root);
  g_assert_false (is_there (fixture, id));
  close (told[0]);
  close (told[1]);
}

/* The front is gone, and yet the handoff goes on as soon as a worker is at it; when that is gone
 * as well without a word, nobody is. */
static void
test_held_by_a_worker (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (BatonHandoffDir) dir =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  g_autoptr (BatonHandoffOrder) order = NULL;
  g_autofree char *id = g_strdup (baton_handoff_dir_get_id (dir));
  int events = baton_handoff_dir_open_events (dir, O_WRONLY | O_APPEND, NULL);

  g_assert_true (baton_handoff_hold_as_worker (events));
  g_assert_false (baton_handoff_hold_is_dropped (dir));
  order = baton_handoff_dir_take_order (dir, NULL);
  g_assert_nonnull (order);
  g_assert_false (baton_handoff_hold_is_dropped (dir));
  g_clear_pointer (&dir, baton_handoff_dir_free);
  baton_handoff_dir_prune (fixture->root);
  g_assert_true (is_there (fixture, id));

  g_assert_no_errno (close (events));
  dir = baton_handoff_dir_open (fixture->root, id, NULL);
  g_assert_true (baton_handoff_hold_is_dropped (dir));
  g_clear_pointer (&dir, baton_handoff_dir_free);
  baton_handoff_dir_prune (fixture->root);
  g_assert_false (is_there (fixture, id));
}

static void
test_keeps_the_newest_that_have_ended (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRequest) request = make_request ();
  g_autoptr (BatonHandoffDir) waiting =
      baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
  g_autofree char *oldest = NULL;
  g_autofree char *newest = NULL;
  g_autoptr (BatonHandoffDir) dir = NULL;

  for (guint i = 0; i < BATON_HANDOFFS_KEPT + 3; i++)
    {
      g_autoptr (BatonHandoffDir) ended =
          baton_handoff_dir_new (fixture->root, "hand", request, 0, NULL);
      const struct timespec times[2] = { { .tv_sec = i }, { .tv_sec = i } };

      end_handoff (ended);
      /* Their real times may be the same, to the grain of the clock. */
      g_assert_no_errno (utimensat (baton_handoff_dir_get_fd (ended), "events", times, 0));
      if (i == 0)
        oldest = g_strdup (baton_handoff_dir_get_id (ended));
      g_free (newest);
      newest = g_strdup (baton_handoff_dir_get_id (ended));
    }

  baton_handoff_dir_prune (fixture->root);
  g_assert_cmpuint (count_handoffs (fixture), ==, BATON_HANDOFFS_KEPT + 1);
  g_assert_null (baton_handoff_dir_open (fixture->root, oldest, NULL));
  dir = baton_handoff_dir_open (fixture->root, newest, NULL);
  g_assert_nonnull (dir);
  g_clear_pointer (&dir, baton_handoff_dir_free);
  dir = baton_handoff_dir_open (fixture->root, baton_handoff_dir_get_id (waiting), NULL);
  g_assert_nonnull (dir);
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/handoff-dir/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("there-and-back", test_goes_there_and_comes_back);
  ADD ("recover", test_recover_has_no_request);
  ADD ("withdrawn", test_withdrawn_is_not_carried_out);
  ADD ("half-a-request", test_half_a_request_is_no_order);
  ADD ("cancel-twice", test_cancel_may_be_asked_twice);
  ADD ("cancel-by-two", test_cancel_may_be_asked_by_two);
  ADD ("bad-ids", test_bad_ids);
  ADD ("traps", test_traps);
  ADD ("given-up", test_given_up_leaves_nothing);
  ADD ("dead-front", test_left_by_a_dead_front);
  ADD ("held-by-worker", test_held_by_a_worker);
  ADD ("keeps-the-newest", test_keeps_the_newest_that_have_ended);

  return g_test_run ();
}
