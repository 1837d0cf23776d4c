/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "baton-crc32c.h"
#include "baton-error.h"
#include "baton-journal.h"
#include "baton-recover.h"
#include "baton-report.h"
#include "handoff-story.h"

#define JOURNAL "var/lib/baton/journal"

/* A file system that knows no flag, as ZFS before 2.2. What an executable defines itself is not taken
 * from a library. */
static gboolean knows_no_flags;

int
renameat2 (int from, const char *old, int to, const char *new, unsigned int flags)
{
  if (knows_no_flags && flags != 0)
    {
      errno = EINVAL;
      return -1;
    }

  return (int) syscall (SYS_renameat2, from, old, to, new, flags);
}

/* RFC 3720, appendix B.4, lowest byte first. */
static void
test_checksum (void)
{
  static const struct
  {
    const char *name;
    guint8 first;
    int step;
    guint32 sum;
  } rows[] = {
    { "zeros", 0x00, 0, 0x8a9136aa },
    { "ones", 0xff, 0, 0x62a8ab43 },
    { "rising", 0x00, 1, 0x46dd794e },
    { "falling", 0x1f, -1, 0x113fdb5c },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 bytes[32];

      for (guint j = 0; j < sizeof bytes; j++)
        bytes[j] = (guint8) (rows[i].first + rows[i].step * (int) j);
      g_test_message ("%s", rows[i].name);
      g_assert_cmphex (baton_crc32c (0, bytes, sizeof bytes), ==, rows[i].sum);
      g_assert_cmphex (baton_crc32c (baton_crc32c (0, bytes, 7), bytes + 7, sizeof bytes - 7),
                       ==, rows[i].sum);
    }
}

static JsonNode *
new_header (void)
{
  return json_from_string ("{\"handoff\":\"x\",\"text\":\"\xc3\xa4\"}", NULL);
}

/* A journal with a header and six records, as bytes up to the end of the last. */
static char *
make_journal (gsize *ret_length)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (JsonNode) header = new_header ();
  g_autoptr (BatonJournal) journal = NULL;
  g_autoptr (BatonJournalContent) content = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (machine), JOURNAL, NULL);
  char *bytes;
  gsize length;
  BatonRoot *root;

  mock_machine_write (machine, "var/.keep", "");
  root = mock_machine_get_root (machine);
  journal = baton_journal_new (root, header, &error);
  g_assert_no_error (error);
  for (guint n = 1; n <= 3; n++)
    {
      g_assert_true (baton_journal_append_step (journal, n, "intent", &error));
      g_assert_true (baton_journal_append_step (journal, n, "done", &error));
    }
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  g_assert_cmpuint (length, ==, BATON_JOURNAL_BYTES);
  content = baton_journal_parse (bytes, length);
  g_assert_cmpuint (content->records->len, ==, 6);
  g_assert_false (content->torn);
  *ret_length = content->length;

  return bytes;
}

static void
assert_prefix (const BatonJournalContent *content)
{
  for (guint i = 0; i < content->records->len; i++)
    {
      JsonObject *object = json_node_get_object (g_ptr_array_index (content->records, i));

      g_assert_cmpint (json_object_get_int_member (object, "n"), ==, i / 2 + 1);
      g_assert_cmpstr (json_object_get_string_member (object, "state"), ==,
                       i % 2 == 0 ? "intent" : "done");
    }
}

static void
test_cut_at_every_byte (void)
{
  gsize length;
  g_autofree char *bytes = make_journal (&length);

  for (gsize cut = 0; cut < length; cut++)
    {
      g_autofree char *copy = g_memdup2 (bytes, BATON_JOURNAL_BYTES);
      g_autoptr (BatonJournalContent) short_file = baton_journal_parse (bytes, cut);
      g_autoptr (BatonJournalContent) zeroed = NULL;

      memset (copy + cut, 0, BATON_JOURNAL_BYTES - cut);
      zeroed = baton_journal_parse (copy, BATON_JOURNAL_BYTES);
      assert_prefix (short_file);
      assert_prefix (zeroed);
      g_assert_cmpuint (zeroed->records->len, <, 6);
    }
}

static void
test_flip_of_every_byte (void)
{
  gsize length;
  g_autofree char *bytes = make_journal (&length);

  for (gsize at = 0; at < length; at++)
    for (guint bit = 0; bit < 8; bit += 7)
      {
        g_autoptr (BatonJournalContent) content = NULL;

        bytes[at] ^= (char) (1 << bit);
        content = baton_journal_parse (bytes, BATON_JOURNAL_BYTES);
        bytes[at] ^= (char) (1 << bit);
        assert_prefix (content);
        g_assert_cmpuint (content->records->len, <, 6);
        g_assert_true (content->torn);
      }
}

static char *
find_record (char *bytes, gsize length, const char *json)
{
  char *found = memmem (bytes, length, json, strlen (json));

  g_assert_nonnull (found);

  /* With its length and checksum. */
  return found - 8;
}

static void
test_swapped_records (void)
{
  static const char first_json[] = "{\"n\":1,\"state\":\"intent\"}";
  static const char third_json[] = "{\"n\":2,\"state\":\"intent\"}";
  gsize length;
  g_autofree char *bytes = make_journal (&length);
  g_autoptr (BatonJournalContent) content = NULL;
  char *first = find_record (bytes, length, first_json);
  char *third = find_record (bytes, length, third_json);
  gsize size = 8 + strlen (first_json);
  g_autofree char *kept = g_memdup2 (first, size);

  memcpy (first, third, size);
  memcpy (third, kept, size);
  content = baton_journal_parse (bytes, BATON_JOURNAL_BYTES);
  g_assert_nonnull (content->header);
  g_assert_cmpuint (content->records->len, ==, 0);
  g_assert_true (content->torn);
}

static void
test_second_journal_is_refused (gconstpointer data)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (JsonNode) header = new_header ();
  g_autoptr (BatonJournal) journal = NULL;
  g_autoptr (BatonJournal) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *left = NULL;
  BatonRoot *root;

  knows_no_flags = GPOINTER_TO_INT (data);
  mock_machine_write (machine, "var/.keep", "");
  root = mock_machine_get_root (machine);
  journal = baton_journal_new (root, header, &error);
  g_assert_no_error (error);
  left = g_build_filename (mock_machine_get_directory (machine), "var/lib/baton/.journal.new",
                           NULL);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  second = baton_journal_new (root, header, &error);
  g_assert_null (second);
  g_assert_nonnull (error);
  g_assert_true (baton_journal_exists (root));
  g_assert_true (baton_journal_remove (root, NULL));
  g_assert_false (baton_journal_exists (root));
  g_assert_true (baton_journal_remove (root, NULL));
  knows_no_flags = FALSE;
}

/* SECURITY: links, FIFOs and directories waiting where our file goes. */
static void
test_others_in_its_place (void)
{
  static const char *const kinds[] = { "link", "fifo", "directory" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (MockMachine) machine = mock_machine_new ();
      g_autoptr (JsonNode) header = new_header ();
      g_autoptr (BatonJournal) journal = NULL;
      g_autoptr (BatonJournalContent) content = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *path =
          g_build_filename (mock_machine_get_directory (machine), JOURNAL, NULL);

      g_test_message ("%s", kinds[i]);
      mock_machine_write (machine, "var/lib/baton/.keep", "");
      mock_machine_write (machine, "etc/victim", "untouched");
      if (i == 0)
        mock_machine_link (machine, JOURNAL, "etc/victim");
      else if (i == 1)
        g_assert_cmpint (mkfifo (path, 0600), ==, 0);
      else
        g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
      journal = baton_journal_new (mock_machine_get_root (machine), header, &error);
      g_assert_null (journal);
      g_assert_nonnull (error);
      g_clear_error (&error);
      journal = baton_journal_open (mock_machine_get_root (machine), &content, &error);
      g_assert_null (journal);
      g_assert_null (content);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

/* What is told at the next login: which card, that nothing was put back, and how it stands. */
static void
assert_report (Story *story)
{
  g_autoptr (JsonNode) report = baton_report_load (story->root, NULL);
  JsonObject *object;
  const char *text;

  g_assert_nonnull (report);
  object = json_node_get_object (report);
  text = json_object_get_string_member (object, "text");
  g_assert_cmpstr (json_object_get_string_member (object, "code"), ==,
                   "recovered-with-problems");
  g_assert_cmpstr (json_object_get_string_member (object, "handoff"), ==, story->id);
  g_assert_cmpstr (json_object_get_string_member (object, "to"), ==, "guest");
  g_assert_cmpstr (
      json_array_get_string_element (json_object_get_array_member (object, "cards"), 0), ==,
      FAKE_CARD);
  g_assert_true (json_object_get_null_member (object, "uid"));
  g_assert_nonnull (strstr (text, "(" FAKE_CARD ")"));
  g_assert_null (strstr (text, "0000:00:02.0"));
}

/* After a power cut not even the handoff's own events are left: what is told is how all cards
 * stand. */
static void
test_damage_after_a_power_cut (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (JsonNode) report = NULL;
  JsonObject *object;

  story_begin (&story);
  mock_machine_write (story.machine, JOURNAL, "nothing that could be read");
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
  report = baton_report_load (story.root, NULL);
  g_assert_nonnull (report);
  object = json_node_get_object (report);
  g_test_message ("%s", json_object_get_string_member (object, "text"));
  g_assert_true (json_object_get_null_member (object, "handoff"));
  g_assert_true (json_object_get_null_member (object, "to"));
  g_assert_nonnull (strstr (json_object_get_string_member (object, "text"),
                            "(" FAKE_CARD ") is with the host now"));
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
}

/* A worker killed in the middle, its journal damaged at many places: recovery puts everything
 * back or says that it cannot, and never touches anything else. */
static void
test_recovery_from_damage (void)
{
  for (gsize at = 0;; at += 211)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autofree char *path = NULL;
      g_autofree char *bytes = NULL;
      g_autoptr (BatonJournalContent) content = NULL;
      gsize length;
      int status;

      story_begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, "guest", NULL);
      fake_kernel_set_fault (story.kernel, 7, FAKE_FAULT_KILL, 0);
      g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      path = g_build_filename (mock_machine_get_directory (story.machine), JOURNAL, NULL);
      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      content = baton_journal_parse (bytes, length);
      if (at >= content->length)
        return;
      bytes[at] ^= 0x10;
      g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));

      status = baton_recover_run (story.root);
      g_test_message ("damaged at %" G_GSIZE_FORMAT ": %d", at, status);
      g_assert_false (story_has_file (&story, JOURNAL));
      if (status == 0)
        {
          after = fake_kernel_dup_snapshot (story.kernel);
          story_assert_same (before, after);
        }
      else
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DEGRADED);
          g_assert_true (story_has_file (&story, "var/lib/baton/journal.broken"));
          story_read_events (&story);
          story_assert_one_result (&story);
          story_assert_code (&story, "recovered-with-problems");
          assert_report (&story);
        }
    }
}

/* Where systemd does not make the directory: everybody may read the report in it, whatever the umask
 * of root is. What is there already stays as its owner has it. */
static void
test_everybody_may_enter (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (JsonNode) report = json_from_string ("{\"handoff\":\"x\"}", NULL);
  g_autofree char *path = NULL;
  g_autofree char *above = NULL;
  g_autoptr (GError) error = NULL;
  BatonRoot *root;
  struct stat info;
  mode_t mask;

  mock_machine_write (machine, "var/lib/.keep", "");
  root = mock_machine_get_root (machine);
  path = g_build_filename (mock_machine_get_directory (machine), "var/lib/baton", NULL);
  above = g_path_get_dirname (path);
  g_assert_cmpint (g_chmod (above, 0711), ==, 0);
  mask = umask (077);
  g_assert_true (baton_report_save (report, root, &error));
  umask (mask);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0755);
  g_assert_cmpint (g_stat (above, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0711);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/journal/checksum", test_checksum);
  g_test_add_func ("/helper/journal/cut-at-every-byte", test_cut_at_every_byte);
  g_test_add_func ("/helper/journal/flip-of-every-byte", test_flip_of_every_byte);
  g_test_add_func ("/helper/journal/swapped-records", test_swapped_records);
  g_test_add_func ("/helper/journal/everybody-may-enter", test_everybody_may_enter);
  g_test_add_data_func ("/helper/journal/second-is-refused", GINT_TO_POINTER (FALSE),
                        test_second_journal_is_refused);
  g_test_add_data_func ("/helper/journal/second-is-refused/no-flags", GINT_TO_POINTER (TRUE),
                        test_second_journal_is_refused);
  g_test_add_func ("/helper/journal/others-in-its-place", test_others_in_its_place);
  g_test_add_func ("/helper/journal/recovery-from-damage", test_recovery_from_damage);

  g_test_add_func ("/helper/journal/damage-after-a-power-cut", test_damage_after_a_power_cut);

  return g_test_run ();
}
