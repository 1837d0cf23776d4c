/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-nodes.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Two files in the place of device files, and how often something was heard of them. */
typedef struct
{
  char *top;
  char *directory;
  char *followed;
  char *other;
  guint n_calls;
  BatonNoticeNodes *nodes;
} Fixture;

static void
on_heard_cb (gpointer data)
{
  Fixture *fixture = data;

  fixture->n_calls++;
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static char *
add_file (Fixture *fixture, const char *name)
{
  char *path = g_build_filename (fixture->directory, name, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));

  return path;
}

static void
open_and_close (const char *path)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
}

static void
follow (Fixture *fixture, const char *path)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (paths, (gpointer) path);
  g_assert_true (baton_notice_nodes_follow (fixture->nodes, paths, &error));
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->top = g_dir_make_tmp ("baton-notice-XXXXXX", NULL);
  fixture->directory = g_build_filename (fixture->top, "dri", NULL);
  g_assert_cmpint (g_mkdir (fixture->directory, 0755), ==, 0);
  fixture->followed = add_file (fixture, "renderD129");
  fixture->other = add_file (fixture, "renderD128");
  fixture->nodes = baton_notice_nodes_new (on_heard_cb, fixture);
  baton_notice_nodes_listen (fixture->nodes);
  settle ();
  fixture->n_calls = 0;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_notice_nodes_free (fixture->nodes);
  g_remove (fixture->followed);
  g_remove (fixture->other);
  g_rmdir (fixture->directory);
  g_rmdir (fixture->top);
  g_free (fixture->top);
  g_free (fixture->followed);
  g_free (fixture->other);
  g_free (fixture->directory);
}

static void
test_hears_of_its_own_alone (Fixture *fixture, gconstpointer data)
{
  follow (fixture, fixture->followed);
  baton_notice_nodes_listen (fixture->nodes);
  open_and_close (fixture->other);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 0);
  open_and_close (fixture->followed);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 1);

  /* Another card is followed now. */
  follow (fixture, fixture->other);
  open_and_close (fixture->followed);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  open_and_close (fixture->other);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 2);
}

/* What this user may not read is heard of in its directory. */
static void
test_hears_of_what_it_may_not_read (Fixture *fixture, gconstpointer data)
{
  int fd = -1;

  if (geteuid () == 0)
    {
      /* root may read everything. */
      g_assert_cmpint (chown (fixture->top, 65534, 65534), ==, 0);
      g_assert_cmpint (chmod (fixture->followed, 0), ==, 0);
      g_assert_cmpint (seteuid (65534), ==, 0);
    }
  else
    {
      g_assert_cmpint (chmod (fixture->followed, 0200), ==, 0);
    }

  follow (fixture, fixture->followed);
  baton_notice_nodes_listen (fixture->nodes);
  if (geteuid () == 65534)
    g_assert_cmpint (seteuid (0), ==, 0);
  fd = g_open (fixture->followed, O_WRONLY | O_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  g_assert_true (g_close (fd, NULL));
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 2);
  open_and_close (fixture->other);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 2);
}

static void
test_rests (Fixture *fixture, gconstpointer data)
{
  follow (fixture, fixture->followed);
  baton_notice_nodes_listen (fixture->nodes);
  baton_notice_nodes_rest (fixture->nodes);
  open_and_close (fixture->followed);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 0);
  /* It is kept. */
  g_assert_true (baton_notice_nodes_take (fixture->nodes));
  g_assert_false (baton_notice_nodes_take (fixture->nodes));
  open_and_close (fixture->followed);
  baton_notice_nodes_listen (fixture->nodes);
  settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/notice/nodes/hears-of-its-own-alone", Fixture, NULL, set_up,
              test_hears_of_its_own_alone, tear_down);
  g_test_add ("/notice/nodes/hears-of-what-it-may-not-read", Fixture, NULL, set_up,
              test_hears_of_what_it_may_not_read, tear_down);
  g_test_add ("/notice/nodes/rests", Fixture, NULL, set_up, test_rests, tear_down);

  return g_test_run ();
}
