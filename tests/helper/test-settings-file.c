/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings-file.h"

#include <acl/libacl.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-error.h"

#define OLD "# mine\n[0000:02:00.0]\nreturn-method=auto\n"
#define NEW "# mine\n[0000:02:00.0]\nreturn-method=bind\n"

/* What an executable defines itself is not taken from a library: every call by which the file is
 * made, finished and put in its place meets with what a test wants. */
typedef enum
{
  FATE_NONE,
  FATE_KILLED_BEFORE,
  FATE_KILLED_AFTER,
  FATE_FAILS,
  FATE_EDITED,
} Fate;

static struct
{
  Fate fate;
  guint nth;
  guint n_calls;
  const char *edited; /* borrowed: the file that an editor writes at that moment */
} disk;

static gboolean
is_met (void)
{
  return disk.fate != FATE_NONE && ++disk.n_calls == disk.nth;
}

#define MEET(call)                                                                             \
  gboolean met = is_met ();                                                                    \
  int result;                                                                                  \
                                                                                               \
  if (met && disk.fate == FATE_KILLED_BEFORE)                                                  \
    _exit (9);                                                                                 \
  if (met && disk.fate == FATE_FAILS)                                                          \
    {                                                                                          \
      errno = EIO;                                                                             \
      return -1;                                                                               \
    }                                                                                          \
  if (met && disk.fate == FATE_EDITED)                                                         \
    g_assert_true (g_file_set_contents (disk.edited, "# edited\n", -1, NULL));                 \
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

typedef struct
{
  char *top;
  char *etc;
  char *file;
  char *temporary;
  BatonRoot *root;
  BatonEventWriter *events;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  umask (077);
  fixture->top = g_dir_make_tmp ("baton-settings-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->etc = g_build_filename (fixture->top, "etc", NULL);
  fixture->file = g_build_filename (fixture->etc, "baton.conf", NULL);
  fixture->temporary = g_build_filename (fixture->etc, ".baton.conf.new", NULL);
  g_assert_no_errno (g_mkdir (fixture->etc, 0755));
  fixture->root = baton_root_new_for_directory (fixture->top, &error);
  g_assert_no_error (error);
  fixture->events = baton_event_writer_new (-1, NULL);
}

static void
remove_below (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      g_assert_no_errno (g_remove (below));
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  disk.fate = FATE_NONE;
  baton_event_writer_free (fixture->events);
  baton_root_unref (fixture->root);
  remove_below (fixture->etc);
  g_assert_no_errno (g_rmdir (fixture->etc));
  g_assert_no_errno (g_rmdir (fixture->top));
  g_free (fixture->top);
  g_free (fixture->etc);
  g_free (fixture->file);
  g_free (fixture->temporary);
}

static void
put (Fixture *fixture, const char *text)
{
  int fd = open (fixture->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, strlen (text));
  g_assert_no_errno (close (fd));
}

static void
assert_holds (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static gboolean
replace (Fixture *fixture, const char *text, GError **error)
{
  g_autoptr (BatonSettingsFile) file = baton_settings_file_open (fixture->root, error);
  gsize length = 0;

  if (file == NULL)
    return FALSE;
  g_assert_cmpuint (strlen (baton_settings_file_get_text (file, &length)), ==, length);

  return baton_settings_file_replace (file, text, fixture->events, error);
}

/* Returns: whether the fate was met before the end */
static gboolean
replace_meeting (Fixture *fixture, Fate fate, guint nth, GError **error)
{
  disk.n_calls = 0;
  disk.nth = nth;
  disk.edited = fixture->file;
  disk.fate = fate;
  replace (fixture, NEW, error);
  disk.fate = FATE_NONE;

  return disk.n_calls >= nth;
}

static void
test_makes_one (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_true (replace (fixture, NEW, &error));
  g_assert_no_error (error);
  assert_holds (fixture->file, NEW);
  g_assert_no_errno (stat (fixture->file, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0644);
}

/* A file that only its owner's group may read stays one. */
static void
test_keeps_what_it_is (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct stat before, after;
  acl_t list = acl_from_text ("u::rw-,u:1234:r--,g::r--,m::r--,o::---");
  gboolean has_list;

  put (fixture, OLD);
  g_assert_no_errno (chmod (fixture->file, 0640));
  has_list = acl_set_file (fixture->file, ACL_TYPE_ACCESS, list) == 0;
  acl_free (list);
  /* Only root may give a file away. */
  if (geteuid () == 0)
    g_assert_no_errno (chown (fixture->file, 1234, 4321));
  g_assert_no_errno (stat (fixture->file, &before));
  g_assert_true (replace (fixture, NEW, &error));
  g_assert_no_error (error);
  g_assert_no_errno (stat (fixture->file, &after));
  assert_holds (fixture->file, NEW);
  g_assert_cmpint (after.st_mode, ==, before.st_mode);
  g_assert_cmpint (after.st_uid, ==, before.st_uid);
  g_assert_cmpint (after.st_gid, ==, before.st_gid);
  g_assert_cmpuint (after.st_ino, !=, before.st_ino);
  if (has_list)
    {
      acl_t found = acl_get_file (fixture->file, ACL_TYPE_ACCESS);
      char *text = acl_to_any_text (found, NULL, ',', TEXT_NUMERIC_IDS);

      g_assert_nonnull (strstr (text, "user:1234:r--"));
      acl_free (text);
      acl_free (found);
    }
}

/* At every call, before it and after it: whoever reads then finds all of the old or all of the new,
 * and the next change goes its way. */
static void
test_killed_anywhere (Fixture *fixture, gconstpointer data)
{
  static const Fate fates[] = { FATE_KILLED_BEFORE, FATE_KILLED_AFTER };
  guint n_old = 0;
  guint n_new = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fates); i++)
    for (guint nth = 1;; nth++)
      {
        g_autofree char *text = NULL;
        g_autoptr (GError) error = NULL;
        int status = 0;
        pid_t child;

        put (fixture, OLD);
        child = fork ();
        if (child == 0)
          _exit (replace_meeting (fixture, fates[i], nth, NULL) ? 1 : 0);
        g_assert_cmpint (waitpid (child, &status, 0), ==, child);
        g_assert_true (g_file_get_contents (fixture->file, &text, NULL, NULL));
        g_test_message ("killed %s call %u", i == 0 ? "before" : "after", nth);
        if (WEXITSTATUS (status) == 0)
          {
            g_assert_cmpstr (text, ==, NEW);
            break;
          }
        g_assert_cmpint (WEXITSTATUS (status), ==, 9);
        if (g_str_equal (text, OLD))
          n_old++;
        else
          n_new++;
        g_assert_true (g_str_equal (text, OLD) || g_str_equal (text, NEW));
        g_assert_true (replace (fixture, NEW, &error));
        g_assert_no_error (error);
        assert_holds (fixture->file, NEW);
        g_assert_false (g_file_test (fixture->temporary, G_FILE_TEST_EXISTS));
      }
  g_assert_cmpuint (n_old, >=, 6);
  g_assert_cmpuint (n_new, >=, 2);
}

/* What fails leaves the old file and nothing beside it, and says why. After the new file is in its
 * place only a power cut could take it away. */
static void
test_each_call_fails (Fixture *fixture, gconstpointer data)
{
  guint n_failed = 0;

  for (guint nth = 1;; nth++)
    {
      g_autoptr (GError) error = NULL;
      gboolean met;

      put (fixture, OLD);
      met = replace_meeting (fixture, FATE_FAILS, nth, &error);
      g_test_message ("call %u: %s", nth, error != NULL ? error->message : "done");
      if (error != NULL)
        {
          g_assert_nonnull (strstr (error->message, g_strerror (EIO)));
          n_failed++;
        }
      assert_holds (fixture->file, error != NULL ? OLD : NEW);
      g_assert_false (g_file_test (fixture->temporary, G_FILE_TEST_EXISTS));
      if (!met)
        break;
    }
  g_assert_cmpuint (n_failed, ==, 3);
}

/* An editor that saves between our look and our write wins. */
static void
test_edited_meanwhile (Fixture *fixture, gconstpointer data)
{
  for (guint nth = 1; nth <= 3; nth++)
    {
      g_autoptr (GError) error = NULL;

      put (fixture, OLD);
      g_assert_true (replace_meeting (fixture, FATE_EDITED, nth, &error));
      g_assert_nonnull (error);
      assert_holds (fixture->file, "# edited\n");
      g_assert_false (g_file_test (fixture->temporary, G_FILE_TEST_EXISTS));
    }
}

static void
put_link (Fixture *fixture)
{
  g_autofree char *target = g_build_filename (fixture->etc, "elsewhere", NULL);

  g_assert_true (g_file_set_contents (target, OLD, -1, NULL));
  g_assert_no_errno (symlink ("elsewhere", fixture->file));
}

static void
put_link_to_nothing (Fixture *fixture)
{
  g_assert_no_errno (symlink ("/nonexistent/baton", fixture->file));
}

static void
put_directory (Fixture *fixture)
{
  g_assert_no_errno (g_mkdir (fixture->file, 0755));
}

static void
put_fifo (Fixture *fixture)
{
  g_assert_no_errno (mkfifo (fixture->file, 0644));
}

static void
put_hard_link (Fixture *fixture)
{
  g_autofree char *other = g_build_filename (fixture->etc, "elsewhere", NULL);

  put (fixture, OLD);
  g_assert_no_errno (link (fixture->file, other));
}

/* What lies in the file's place and is no plain file is left alone, and so is what it leads to. */
static void
test_traps (Fixture *fixture, gconstpointer data)
{
  static void (*const traps[]) (Fixture *) = { put_link, put_link_to_nothing, put_directory,
                                               put_fifo, put_hard_link };

  for (guint i = 0; i < G_N_ELEMENTS (traps); i++)
    {
      g_autoptr (GError) error = NULL;
      struct stat before, after;

      g_test_message ("trap %u", i);
      traps[i](fixture);
      g_assert_no_errno (lstat (fixture->file, &before));
      g_assert_false (replace (fixture, NEW, &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED);
      g_assert_no_errno (lstat (fixture->file, &after));
      g_assert_cmpuint (after.st_ino, ==, before.st_ino);
      g_assert_cmpint (after.st_mode, ==, before.st_mode);
      remove_below (fixture->etc);
    }
}

/* What lies where the new file is made was left behind by a power cut, or is a trap of somebody who
 * may write to /etc: neither is written to. */
static void
test_left_behind (Fixture *fixture, gconstpointer data)
{
  g_autofree char *target = g_build_filename (fixture->etc, "elsewhere", NULL);
  g_autoptr (GError) error = NULL;

  put (fixture, OLD);
  g_assert_true (g_file_set_contents (target, "# else\n", -1, NULL));
  g_assert_no_errno (symlink ("elsewhere", fixture->temporary));
  g_assert_true (replace (fixture, NEW, &error));
  g_assert_no_error (error);
  assert_holds (fixture->file, NEW);
  assert_holds (target, "# else\n");
  g_assert_false (g_file_test (fixture->file, G_FILE_TEST_IS_SYMLINK));
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/settings-file/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("makes-one", test_makes_one);
  ADD ("keeps-what-it-is", test_keeps_what_it_is);
  ADD ("killed-anywhere", test_killed_anywhere);
  ADD ("each-call-fails", test_each_call_fails);
  ADD ("edited-meanwhile", test_edited_meanwhile);
  ADD ("traps", test_traps);
  ADD ("left-behind", test_left_behind);

  return g_test_run ();
}
