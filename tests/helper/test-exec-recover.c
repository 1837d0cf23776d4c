/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-journal.h"
#include "baton-recover.h"
#include "handoff-story.h"

/* What recovery meets when it begins. What an executable defines itself is not taken from a
 * library. */
static struct
{
  Story *story;            /* who takes the lock while somebody waits for it, or NULL */
  gboolean cannot_open;    /* the journal */
  gboolean cannot_be_read; /* the same */
} fault;

#define JOURNAL "var/lib/baton/journal"
#define BROKEN "var/lib/baton/journal.broken"
#define TAKER_PID 4712

/* The lock's new taker has gone to work, and the wait of the other is over. */
int
flock (int fd, int operation)
{
  if (operation == LOCK_EX && fault.story != NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s\n%d 4711\n", fault.story->id, TAKER_PID);

      mock_machine_write (fault.story->machine, "run/baton/lock", text);
      errno = EINTR;
      return -1;
    }

  return (int) syscall (SYS_flock, fd, operation);
}

int
openat (int directory, const char *path, int flags, ...)
{
  va_list list;
  mode_t mode;

  va_start (list, flags);
  mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (list, mode_t) : 0;
  va_end (list);
  if (fault.cannot_open && strcmp (path, "journal") == 0)
    {
      errno = EMFILE;
      return -1;
    }

  return (int) syscall (SYS_openat, directory, path, flags, mode);
}

ssize_t
pread (int fd, void *buffer, size_t length, off_t offset)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);

  if (fault.cannot_be_read && path != NULL && g_str_has_suffix (path, JOURNAL))
    {
      errno = EIO;
      return -1;
    }

  return syscall (SYS_pread64, fd, buffer, length, offset);
}

static void
begin_killed (Story *story)
{
  story_begin (story);
  story_prepare (story, "guest", NULL);
  fake_kernel_set_fault (story->kernel, 7, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (story), !=, BATON_EXIT_DONE);
  fake_kernel_set_fault (story->kernel, 0, FAKE_FAULT_NONE, 0);
}

static void
assert_no_result (Story *story)
{
  story_read_events (story);
  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);

      g_assert_cmpstr (event->type, !=, "result");
    }
}

/* A worker was killed in a write, and two recoveries wait for its end: the one that systemd has
 * started is granted the lock, and the other leaves it alone. */
static void
test_another_was_granted_the_lock (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonLock) lock = NULL;
  g_autoptr (BatonEnd) end = NULL;
  g_autoptr (GError) error = NULL;

  begin_killed (&story);
  mock_machine_write (story.machine, "proc/4712/stat",
                      "4712 (helper) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
  mock_machine_write (story.machine, "proc/4712/status", "Name:\thelper\nUid:\t0\t0\t0\t0\n");
  /* The worker's child, of which the machine's processes know nothing: its worker is gone. */
  lock = baton_lock_wait (story.root, story.id, 60, &error);
  g_assert_no_error (error);

  fault.story = &story;
  g_assert_null (baton_recover_take_lock (story.root, "recovery", 1, &end, &error));
  fault.story = NULL;
  g_assert_no_error (error);
  g_assert_cmpint (end->status, ==, BATON_EXIT_BUSY);
  assert_no_result (&story);
}

/* Somebody asks for a recovery while the child of a worker that was killed still writes: he is told,
 * and the handoff waits for the recovery that systemd has started. */
static void
test_another_waits_longer (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonLock) lock = NULL;
  g_autoptr (BatonEnd) end = NULL;
  g_autoptr (GError) error = NULL;

  begin_killed (&story);
  mock_machine_write (story.machine, "run/systemd/system/.keep", "");
  lock = baton_lock_wait (story.root, story.id, 60, &error);
  g_assert_no_error (error);
  g_assert_null (baton_recover_take_lock (story.root, "recovery", 1, &end, &error));
  g_assert_no_error (error);
  g_assert_cmpint (end->status, ==, BATON_EXIT_STUCK);
  assert_no_result (&story);
}

/* Descriptors used up, or a disk that fails to read: that passes, and what the journal says is
 * carried out then. */
static void
test_journal_not_read (gconstpointer data)
{
  gboolean *broken = (gboolean *) data;
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint n_acts;

  begin_killed (&story);
  n_acts = fake_kernel_get_n_acts (story.kernel);
  *broken = TRUE;
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_ERROR);
  *broken = FALSE;
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, n_acts);
  g_assert_true (story_has_file (&story, JOURNAL));
  g_assert_false (story_has_file (&story, BROKEN));
  story_read_events (&story);
  story_assert_one_result (&story);
  story_assert_code (&story, "recovered-with-problems");

  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  g_assert_false (story_has_file (&story, JOURNAL));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  story_read_events (&story);
  story_assert_one_result (&story);
}

/* The computer goes down, or somebody stops the unit, at each of its writes: it does all the same
 * what it is there for. */
static void
test_asked_to_end (void)
{
  for (guint nth = 1; nth < 3; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      story_begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, "guest", NULL);
      fake_kernel_set_fault (story.kernel, 7, FAKE_FAULT_KILL, 0);
      g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_TERM, 0);
      g_assert_cmpint (story_recover_apart (&story), ==, BATON_EXIT_DONE);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
      g_assert_false (story_has_file (&story, JOURNAL));
      story_read_events (&story);
      story_assert_one_result (&story);
      story_assert_code (&story, "recovered");
    }
}

/* A header that is whole, and names a step that this version does not know. */
static void
test_of_another_version (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonJournalContent) content = NULL;
  g_autoptr (BatonJournal) journal = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *steps;

  begin_killed (&story);
  journal = baton_journal_open (story.root, &content, &error);
  g_assert_no_error (error);
  g_clear_pointer (&journal, baton_journal_free);
  steps = json_object_get_array_member (json_node_get_object (content->header), "steps");
  json_object_set_string_member (json_array_get_object_element (steps, 0), "kind", "teleport");
  g_assert_true (baton_journal_remove (story.root, NULL));
  journal = baton_journal_new (story.root, content->header, &error);
  g_assert_no_error (error);

  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
  g_assert_false (story_has_file (&story, JOURNAL));
  g_assert_true (story_has_file (&story, BROKEN));
  story_read_events (&story);
  story_assert_one_result (&story);
  story_assert_code (&story, "recovered-with-problems");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/recover/another-was-granted-the-lock",
                   test_another_was_granted_the_lock);
  g_test_add_func ("/helper/recover/another-waits-longer", test_another_waits_longer);
  g_test_add_func ("/helper/recover/asked-to-end", test_asked_to_end);
  g_test_add_func ("/helper/recover/of-another-version", test_of_another_version);
  g_test_add_data_func ("/helper/recover/journal-not-read/no-descriptor", &fault.cannot_open,
                        test_journal_not_read);
  g_test_add_data_func ("/helper/recover/journal-not-read/disk-fails", &fault.cannot_be_read,
                        test_journal_not_read);

  return g_test_run ();
}
