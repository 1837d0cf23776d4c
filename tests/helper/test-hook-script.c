/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook-script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock-machine.h"

#define SCRIPT "etc/" BATON_HOOK_SCRIPT
#define DIRECTORY "etc/libvirt/hooks/qemu.d"
#define STATE "var/lib/baton/libvirt-hook.json"

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

int
mkdirat (int dir, const char *name, mode_t mode)
{
  MEET (syscall (SYS_mkdirat, dir, name, mode));
}

static MockMachine *
new_mock (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_write (mock, "etc/libvirt/hooks/other", "# another\n");
  mock_machine_write (mock, "var/lib/other", "");

  return mock;
}

static gboolean
is_there (MockMachine *mock, const char *path)
{
  g_autofree char *full = g_build_filename (mock_machine_get_directory (mock), path, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

/* Returns: whether it is done; else where it could not be opened, written or taken away */
static gboolean
change (MockMachine *mock, gboolean undo)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonHookScript) script =
      baton_hook_script_open (mock_machine_get_root (mock), &end);
  gboolean is_done = script != NULL && (undo ? baton_hook_script_remove (script, &end)
                                             : baton_hook_script_write (script, &end));

  g_assert_cmpint (is_done, ==, end == NULL);
  g_clear_pointer (&end, baton_end_free);

  return is_done;
}

/* Whatever came before, from here on everything goes its way. */
static void
assert_goes_on (MockMachine *mock)
{
  g_assert_true (change (mock, FALSE));
  g_assert_true (is_there (mock, SCRIPT));
  g_assert_true (change (mock, TRUE));
  g_assert_false (is_there (mock, DIRECTORY));
  g_assert_false (is_there (mock, STATE));
  g_assert_true (is_there (mock, "etc/libvirt/hooks/other"));
}

static gboolean
change_in_child (MockMachine *mock, gboolean undo, Fate fate, guint nth)
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    {
      disk.fate = fate;
      disk.nth = nth;
      _exit (change (mock, undo) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_true (WEXITSTATUS (status) == 9 || WEXITSTATUS (status) == 0);

  return WEXITSTATUS (status) == 9;
}

/* Whenever it is: what is there is known for Baton's, and whole. */
static void
test_killed_anywhere (void)
{
  static const Fate fates[] = { FATE_KILLED_BEFORE, FATE_KILLED_AFTER };
  guint n_killed = 0;

  for (guint undo = 0; undo < 2; undo++)
    for (guint j = 0; j < G_N_ELEMENTS (fates); j++)
      for (guint nth = 1;; nth++)
        {
          g_autoptr (MockMachine) mock = new_mock ();

          if (undo)
            g_assert_true (change (mock, FALSE));
          g_test_message ("%s, killed at call %u", undo ? "undo" : "install", nth);
          if (!change_in_child (mock, undo, fates[j], nth))
            {
              g_assert_cmpint (is_there (mock, SCRIPT), ==, !undo);
              break;
            }
          n_killed++;
          /* What a power cut leaves goes with the undo as well. */
          if (nth % 2 == 0)
            g_assert_true (change (mock, TRUE));
          assert_goes_on (mock);
        }
  g_assert_cmpuint (n_killed, >=, 30);
}

/* Nothing is left of what could not be written, and what could not be taken away is as it was. */
static void
test_each_call_fails (void)
{
  guint n_failed = 0;

  for (guint undo = 0; undo < 2; undo++)
    for (guint nth = 1;; nth++)
      {
        g_autoptr (MockMachine) mock = new_mock ();
        gboolean is_done;

        if (undo)
          g_assert_true (change (mock, FALSE));
        disk.n_calls = 0;
        disk.nth = nth;
        disk.fate = FATE_FAILS;
        is_done = change (mock, undo);
        disk.fate = FATE_NONE;
        g_test_message ("%s, call %u: %d", undo ? "undo" : "install", nth, is_done);
        if (!undo && !is_done)
          g_assert_false (is_there (mock, DIRECTORY));
        if (!undo && is_done)
          g_assert_true (is_there (mock, SCRIPT));
        n_failed += is_done ? 0 : 1;
        if (disk.n_calls < nth)
          break;
        /* An empty directory that cannot be taken away is no reason to keep the script. */
        if (undo && is_done)
          g_assert_true (!is_there (mock, SCRIPT) && !is_there (mock, STATE));
        else
          assert_goes_on (mock);
      }
  g_assert_cmpuint (n_failed, >=, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/hook-script/killed-anywhere", test_killed_anywhere);
  g_test_add_func ("/helper/hook-script/each-call-fails", test_each_call_fails);

  return g_test_run ();
}
