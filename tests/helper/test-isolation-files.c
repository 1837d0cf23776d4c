/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-isolation-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-kept-off-environment.h"
#include "mock-machine.h"

#define RULES "etc/" BATON_KEPT_OFF_RULES
#define ENVIRONMENT "etc/" BATON_KEPT_OFF_ENVIRONMENT
#define PROFILE "etc/" BATON_KEPT_OFF_PROFILE
#define STATE "var/lib/baton/kept-off.json"

/* What an executable defines itself is not taken from a library: every call by which a file is made,
 * finished, put in its place or taken away meets with what a test wants. */
typedef enum
{
  FATE_NONE,
  FATE_KILLED_BEFORE,
  FATE_KILLED_AFTER,
  FATE_FAILS,
} Fate;

static struct
{
  Fate fate;
  guint nth;
  guint n_calls;
} disk;

#define MEET(call)                                                                             \
  gboolean met = disk.fate != FATE_NONE && ++disk.n_calls == disk.nth;                         \
  int result;                                                                                  \
                                                                                               \
  if (met && disk.fate == FATE_KILLED_BEFORE)                                                  \
    _exit (9);                                                                                 \
  if (met && disk.fate == FATE_FAILS)                                                          \
    {                                                                                          \
      errno = EIO;                                                                             \
      return -1;                                                                               \
    }                                                                                          \
  result = (int) (call);                                                                       \
  if (met && disk.fate == FATE_KILLED_AFTER)                                                   \
    _exit (9);                                                                                 \
  return result

int
fsync (int fd)
{
  MEET (syscall (SYS_fsync, fd));
}

int
fchmod (int fd, mode_t mode)
{
  MEET (syscall (SYS_fchmod, fd, mode));
}

int
renameat (int old_dir, const char *old_name, int new_dir, const char *new_name)
{
  MEET (syscall (SYS_renameat2, old_dir, old_name, new_dir, new_name, 0));
}

int
unlinkat (int dir, const char *name, int flags)
{
  MEET (syscall (SYS_unlinkat, dir, name, flags));
}

/* The three files: none of them, those for one card, and those for two. */
typedef struct
{
  char *texts[BATON_ISOLATION_N_FILES];
} Set;

static const char *const paths[BATON_ISOLATION_N_FILES] = { RULES, ENVIRONMENT, PROFILE };

static MockMachine *
new_mock (void)
{
  MockMachine *mock = mock_machine_new ();

  /* The directories are there, as on a system that reads them. */
  mock_machine_write (mock, "etc/udev/rules.d/10-other.rules", "# another\n");
  mock_machine_write (mock, "etc/environment.d/10-other.conf", "# another\n");
  mock_machine_write (mock, "etc/profile.d/other.sh", "# another\n");
  mock_machine_write (mock, "var/lib/other", "");

  return mock;
}

static void
fill (Set *set, guint n_cards)
{
  static const char *const addresses[] = { "0000:01:00.0", "0000:02:00.0" };
  g_autoptr (GPtrArray) cards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);

  for (guint i = 0; i < n_cards; i++)
    g_ptr_array_add (cards, baton_kept_off_new (addresses[i], 0x10de, 0x2684, TRUE));
  set->texts[BATON_ISOLATION_RULES] = n_cards > 0 ? baton_kept_off_build_rules (cards) : NULL;
  set->texts[BATON_ISOLATION_ENVIRONMENT] =
      n_cards > 0 ? g_strdup_printf ("# %u cards\n", n_cards) : NULL;
  set->texts[BATON_ISOLATION_PROFILE] =
      n_cards > 0 ? g_strdup_printf ("# %u cards, too\n", n_cards) : NULL;
}

static void
clear (Set *set)
{
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    g_free (set->texts[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Set, clear)

static char *
dup_text (MockMachine *mock, const char *path)
{
  g_autofree char *full = g_build_filename (mock_machine_get_directory (mock), path, NULL);
  char *text = NULL;

  g_file_get_contents (full, &text, NULL, NULL);

  return text;
}

/* Returns: whether the files are as @set says; else where they could not be opened, or replaced */
static gboolean
replace (MockMachine *mock, const Set *set)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonOwnFiles) files =
      baton_isolation_files_open (mock_machine_get_root (mock), &end);
  gboolean is_done =
      files != NULL && baton_own_files_replace (files, (const char *const *) set->texts, &end);

  g_assert_cmpint (is_done, ==, end == NULL);
  g_clear_pointer (&end, baton_end_free);

  return is_done;
}

static void
assert_are (MockMachine *mock, const Set *set)
{
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    {
      g_autofree char *text = dup_text (mock, paths[i]);

      g_assert_cmpstr (text, ==, set->texts[i]);
    }
}

/* Each file is whole, the one or the other. */
static void
assert_are_either (MockMachine *mock, const Set *one, const Set *other)
{
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    {
      g_autofree char *text = dup_text (mock, paths[i]);

      g_assert_true (g_strcmp0 (text, one->texts[i]) == 0 ||
                     g_strcmp0 (text, other->texts[i]) == 0);
    }
}

static gboolean
replace_in_child (MockMachine *mock, const Set *set, Fate fate, guint nth)
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    {
      disk.fate = fate;
      disk.nth = nth;
      _exit (replace (mock, set) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_true (WEXITSTATUS (status) == 9 || WEXITSTATUS (status) == 0);

  return WEXITSTATUS (status) == 9;
}

/* From each number of cards to each other one. */
static const guint ways[][2] = { { 0, 1 }, { 1, 2 }, { 2, 1 }, { 1, 0 } };

static void
test_there_and_back (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *state = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_auto (Set) set = { 0 };

      fill (&set, ways[i][1]);
      g_assert_true (replace (mock, &set));
      assert_are (mock, &set);
    }
  state = dup_text (mock, STATE);
  g_assert_null (state);
}

/* Whenever it is: the files are known for Baton's, and the next change goes its way. */
static void
test_killed_anywhere (void)
{
  static const Fate fates[] = { FATE_KILLED_BEFORE, FATE_KILLED_AFTER };
  guint n_killed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    for (guint j = 0; j < G_N_ELEMENTS (fates); j++)
      for (guint nth = 1;; nth++)
        {
          g_autoptr (MockMachine) mock = new_mock ();
          g_auto (Set) before = { 0 };
          g_auto (Set) after = { 0 };
          g_auto (Set) none = { 0 };
          g_autofree char *state = NULL;

          fill (&before, ways[i][0]);
          fill (&after, ways[i][1]);
          g_assert_true (replace (mock, &before));
          g_test_message ("%u to %u cards, killed at call %u", ways[i][0], ways[i][1], nth);
          if (!replace_in_child (mock, &after, fates[j], nth))
            {
              assert_are (mock, &after);
              break;
            }
          n_killed++;
          assert_are_either (mock, &before, &after);
          g_assert_true (replace (mock, &after));
          assert_are (mock, &after);
          g_assert_true (replace (mock, &none));
          assert_are (mock, &none);
        }
  g_assert_cmpuint (n_killed, >=, 40);
}

/* What was there is there again, and known. */
static void
test_each_call_fails (void)
{
  guint n_failed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    for (guint nth = 1;; nth++)
      {
        g_autoptr (MockMachine) mock = new_mock ();
        g_auto (Set) before = { 0 };
        g_auto (Set) after = { 0 };
        gboolean is_done;

        fill (&before, ways[i][0]);
        fill (&after, ways[i][1]);
        g_assert_true (replace (mock, &before));
        disk.n_calls = 0;
        disk.nth = nth;
        disk.fate = FATE_FAILS;
        is_done = replace (mock, &after);
        disk.fate = FATE_NONE;
        g_test_message ("%u to %u cards, call %u: %d", ways[i][0], ways[i][1], nth, is_done);
        assert_are (mock, is_done ? &after : &before);
        n_failed += is_done ? 0 : 1;
        if (disk.n_calls < nth)
          break;
        g_assert_true (replace (mock, &after));
        assert_are (mock, &after);
      }
  g_assert_cmpuint (n_failed, >=, 20);
}

static void
assert_foreign (MockMachine *mock, const char *path)
{
  BatonEnd *end = NULL;
  g_autofree char *shown = g_strconcat ("/", path, NULL);

  g_assert_null (baton_isolation_files_open (mock_machine_get_root (mock), &end));
  g_assert_cmpint (end->code, ==, BATON_CODE_KEEP_OFF_FOREIGN_FILE);
  g_assert_cmpstr (g_hash_table_lookup (end->args, "file"), ==, shown);
  baton_end_free (end);
}

/* Any of them, though the others be Baton's. */
static void
test_one_of_somebody_elses (void)
{
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    {
      g_autoptr (MockMachine) mock = new_mock ();
      g_auto (Set) one = { 0 };
      g_autofree char *more = NULL;

      mock_machine_write (mock, paths[i], "# mine\n");
      assert_foreign (mock, paths[i]);
      mock_machine_remove (mock, paths[i]);

      fill (&one, 1);
      g_assert_true (replace (mock, &one));
      more = g_strconcat (one.texts[i], "# mine\n", NULL);
      mock_machine_write (mock, paths[i], more);
      assert_foreign (mock, paths[i]);
      /* One that is gone is in nobody's way. */
      mock_machine_remove (mock, paths[i]);
      g_assert_true (replace (mock, &one));
      assert_are (mock, &one);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/isolation-files/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/isolation-files/killed-anywhere", test_killed_anywhere);
  g_test_add_func ("/helper/isolation-files/each-call-fails", test_each_call_fails);
  g_test_add_func ("/helper/isolation-files/one-of-somebody-elses", test_one_of_somebody_elses);

  return g_test_run ();
}
