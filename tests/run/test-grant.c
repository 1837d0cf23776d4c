/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lets programs in, as whoever likes may start it: without the right that an installed one has. */
#include "config.h"

#include "baton-grant.h"

#include <glib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define MAX_WORDS 4

/* A group of every system. */
#define SYSTEMS "daemon"

typedef struct
{
  int status;
  char *output;
  char *errors;
} Run;

static void
clear_run (Run *run)
{
  g_free (run->output);
  g_free (run->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, clear_run)

/* Where its streams are closed before, it has to do without. */
static void
close_streams_cb (gpointer data)
{
  for (int fd = 0; data != NULL && fd <= 2; fd++)
    close (fd);
}

/* This program again, as baton-grant for @group: "test-grant --as-baton-grant GROUP NODES …". */
static Run
run (const char *group, const char *nodes, gboolean is_closed, const char *const *words)
{
  const char *argv[MAX_WORDS + 5] = { "/proc/self/exe", "--as-baton-grant", group, nodes };
  g_autoptr (GError) error = NULL;
  Run result = { 0 };
  int wait_status = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_assert_cmpuint (i, <, MAX_WORDS);
      argv[i + 4] = words[i];
    }
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, close_streams_cb,
                is_closed ? &result : NULL, &result.output, &result.errors, &wait_status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  result.status = WEXITSTATUS (wait_status);

  return result;
}

#define RUN(group, nodes, ...)                                                                 \
  run (group, nodes, FALSE, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_without_its_right_it_lets_nobody_in (void)
{
  g_auto (Run) asked = RUN (SYSTEMS, "/dev", BATON_GRANT_CHECK);
  g_auto (Run) run_anyway = RUN (SYSTEMS, "/dev", "--", "x");

  g_assert_cmpint (asked.status, ==, BATON_GRANT_NO_RIGHT);
  g_assert_cmpstr (asked.errors, ==, "");
  g_assert_cmpint (run_anyway.status, ==, BATON_GRANT_NOT_STARTED);
  g_assert_cmpstr (run_anyway.output, ==, "");
  g_assert_nonnull (strstr (run_anyway.errors, "setcap cap_setgid=p"));
}

/* That of root and those of people are none that it could be about. */
static void
test_only_for_a_group_of_the_systems (void)
{
  static const char *const groups[] = { "root", "nogroup", "no-such-group", "", "daemon:x" };

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      g_auto (Run) asked = RUN (groups[i], "/dev", BATON_GRANT_CHECK);

      g_test_message ("“%s”", groups[i]);
      g_assert_cmpint (asked.status, ==, BATON_GRANT_NO_GROUP);
    }
}

static void
test_words_that_are_none (void)
{
  static const char *const words[][3] = {
    { NULL }, { "x" }, { "A=1" }, { "A=1", "x" }, { "=", "--" }, { "--check", "--check" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_auto (Run) result = RUN (SYSTEMS, "/dev", words[i][0], words[i][1]);

      g_assert_cmpint (result.status, ==, BATON_GRANT_NOT_STARTED);
      g_assert_cmpstr (result.output, ==, "");
    }
}

static void
test_streams_that_are_closed (void)
{
  const char *const words[] = { BATON_GRANT_CHECK, NULL };
  g_auto (Run) asked = run (SYSTEMS, "/dev", TRUE, words);

  g_assert_cmpint (asked.status, ==, BATON_GRANT_NO_RIGHT);
}

/* Root has the right, and so the rest can be seen: who is let in, as what, and with what. */
static void
test_root_is_let_in_by_the_nodes_alone (void)
{
  g_autofree char *empty = g_dir_make_tmp ("baton-grant-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (empty, "card0", NULL);
  g_auto (Run) none = { 0 };
  g_auto (Run) no_device = { 0 };

  if (getuid () != 0)
    return;
  g_setenv ("BATON_TEST_ROOT", "1", TRUE);
  none = RUN (SYSTEMS, empty, BATON_GRANT_CHECK);
  /* A file of that name is no card. */
  g_assert_true (g_file_set_contents (file, "", -1, NULL));
  no_device = RUN (SYSTEMS, empty, BATON_GRANT_CHECK);
  g_unsetenv ("BATON_TEST_ROOT");
  g_assert_cmpint (none.status, ==, BATON_GRANT_NOT_FOR_YOU);
  g_assert_cmpint (no_device.status, ==, BATON_GRANT_NOT_FOR_YOU);
  unlink (file);
  rmdir (empty);
}

static int
be_baton_grant (int argc, char **argv)
{
  BatonGrant grant = { .group = argv[2], .nodes = argv[3], .program = "/bin/echo" };

  if (getuid () == 0 && g_getenv ("BATON_TEST_ROOT") == NULL)
    g_assert_no_errno (setresuid (NOBODY, NOBODY, NOBODY));
  argv[3] = argv[0];

  return baton_grant_main (&grant, argc - 3, argv + 3);
}

int
main (int argc, char **argv)
{
  if (argc > 3 && strcmp (argv[1], "--as-baton-grant") == 0)
    return be_baton_grant (argc, argv);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grant/without-its-right-it-lets-nobody-in",
                   test_without_its_right_it_lets_nobody_in);
  g_test_add_func ("/grant/only-for-a-group-of-the-systems",
                   test_only_for_a_group_of_the_systems);
  g_test_add_func ("/grant/words-that-are-none", test_words_that_are_none);
  g_test_add_func ("/grant/streams-that-are-closed", test_streams_that_are_closed);
  g_test_add_func ("/grant/root-is-let-in-by-the-nodes-alone",
                   test_root_is_let_in_by_the_nodes_alone);

  return g_test_run ();
}
