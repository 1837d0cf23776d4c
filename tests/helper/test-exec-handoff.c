/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <acl/libacl.h>
#include <glib/gstdio.h>

#include "baton-access.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-hold.h"
#include "baton-lock.h"
#include "baton-recover.h"
#include "baton-worker.h"
#include "fake-kernel.h"
#include "handoff-story.h"

static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_code (&story, "handed-over");
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
  g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
  g_assert_true (story_has_file (&story, "var/lib/baton/report.json"));
  g_assert_true (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));

  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&story, "returned");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));

  /* Nothing adds up: the second time leaves what the first has left. */
  first = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  second = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (first, second);
}

static void
test_there_already (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&story, "nothing-to-do");
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
}

/* Every act of a handoff, met by one fault each, until a handoff meets none. */
static void
check_each_act (const char *side, FakeFault fault, int errsv)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      BatonExit status;

      story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, fault, errsv);
      status = story_hand (&story, side);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
          g_assert_cmpuint (nth, >, 5);
          return;
        }
      g_test_message ("to the %s, act %u: %s", side, nth, baton_exit_to_string (status));
      g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
      story_assert_one_result (&story);
      if (status == BATON_EXIT_DONE && fault == FAKE_FAULT_CANCEL)
        continue;
      if (status == BATON_EXIT_DONE && fake_kernel_get_n_resets (story.kernel) == 0)
        {
          /* It is where it was to go, and its power setting was tried once more. */
          story_assert_driver (&story, FAKE_CARD,
                               g_str_equal (side, "guest") ? "vfio-pci" : "amdgpu");
          g_assert_cmpuint (nth, >, 5);
          continue;
        }
      if (status == BATON_EXIT_DONE && g_str_equal (side, "host"))
        {
          /* A driver that did not take the card does so when it has been reset. */
          g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 1);
          story_assert_driver (&story, FAKE_CARD, "amdgpu");
          story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
          continue;
        }
      g_assert_cmpint (status, ==,
                       fault == FAKE_FAULT_CANCEL ? BATON_EXIT_CANCELLED
                                                  : BATON_EXIT_ROLLED_BACK);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}

static void
test_each_write_refused (gconstpointer side)
{
  check_each_act (side, FAKE_FAULT_REFUSE, ENOMEM);
}

static void
test_each_write_without_effect (gconstpointer side)
{
  check_each_act (side, FAKE_FAULT_LIE, 0);
}

static void
test_cancel_at_each_act (gconstpointer side)
{
  check_each_act (side, FAKE_FAULT_CANCEL, 0);
}

/* From the moment in which everybody may open the card it only comes back whole: a wish to stop is
 * not heard any more, whenever it comes. */
static void
test_cancel_when_the_card_is_back (void)
{
  guint n_cancelled = 0;
  guint n_done = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      gboolean heard;

      story_begin_on (&story, "guest");
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_CANCEL, 0);
      heard = story_hand (&story, "host") == BATON_EXIT_CANCELLED;
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        break;
      /* Once too late, it stays too late. */
      g_assert_false (heard && n_done > 0);
      n_cancelled += heard;
      n_done += !heard;
      story_assert_driver (&story, FAKE_CARD, heard ? "vfio-pci" : "amdgpu");
      story_assert_driver (&story, FAKE_SOUND, heard ? "vfio-pci" : "snd_hda_intel");
    }
  g_assert_cmpuint (n_cancelled, >, 3);
  /* Asked while the display is bound, and while the sound is. */
  g_assert_cmpuint (n_done, >=, 2);
}

static void
test_cancel_before_the_start (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  story_prepare (&story, "guest", NULL);
  g_assert_true (g_file_set_contents (story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_CANCELLED);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

/* A shutdown, or somebody who stops the worker's unit, is a wish to stop like any other. */
static void
test_terminated_at_each_act (gconstpointer side)
{
  guint n_cancelled = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      int status;

      story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, side, NULL);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_TERM, 0);
      status = story_work_apart (&story);
      story_read_events (&story);
      story_assert_one_result (&story);
      g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
      if (status == BATON_EXIT_DONE && fake_kernel_get_n_acts (story.kernel) < nth)
        break;
      if (status == BATON_EXIT_DONE)
        continue;
      g_assert_cmpint (status, ==, BATON_EXIT_CANCELLED);
      n_cancelled++;
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
  g_assert_cmpuint (n_cancelled, >, 3);
}

static void
test_killed_at_each_act (gconstpointer side)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, side, NULL);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      if (story_work_apart (&story) == BATON_EXIT_DONE)
        {
          g_assert_cmpuint (nth, >, 5);
          return;
        }
      g_test_message ("to the %s, killed at act %u", (const char *) side, nth);
      g_assert_true (story_has_file (&story, "var/lib/baton/journal"));
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      story_read_events (&story);
      story_assert_code (&story, "recovered");
      story_assert_one_result (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);

      /* Once more: nothing is left to do. */
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), >=, 0);
      story_read_events (&story);
      story_assert_one_result (&story);
    }
}

/* Killed in the middle, and then recovery itself killed at each of its own acts. */
static void
test_recovery_killed_at_each_act (void)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      gboolean died;

      story_begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, "guest", NULL);
      fake_kernel_set_fault (story.kernel, 8, FAKE_FAULT_KILL, 0);
      g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      died = story_recover_apart (&story) != 0;
      g_test_message ("recovery %s at act %u", died ? "killed" : "not killed", nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      story_read_events (&story);
      story_assert_code (&story, "recovered");
      story_assert_one_result (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
      if (!died)
        {
          g_assert_cmpuint (nth, >, 3);
          return;
        }
    }
}

/* What a restart has undone is not undone again. */
static void
test_another_boot (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 7, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
  mock_machine_write (story.machine, "proc/sys/kernel/random/boot_id", "boot-2\n");
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
  g_assert_true (story_has_file (&story, "var/lib/baton/report.json"));
}

/* Killed before it had a journal, and while it waits with nothing left to do: no journal tells of
 * either, and yet whoever reads gets a result. */
static void
test_killed_without_a_journal (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  int worker;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  story_prepare (&story, "guest", NULL);
  story_pretend_lost (&story);
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  story_read_events (&story);
  story_assert_code (&story, "recovered");
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);

  story_prepare_arguments (&story, arguments);
  worker = story_start_apart (&story);
  story_wait_for_text (&story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  g_assert_cmpint (kill (worker, SIGKILL), ==, 0);
  g_assert_cmpint (story_wait_apart (&story, worker), ==, -1);
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  story_read_events (&story);
  story_assert_code (&story, "handed-over-with-problems");
  story_assert_one_result (&story);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
}

/* Killed after it has taken its order and before its first word: whoever waits gets a result, and
 * what nobody waits for goes. */
static void
test_killed_before_its_first_word (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonHandoffDir) front = NULL;
  g_autofree char *orphan = NULL;

  story_begin (&story);
  story_prepare (&story, "guest", NULL);
  orphan = g_strconcat ("run/baton/handoff/", story.id, NULL);
  story_prepare (&story, "guest", NULL);
  front = baton_handoff_dir_open (story.root, story.id, NULL);
  g_assert_true (baton_handoff_hold_as_front (front, NULL));
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  g_assert_false (story_has_file (&story, orphan));
  story_read_events (&story);
  g_assert_cmpuint (story.events->len, ==, 0);

  g_assert_true (baton_handoff_dir_withdraw (front));
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  story_read_events (&story);
  story_assert_code (&story, "recovered");
  story_assert_one_result (&story);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

static void
test_lock_held (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonLock) lock = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  lock = baton_lock_take (story.root, "0123456789abcdef0123456789abcdef", NULL, NULL);
  g_assert_nonnull (lock);
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_BUSY);
  story_assert_code (&story, "busy");
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
show_process (Story *story, gboolean runs)
{
  g_autofree char *directory = g_strdup_printf ("proc/%d", getpid ());
  g_autofree char *stat = g_strconcat (directory, "/stat", NULL);
  g_autofree char *status = g_strconcat (directory, "/status", NULL);

  mock_machine_write (story->machine, stat,
                      "1 (helper) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
  mock_machine_write (story->machine, status, "Name:\thelper\nUid:\t0\t0\t0\t0\n");
  if (!runs)
    mock_machine_remove (story->machine, directory);
}

/* Somebody asks for a recovery while the one that systemd has started is at it, in the name of the
 * handoff whose worker is dead. */
static void
test_recovery_under_way (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonLock) lock = NULL;
  g_autoptr (BatonEnd) busy = NULL;
  g_autoptr (BatonEnd) stuck = NULL;
  g_autoptr (GError) error = NULL;

  story_begin (&story);
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
  show_process (&story, TRUE);
  /* The child that was to write outlives its worker for a moment, and has the lock as well. */
  lock = baton_lock_wait (story.root, story.id, 60, &error);
  g_assert_no_error (error);
  g_assert_null (baton_recover_take_lock (story.root, "recovery", 1, &busy, &error));
  g_assert_no_error (error);
  g_assert_cmpint (busy->status, ==, BATON_EXIT_BUSY);

  /* Only its child is left. */
  show_process (&story, FALSE);
  g_assert_null (baton_recover_take_lock (story.root, "recovery", 1, &stuck, &error));
  g_assert_no_error (error);
  g_assert_cmpint (stuck->status, ==, BATON_EXIT_STUCK);
  story_read_events (&story);
  story_assert_one_result (&story);
}

static void
test_no_room_for_the_journal (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  story_prepare (&story, "guest", NULL);
  story.max_file_bytes = 64 * 1024;
  g_assert_cmpint (story_work_apart (&story), ==, BATON_EXIT_REFUSED);
  story_read_events (&story);
  story_assert_code (&story, "no-journal");
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
test_driver_crashes (void)
{
  g_auto (Story) story = STORY_INIT;
  guint n_acts;

  story_begin (&story);
  fake_kernel_set_fault (story.kernel, 5, FAKE_FAULT_CRASH, 0);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_STUCK);
  story_assert_code (&story, "stuck");
  g_assert_true (story_has_file (&story, "var/lib/baton/journal"));
  n_acts = fake_kernel_get_n_acts (story.kernel);
  g_assert_cmpuint (n_acts, ==, 5);

  /* Recovery in the same boot leaves the card alone. */
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_STUCK);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, n_acts);
}

static gboolean
is_named (Story *story, const char *driver)
{
  for (guint i = 0; i < story->events->len; i++)
    {
      JsonObject *object = ((const BatonEvent *) g_ptr_array_index (story->events, i))->object;
      JsonNode *args = json_object_get_member (object, "args");

      if (g_strcmp0 (json_object_get_string_member_with_default (object, "code", NULL),
                     "driver-oops") == 0 &&
          g_strcmp0 (json_object_get_string_member_with_default (json_node_get_object (args),
                                                                 "driver", NULL),
                     driver) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Whatever write it is: it is the last, and where a driver was asked by its name, that is told. */
static void
check_crashes (const char *side, const char *driver, guint n_writes)
{
  guint n_named = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      BatonExit status;

      story_begin_on (&story, g_str_equal (side, "guest") ? "host" : "guest");
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_CRASH, 0);
      status = story_hand (&story, side);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
          break;
        }
      g_assert_cmpint (status, ==, BATON_EXIT_STUCK);
      g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, nth);
      n_named += is_named (&story, driver);
      g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_STUCK);
      g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, nth);
    }
  g_assert_cmpuint (n_named, ==, n_writes);
}

static void
test_driver_crashes_anywhere (void)
{
  check_crashes ("guest", "amdgpu", 1);
  check_crashes ("guest", "vfio-pci", 2);
  check_crashes ("host", "vfio-pci", 2);
  check_crashes ("host", "amdgpu", 1);
}

/* The very last write, after the card was found to be where it was to go. */
static void
test_driver_crashes_at_the_end (void)
{
  g_auto (Story) counted = STORY_INIT;
  g_auto (Story) story = STORY_INIT;
  guint n_acts;

  story_begin (&counted);
  g_assert_cmpint (story_hand (&counted, "guest"), ==, BATON_EXIT_DONE);
  n_acts = fake_kernel_get_n_acts (counted.kernel);
  story_clear (&counted);

  story_begin (&story);
  fake_kernel_set_fault (story.kernel, n_acts, FAKE_FAULT_CRASH, 0);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_STUCK);
  story_assert_step_code (&story, "oops");
  g_assert_true (story_has_file (&story, "var/lib/baton/journal"));
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_STUCK);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, n_acts);
}

/* A function that had no driver has no unbind of its own that would find out. */
static void
test_put_back_without_effect (void)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      BatonExit status;

      story_begin (&story);
      mock_machine_set_driver (story.machine, FAKE_SOUND, NULL);
      fake_kernel_set_group_viable (story.kernel, FALSE);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_LIE, 0);
      status = story_hand (&story, "guest");
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpuint (nth, >, 10);
          return;
        }
      g_test_message ("act %u: %s", nth, baton_exit_to_string (status));
      if (status == BATON_EXIT_DEGRADED)
        continue;
      g_assert_cmpint (status, ==, BATON_EXIT_ROLLED_BACK);
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
      story_assert_driver (&story, FAKE_SOUND, NULL);
    }
}

static void
test_group_not_viable (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_group_viable (story.kernel, FALSE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "group-not-viable");
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
test_guest_opens_meanwhile (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin_on (&story, "guest");
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_group_busy (story.kernel, TRUE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "group-busy");
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
test_other_plan_than_shown (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare (&story, "guest",
                 "0000000000000000000000000000000000000000000000000000000000000000");
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_REFUSED);
  story_assert_code (&story, "plan-changed");
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
}

/* The mode as stat shows it, with the mask of an ACL in the group's place. */
static guint
get_mode (Story *story, const char *path)
{
  g_autofree char *full =
      g_build_filename (mock_machine_get_directory (story->machine), path, NULL);
  struct stat info;

  g_assert_cmpint (stat (full, &info), ==, 0);

  return info.st_mode & 0777;
}

static gboolean
is_let_in (Story *story, const char *path, const char *entry)
{
  g_autofree char *full =
      g_build_filename (mock_machine_get_directory (story->machine), path, NULL);
  acl_t acl = acl_get_file (full, ACL_TYPE_ACCESS);
  char *text;
  gboolean found;

  g_assert_true (acl != NULL);
  text = acl_to_any_text (acl, NULL, '\n', TEXT_NUMERIC_IDS);
  found = strstr (text, entry) != NULL;
  acl_free (text);
  acl_free (acl);

  return found;
}

/* The user who asked may open the group, and nobody else; when the card comes back nobody may. */
static void
test_let_open (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--let-open", NULL };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_true (is_let_in (&story, FAKE_NODE, "user:1000:rw-"));
  g_assert_cmphex (get_mode (&story, FAKE_NODE) & 0007, ==, 0);

  /* The node stays where another card of the group does. */
  fake_kernel_keep_group_node (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_true (story_has_file (&story, FAKE_NODE));
  g_assert_false (is_let_in (&story, FAKE_NODE, "user:1000"));
  g_assert_cmphex (get_mode (&story, FAKE_NODE), ==, 0600);
}

/* The same for a card that was parked before Baton saw it, of which nobody knows how it stood. */
static void
test_let_open_parked (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--let-open", NULL };
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  mock_machine_remove (story.machine, "run/baton/cards/" FAKE_CARD ".json");
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_true (is_let_in (&story, FAKE_NODE, "user:1000:rw-"));

  fake_kernel_keep_group_node (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_false (is_let_in (&story, FAKE_NODE, "user:1000"));
  g_assert_cmphex (get_mode (&story, FAKE_NODE), ==, 0600);
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".access.json"));
}

/* Another card of the group is still away for the same user. */
static void
test_let_open_shared (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--let-open", NULL };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  fake_kernel_keep_group_node (story.kernel);
  g_assert_true (baton_access_note (story.root, "0000:02:00.0", FAKE_GROUP, 1000, NULL));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_true (is_let_in (&story, FAKE_NODE, "user:1000:rw-"));
}

/* A return that is put back leaves the user in, although the node is another one by then. */
static void
test_let_open_rolled_back (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--let-open", NULL };

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      BatonExit status;

      story_begin (&story);
      story_prepare_arguments (&story, arguments);
      g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_REFUSE, ENOMEM);
      status = story_hand (&story, "host");
      if (status == BATON_EXIT_DONE || status == BATON_EXIT_DEGRADED)
        {
          g_assert_cmpuint (nth, >, 5);
          return;
        }
      g_test_message ("act %u: %s", nth, baton_exit_to_string (status));
      g_assert_cmpint (status, ==, BATON_EXIT_ROLLED_BACK);
      g_assert_true (is_let_in (&story, FAKE_NODE, "user:1000:rw-"));
    }
}

/* SECURITY: links and FIFOs waiting where our files go are not followed and not waited for. */
static void
test_others_in_the_place_of_our_files (void)
{
  static const char *const places[] = {
    "run/baton/lock",
    "run/baton/cards",
    "var/lib/baton/report.json",
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    for (guint fifo = 0; fifo < 2; fifo++)
      {
        g_auto (Story) story = STORY_INIT;
        g_autofree char *victim = NULL;
        g_autofree char *path = NULL;
        BatonExit status;

        story_begin (&story);
        path = g_build_filename (mock_machine_get_directory (story.machine), places[i], NULL);
        mock_machine_write (story.machine, "etc/victim", "untouched");
        mock_machine_remove (story.machine, places[i]);
        if (fifo)
          g_assert_cmpint (mkfifo (path, 0600), ==, 0);
        else
          mock_machine_link (story.machine, places[i], "etc/victim");
        status = story_hand (&story, "guest");
        g_test_message ("%s is a %s: %s", places[i], fifo ? "FIFO" : "link",
                        baton_exit_to_string (status));
        story_assert_one_result (&story);
        victim =
            g_build_filename (mock_machine_get_directory (story.machine), "etc/victim", NULL);
        {
          g_autofree char *text = NULL;

          g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
          g_assert_cmpstr (text, ==, "untouched");
        }
        /* The report is only told about; without lock or record nothing is begun. */
        if (i == 2)
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
        else if (status != BATON_EXIT_DONE)
          g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
      }
}

static void
test_work_is_done_once (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (baton_worker_run (story.root, story.id), ==, BATON_EXIT_BAD_REQUEST);
  story_read_events (&story);
  story_assert_one_result (&story);
  g_assert_cmpint (baton_worker_run (story.root, "../../etc"), ==, BATON_EXIT_BAD_REQUEST);
}

int
main (int argc, char **argv)
{
  static const char *const sides[] = { "guest", "host" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/handoff/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/handoff/there-already", test_there_already);
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autofree char *refused = g_strconcat ("/helper/handoff/refused/", sides[i], NULL);
      g_autofree char *lie = g_strconcat ("/helper/handoff/no-effect/", sides[i], NULL);
      g_autofree char *cancel = g_strconcat ("/helper/handoff/cancel/", sides[i], NULL);
      g_autofree char *terminated = g_strconcat ("/helper/handoff/terminated/", sides[i], NULL);
      g_autofree char *killed = g_strconcat ("/helper/handoff/killed/", sides[i], NULL);

      g_test_add_data_func (refused, sides[i], test_each_write_refused);
      g_test_add_data_func (lie, sides[i], test_each_write_without_effect);
      g_test_add_data_func (cancel, sides[i], test_cancel_at_each_act);
      g_test_add_data_func (terminated, sides[i], test_terminated_at_each_act);
      g_test_add_data_func (killed, sides[i], test_killed_at_each_act);
    }
  g_test_add_func ("/helper/handoff/cancel/before-the-start", test_cancel_before_the_start);
  g_test_add_func ("/helper/handoff/cancel/when-the-card-is-back",
                   test_cancel_when_the_card_is_back);
  g_test_add_func ("/helper/handoff/recovery-killed", test_recovery_killed_at_each_act);
  g_test_add_func ("/helper/handoff/another-boot", test_another_boot);
  g_test_add_func ("/helper/handoff/killed/without-a-journal", test_killed_without_a_journal);
  g_test_add_func ("/helper/handoff/killed/before-its-first-word",
                   test_killed_before_its_first_word);
  g_test_add_func ("/helper/handoff/lock-held", test_lock_held);
  g_test_add_func ("/helper/handoff/recovery-under-way", test_recovery_under_way);
  g_test_add_func ("/helper/handoff/no-room", test_no_room_for_the_journal);
  g_test_add_func ("/helper/handoff/driver-crashes", test_driver_crashes);
  g_test_add_func ("/helper/handoff/driver-crashes/anywhere", test_driver_crashes_anywhere);
  g_test_add_func ("/helper/handoff/driver-crashes/at-the-end", test_driver_crashes_at_the_end);
  g_test_add_func ("/helper/handoff/put-back-without-effect", test_put_back_without_effect);
  g_test_add_func ("/helper/handoff/group-not-viable", test_group_not_viable);
  g_test_add_func ("/helper/handoff/guest-opens-meanwhile", test_guest_opens_meanwhile);
  g_test_add_func ("/helper/handoff/plan-changed", test_other_plan_than_shown);
  g_test_add_func ("/helper/handoff/let-open", test_let_open);
  g_test_add_func ("/helper/handoff/let-open/parked", test_let_open_parked);
  g_test_add_func ("/helper/handoff/let-open/shared", test_let_open_shared);
  g_test_add_func ("/helper/handoff/let-open/rolled-back", test_let_open_rolled_back);
  g_test_add_func ("/helper/handoff/others-in-our-place",
                   test_others_in_the_place_of_our_files);
  g_test_add_func ("/helper/handoff/once", test_work_is_done_once);

  return g_test_run ();
}
