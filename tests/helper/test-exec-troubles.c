/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-journal.h"
#include "baton-recover.h"
#include "baton-steps.h"
#include "fake-kernel.h"
#include "fake-nvidia.h"
#include "handoff-story.h"

/* Troubles that take more than one fault to come about, each with the sentence that a person gets
 * for it; test-exec-codes.c has those that every act can meet. */

/* A driver that leaves with its card, so that its modules are unloaded. */
#define NVIDIA "550.163.01"

/* How the name ends that the user has no watch left for, or %NULL. */
static const char *unwatched;

/* Stands in the place of the C library's: root's watches are everybody's whom it serves, and a test
 * must not use them up. */
int
inotify_add_watch (int fd, const char *name, uint32_t mask)
{
  if (unwatched != NULL && g_str_has_suffix (name, unwatched))
    {
      errno = ENOSPC;
      return -1;
    }

  return (int) syscall (SYS_inotify_add_watch, fd, name, mask);
}

/* Whether the last result names @code as its cause or among its problems. */
static gboolean
has_trouble (Story *story, const char *part, const char *code)
{
  const BatonEvent *last = g_ptr_array_index (story->events, story->events->len - 1);
  JsonArray *troubles = json_object_get_array_member (last->object, "troubles");

  for (guint i = 0; i < json_array_get_length (troubles); i++)
    {
      JsonObject *trouble = json_array_get_object_element (troubles, i);

      if (g_str_equal (json_object_get_string_member (trouble, "part"), part) &&
          g_str_equal (json_object_get_string_member (trouble, "code"), code))
        return TRUE;
    }

  return FALSE;
}

/* Somebody asks to stop, and what has been done by then cannot all be undone: why it was undone is
 * told beside what is not as it was. */
static void
test_asked_to_stop (void)
{
  for (guint nth = 1; nth < 20; nth++)
    {
      g_auto (Story) story = STORY_INIT;

      story_begin (&story);
      fake_kernel_refuse_host (story.kernel, FAKE_SOUND, EIO);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_CANCEL, 0);
      if (story_hand (&story, "guest") != BATON_EXIT_DEGRADED)
        continue;
      story_assert_code (&story, "put-back-with-problems");
      g_assert_true (has_trouble (&story, "cause", "asked-to-stop"));
      g_assert_true (has_trouble (&story, "problems", "bind-refused"));
      return;
    }
  g_assert_not_reached ();
}

/* The driver has the sound function, and the sound card that it had before does not come. */
static void
test_sound_missing (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  mock_machine_remove (story.machine, "fake/dev/snd");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "returned-with-problems");
  g_assert_true (has_trouble (&story, "problems", "sound-missing"));
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
}

/* The driver does not take the setting that it had: it is back, and works otherwise than before. */
static void
test_module_not_as_before (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  fake_kernel_use_nvidia (story.kernel, NVIDIA);
  mock_machine_write (story.machine,
                      "sys/module/nvidia_uvm/parameters/uvm_perf_prefetch_threshold", "9\n");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  g_assert_true (has_trouble (&story, "problems", "module-not-as-before"));
  story_assert_driver (&story, FAKE_CARD, "nvidia");
}

/* Nobody is let in where it could not be written down that he was: nothing would take it back. And
 * that the record cannot be cleared is told as well, because it may be an older one. */
static void
test_access (void)
{
  static const char *const let_open[] = { "guest", FAKE_CARD, "--let-open", NULL };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_machine_write (story.machine, "run/baton/cards/" FAKE_CARD ".access.json/in-the-way",
                      "");
  story_prepare_arguments (&story, let_open);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "put-back-with-problems");
  story_assert_step_code (&story, "access-not-given");
  g_assert_true (has_trouble (&story, "cause", "access-not-given"));
  g_assert_true (has_trouble (&story, "problems", "access-not-taken-back"));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
}

/* The card is with its guest, and nobody would hear when that stops: it stays there, and whoever
 * wanted it back is told. */
static void
test_watch_refused (void)
{
  static const char *const until_free[] = { "guest", FAKE_CARD, "--until-free", NULL };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare_arguments (&story, until_free);
  unwatched = "/dev/vfio";
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DEGRADED);
  unwatched = NULL;
  story_assert_code (&story, "handed-over-with-problems");
  story_assert_step_code (&story, "watch-refused");
  g_assert_true (has_trouble (&story, "problems", "watch-refused"));
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
}

/* Nothing is planned on a computer that cannot be looked at. */
static void
test_look_failed (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_machine_remove (story.machine, "sys/bus/pci/devices");
  mock_machine_link (story.machine, "sys/bus/pci/devices", "sys/bus/pci/devices");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ERROR);
  story_assert_code (&story, "look-failed");
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
}

/* Stops NVIDIA's service, is killed, and leaves a journal that speaks of another one. */
static void
leave_journal_about (Story *story, const char *unit)
{
  g_autoptr (BatonJournalContent) content = NULL;
  g_autoptr (BatonJournal) journal = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (JsonNode) header = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;

  story_prepare (story, "guest", NULL);
  fake_kernel_set_fault (story->kernel, 4, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (story), !=, BATON_EXIT_DONE);
  fake_kernel_set_fault (story->kernel, 0, FAKE_FAULT_NONE, 0);
  baton_journal_free (baton_journal_open (story->root, &content, &error));
  g_assert_no_error (error);
  json = json_to_string (content->header, FALSE);
  text = g_string_new (json);
  g_assert_cmpuint (g_string_replace (text, FAKE_SERVICE, unit, 0), >, 0);
  header = json_from_string (text->str, &error);
  g_assert_no_error (error);
  g_assert_true (baton_journal_remove (story->root, NULL));
  journal = baton_journal_new (story->root, header, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < content->records->len; i++)
    g_assert_true (
        baton_journal_append (journal, g_ptr_array_index (content->records, i), NULL));
}

/* Whatever a journal says, a service that no owner may name is not started. */
static void
test_unit_unknown (void)
{
  g_auto (Story) story = STORY_INIT;
  guint n_acts;

  story_begin (&story);
  fake_kernel_use_nvidia (story.kernel, NVIDIA);
  leave_journal_about (&story, "dbus.service");
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
  n_acts = fake_kernel_get_n_acts (story.kernel);
  story_read_events (&story);
  g_assert_true (has_trouble (&story, "problems", "unit-unknown"));
  g_assert_false (fake_nvidia_service_runs (story.machine));
  g_assert_cmpuint (n_acts, <, 4);
}

/* An unbind that does not come back, with nobody to be seen who has the card: after a while whoever
 * watches hears of it, and after another while the handoff gives up on it without a signal. */
static void
test_step_deadline (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonEventWriter) events = NULL;
  g_autoptr (BatonWaiter) waiter = NULL;
  g_autoptr (BatonStep) step = baton_step_new (BATON_STEP_UNBIND, FAKE_CARD, "amdgpu");
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autoptr (BatonCardState) before = NULL;
  g_autofree char *directory = NULL;
  g_autoptr (GError) error = NULL;
  BatonStepContext context = { .soft_ms = 1, .hard_ms = 50, .to = BATON_SIDE_GUEST };
  baton_autofd int handoff = -1;
  char said[65536] = { 0 };
  int lines[2];

  story_begin (&story);
  story_prepare (&story, "guest", NULL);
  directory = g_path_get_dirname (story.cancel_file);
  handoff = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (pipe2 (lines, O_CLOEXEC), ==, 0);
  events = baton_event_writer_new (lines[1], story.id);
  waiter = baton_waiter_new (events, handoff, NULL);
  machine = baton_machine_new (story.root, &error);
  g_assert_no_error (error);
  context.root = story.root;
  context.events = events;
  context.waiter = waiter;
  context.step = step;
  context.before = before = baton_card_state_new (baton_machine_find_card (machine, FAKE_CARD));

  fake_kernel_set_fault (story.kernel, 1, FAKE_FAULT_BLOCK, 0);
  g_assert_cmpint (baton_step_get_class (BATON_STEP_UNBIND)->apply (&context, step, &trouble),
                   ==, BATON_OUTCOME_STUCK);
  g_assert_cmpint (trouble.code, ==, BATON_CODE_STEP_DEADLINE);
  g_assert_cmpint (read (lines[0], said, sizeof said - 1), >, 0);
  g_assert_nonnull (strstr (said, "\"code\":\"stalled-unseen\""));

  /* It still lets go of the card, in a tree that is taken down after us. */
  fake_kernel_unblock (story.kernel);
  while (waitpid (-1, NULL, 0) > 0 || errno == EINTR)
    ;
  g_clear_pointer (&context.machine, baton_machine_unref);
  baton_fd_clear (&lines[0]);
  baton_fd_clear (&lines[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/troubles/asked-to-stop", test_asked_to_stop);
  g_test_add_func ("/helper/troubles/sound-missing", test_sound_missing);
  g_test_add_func ("/helper/troubles/module-not-as-before", test_module_not_as_before);
  g_test_add_func ("/helper/troubles/access", test_access);
  g_test_add_func ("/helper/troubles/watch-refused", test_watch_refused);
  g_test_add_func ("/helper/troubles/look-failed", test_look_failed);
  g_test_add_func ("/helper/troubles/unit-unknown", test_unit_unknown);
  g_test_add_func ("/helper/troubles/step-deadline", test_step_deadline);

  return g_test_run ();
}
