/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "handoff-story.h"

#define NOTE "run/baton/cards/" FAKE_CARD ".stand-in.json"
#define RECORD "run/baton/cards/" FAKE_CARD ".json"
#define RECORD_OF_STAND_IN "run/baton/cards/" FAKE_STAND_IN ".json"
#define IDENTITY "1002:73bf:1da2:e438"
#define PROFILE "[" FAKE_CARD "]\nstand-in=" FAKE_STAND_IN "=" IDENTITY "\n"

/* A strong card, and one that was parked at boot and stands in for it. */
static void
begin (Story *story)
{
  story_begin (story);
  fake_kernel_add_stand_in (story->kernel);
  mock_machine_write (story->machine, "etc/baton.conf", PROFILE);
}

static void
assert_displays (Story *story, gboolean is_away)
{
  story_assert_driver (story, FAKE_CARD, is_away ? "vfio-pci" : "amdgpu");
  story_assert_driver (story, FAKE_STAND_IN, is_away ? "amdgpu" : "vfio-pci");
}

static void
assert_drivers (Story *story, gboolean is_away)
{
  assert_displays (story, is_away);
  story_assert_driver (story, FAKE_SOUND, is_away ? "vfio-pci" : "snd_hda_intel");
  story_assert_driver (story, FAKE_STAND_IN_SOUND, is_away ? "snd_hda_intel" : "vfio-pci");
}

/* Each step goes to the side of its own card, and says for which it is. */
static void
assert_steps_are_told_apart (Story *story)
{
  guint n_of_stand_in = 0;

  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);
      JsonArray *steps = g_str_equal (event->type, "plan")
                             ? json_object_get_array_member (event->object, "steps")
                             : NULL;

      for (guint j = 0; steps != NULL && j < json_array_get_length (steps); j++)
        {
          JsonObject *step = json_array_get_object_element (steps, j);
          const char *target = json_object_get_string_member (step, "target");
          const char *card = json_object_get_string_member_with_default (step, "card", NULL);

          if (g_str_has_prefix (target, "0000:02:00."))
            g_assert_cmpstr (card, ==, FAKE_STAND_IN);
          else if (g_str_has_prefix (target, "0000:01:00."))
            g_assert_null (card);
          n_of_stand_in += card != NULL;
        }
    }
  g_assert_cmpuint (n_of_stand_in, >=, 6);
}

/* Both go and both come, whatever the owner's settings have become meanwhile. */
static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_drivers (&story, TRUE);
  assert_steps_are_told_apart (&story);
  g_assert_true (story_has_file (&story, NOTE));
  g_assert_true (story_has_file (&story, RECORD));

  mock_machine_remove (story.machine, "etc/baton.conf");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_drivers (&story, FALSE);
  assert_steps_are_told_apart (&story);
  g_assert_false (story_has_file (&story, NOTE));
  g_assert_false (story_has_file (&story, RECORD));
  /* How it stood here, for when it is to come again. */
  g_assert_true (story_has_file (&story, RECORD_OF_STAND_IN));

  mock_machine_write (story.machine, "etc/baton.conf", PROFILE);
  first = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_false (story_has_file (&story, RECORD_OF_STAND_IN));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  second = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (first, second);
}

/* One that the host has already stays with it, there and back. */
static void
test_on_host_already (void)
{
  g_auto (Story) story = STORY_INIT;
  const char *const arguments[] = { "host", FAKE_STAND_IN, NULL };

  begin (&story);
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_drivers (&story, TRUE);
  g_assert_false (story_has_file (&story, NOTE));
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_STAND_IN, "amdgpu");
}

static void
begin_on (Story *story, const char *side)
{
  begin (story);
  if (g_str_equal (side, "guest"))
    g_assert_cmpint (story_hand (story, "guest"), ==, BATON_EXIT_DONE);
}

static const char *
get_other (const char *side)
{
  return g_str_equal (side, "guest") ? "host" : "guest";
}

/* Every act on the way to @side, met by one fault each: both are put back, or both are there. */
static void
check_each_act (const char *side, FakeFault fault, int errsv)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      BatonExit status;

      begin_on (&story, get_other (side));
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, fault, errsv);
      status = story_hand (&story, side);
      g_test_message ("to %s, act %u: %s", side, nth, baton_exit_to_string (status));
      /* Of one that was parked at boot nobody knows whether its sound had a driver (BatonStep). */
      if (status == BATON_EXIT_DONE)
        assert_displays (&story, g_str_equal (side, "guest"));
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpuint (nth, >, 14);
          return;
        }
      if (status == BATON_EXIT_DONE)
        continue;
      g_assert_cmpint (status, ==, BATON_EXIT_ROLLED_BACK);
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

/* Wherever the worker is killed, recovery puts both back. */
static void
test_killed_at_each_act (gconstpointer side)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      begin_on (&story, get_other (side));
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      story_prepare (&story, side, NULL);
      story_work_apart (&story);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpuint (nth, >, 14);
          return;
        }
      g_test_message ("to %s, act %u", (const char *) side, nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      story_recover_apart (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}

/* After a restart nothing is left of it but what the firmware and the kernel have made of both. */
static void
test_restarted (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  fake_kernel_set_fault (story.kernel, 12, FAKE_FAULT_KILL, 0);
  story_prepare (&story, "guest", NULL);
  story_work_apart (&story);
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  mock_machine_write (story.machine, "proc/sys/kernel/random/boot_id", "boot-2\n");
  story_recover_apart (&story);
  g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
  g_assert_false (story_has_file (&story, NOTE));
  /* Nothing was written to either. */
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/stand-in/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/exec/stand-in/on-host-already", test_on_host_already);
  g_test_add_data_func ("/helper/exec/stand-in/to-guest/each-write-refused", "guest",
                        test_each_write_refused);
  g_test_add_data_func ("/helper/exec/stand-in/to-host/each-write-refused", "host",
                        test_each_write_refused);
  g_test_add_data_func ("/helper/exec/stand-in/to-guest/each-write-without-effect", "guest",
                        test_each_write_without_effect);
  g_test_add_data_func ("/helper/exec/stand-in/to-host/each-write-without-effect", "host",
                        test_each_write_without_effect);
  g_test_add_data_func ("/helper/exec/stand-in/to-guest/killed-at-each-act", "guest",
                        test_killed_at_each_act);
  g_test_add_data_func ("/helper/exec/stand-in/to-host/killed-at-each-act", "host",
                        test_killed_at_each_act);
  g_test_add_func ("/helper/exec/stand-in/restarted", test_restarted);

  return g_test_run ();
}
