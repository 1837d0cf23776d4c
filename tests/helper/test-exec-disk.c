/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-journal.h"
#include "handoff-story.h"

/* A disk that fails in the middle: the kernel says so when what was written is to be kept, and may
 * say it once alone (fsync(2), EIO). What an executable defines itself is not taken from a library. */
static struct
{
  guint n_syncs;
  guint nth; /* which one fails, 0 for none */
} disk;

/* What is below /run is memory, where there is nothing to fail (mm/shmem.c, noop_fsync()). */
static gboolean
is_on_disk (int fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);

  return path != NULL && strstr (path, "/var/lib/baton") != NULL;
}

static int
sync_or_fail (long call, int fd)
{
  if (is_on_disk (fd) && ++disk.n_syncs == disk.nth)
    {
      errno = EIO;
      return -1;
    }

  return (int) syscall (call, fd);
}

int
fsync (int fd)
{
  return sync_or_fail (SYS_fsync, fd);
}

int
fdatasync (int fd)
{
  return sync_or_fail (SYS_fdatasync, fd);
}

static void
set_fault (guint nth)
{
  disk.n_syncs = 0;
  disk.nth = nth;
}

/* Before the first effect it is refused; after it everything is put back, or it was done already.
 * Whatever it was, the next handoff finds nothing in its way. */
static void
test_each_sync_fails (gconstpointer side)
{
  guint n_refused = 0;
  guint n_rolled_back = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      BatonExit status;
      guint n_syncs;
      guint n_acts;

      story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
      before = fake_kernel_dup_snapshot (story.kernel);
      n_acts = fake_kernel_get_n_acts (story.kernel);
      set_fault (nth);
      status = story_hand (&story, side);
      n_syncs = disk.n_syncs;
      set_fault (0);
      g_test_message ("to the %s, sync %u of %u: %s", (const char *) side, nth, n_syncs,
                      baton_exit_to_string (status));
      story_assert_one_result (&story);
      g_assert_false (baton_journal_exists (story.root));
      if (status == BATON_EXIT_REFUSED)
        {
          story_assert_code (&story, "no-journal");
          g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, n_acts);
          n_refused++;
        }
      if (status == BATON_EXIT_ROLLED_BACK)
        {
          story_assert_step_code (&story, "journal-not-written");
          n_rolled_back++;
        }
      if (status == BATON_EXIT_REFUSED || status == BATON_EXIT_ROLLED_BACK)
        {
          g_autofree char *after = fake_kernel_dup_snapshot (story.kernel);

          story_assert_same (before, after);
        }
      else
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
        }
      g_assert_cmpint (story_hand (&story, side), ==, BATON_EXIT_DONE);
      if (n_syncs < nth)
        break;
    }
  g_assert_cmpuint (n_refused, >=, 3);
  g_assert_cmpuint (n_rolled_back, >, 5);
}

/* The state directory becomes what a disk is that the kernel has found damaged, in a namespace of our
 * own: for this process and its children alone. */
static void
mount_read_only (Story *story)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), "var/lib/baton", NULL);

  g_assert_cmpint (mount (path, path, NULL, MS_BIND, NULL), ==, 0);
  g_assert_cmpint (mount (NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
}

static void
unmount (Story *story)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), "var/lib/baton", NULL);

  g_assert_cmpint (umount2 (path, MNT_DETACH), ==, 0);
}

/* Nothing is begun that could not be undone after a power cut, whichever way it goes; and what could
 * not be begun can be once the disk takes it. */
static void
test_read_only (gconstpointer side)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  const BatonEvent *last;
  guint n_acts;

  story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
  before = fake_kernel_dup_snapshot (story.kernel);
  n_acts = fake_kernel_get_n_acts (story.kernel);
  mount_read_only (&story);
  g_assert_cmpint (story_hand (&story, side), ==, BATON_EXIT_REFUSED);
  story_assert_code (&story, "no-journal");
  story_assert_one_result (&story);
  last = g_ptr_array_index (story.events, story.events->len - 1);
  g_assert_nonnull (
      strstr (json_object_get_string_member (last->object, "text"), g_strerror (EROFS)));
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, n_acts);
  unmount (&story);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
  g_assert_cmpint (story_hand (&story, side), ==, BATON_EXIT_DONE);
}

static void
enter_namespace (void)
{
  if (unshare (CLONE_NEWNS) < 0 && unshare (CLONE_NEWUSER | CLONE_NEWNS) < 0)
    g_error ("no namespace can be had: %s", g_strerror (errno));
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    g_error ("mounts cannot be made private: %s", g_strerror (errno));
}

int
main (int argc, char **argv)
{
  enter_namespace ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/helper/disk/each-sync-fails/to-the-guest", "guest",
                        test_each_sync_fails);
  g_test_add_data_func ("/helper/disk/each-sync-fails/to-the-host", "host",
                        test_each_sync_fails);

  g_test_add_data_func ("/helper/disk/read-only/to-the-guest", "guest", test_read_only);
  g_test_add_data_func ("/helper/disk/read-only/to-the-host", "host", test_read_only);

  return g_test_run ();
}
