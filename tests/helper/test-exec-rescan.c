/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/xattr.h>

#include "baton-access.h"
#include "baton-recover.h"
#include "way-back.h"

/* The way back over the bus: because the owner wants it, or because a driver did not take the card
 * back as the guest has left it. */
typedef enum
{
  WANTED,
  NEEDED,
} Reason;

static const char *const reasons[] = { "wanted", "needed" };

static void
begin (Story *story, gconstpointer data)
{
  Reason reason = GPOINTER_TO_UINT (data);

  story_begin_on (story, "guest");
  if (reason == WANTED)
    mock_machine_write (story->machine, "etc/baton.conf",
                        "[" FAKE_CARD "]\nreturn-method=rescan\n");
  else
    fake_kernel_refuse_until_found (story->kernel, FAKE_CARD, EIO);
}

static void
test_back (gconstpointer data)
{
  Reason reason = GPOINTER_TO_UINT (data);
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  begin (&story, data);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&story, "returned");
  if (reason == NEEDED)
    story_assert_step_code (&story, "bind-refused");
  way_back_assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 2);

  /* Settings of the functions are as on any other way back, however often it is gone. */
  before = fake_kernel_dup_snapshot (story.kernel);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
      if (reason == NEEDED)
        fake_kernel_refuse_until_found (story.kernel, i % 2 == 0 ? FAKE_SOUND : FAKE_CARD, EIO);
      g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
      g_clear_pointer (&after, g_free);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}

/* The card works, and only may not sleep as it did: just that is said, once, with the step. */
static void
test_kept_awake (gconstpointer reason)
{
  g_auto (Story) story = STORY_INIT;
  const BatonEvent *result;
  JsonArray *troubles;

  begin (&story, reason);
  fake_kernel_keep_awake (story.kernel, EIO);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "returned-with-problems");
  story_assert_step_code (&story, "power-not-as-before");
  way_back_assert_on_host (&story);
  result = g_ptr_array_index (story.events, story.events->len - 1);
  troubles = json_object_get_array_member (result->object, "troubles");
  g_assert_cmpuint (json_array_get_length (troubles), ==, 1);
  g_assert_cmpstr (
      json_object_get_string_member (json_array_get_object_element (troubles, 0), "text"), ==,
      "The power setting of " FAKE_CARD " is \342\200\234on\342\200\235 now and was "
      "\342\200\234auto\342\200\235 before.");
}

/* One that its driver takes stays on its bus. */
static void
test_not_needed (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  way_back_assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 0);
}

/* Its owner does not want it to be removed, come what may. */
static void
test_not_wanted (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  begin (&story, GUINT_TO_POINTER (NEEDED));
  mock_machine_write (story.machine, "etc/baton.conf", "[" FAKE_CARD "]\nreturn-method=bind\n");
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 0);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

/* The driver takes it neither as it is nor as it is found: it is with the guest as before, and was
 * removed once for the attempt. */
static void
test_in_vain (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin_on (&story, "guest");
  fake_kernel_refuse_host (story.kernel, FAKE_CARD, EIO);
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 2);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
test_refused (gconstpointer reason)
{
  way_back_check_each_act (begin, reason, FAKE_FAULT_REFUSE, EIO);
}

static void
test_no_effect (gconstpointer reason)
{
  way_back_check_each_act (begin, reason, FAKE_FAULT_LIE, 0);
}

static void
test_cancel (gconstpointer reason)
{
  way_back_check_each_act (begin, reason, FAKE_FAULT_CANCEL, 0);
}

static void
test_killed (gconstpointer reason)
{
  way_back_kill_at_each_act (begin, reason);
}

/* Killed with the whole card off its bus, and recovery killed at each of its own acts. */
static void
test_recovery_killed (void)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      gboolean died;

      begin (&story, GUINT_TO_POINTER (WANTED));
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, "host", NULL);
      /* Power, unbind twice, remove twice: it dies when it would look for the card. */
      fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_KILL, 0);
      g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
      g_assert_false (story_has_file (&story, "sys/bus/pci/devices/" FAKE_CARD));
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      died = story_recover_apart (&story) != 0;
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

/* The bridge sleeps over the empty bus: the one above it is asked. */
static void
test_bridge_asleep (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_SLEEPS);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  way_back_assert_on_host (&story);
}

/* Looking from above crashes a driver, as any other write may: nothing more is written, now or by
 * recovery, since what crashed has the lock of the bus. */
static void
test_crash_from_above (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_SLEEPS);
  /* Power, unbind twice, remove twice, the empty bus, the bridge above it. */
  fake_kernel_set_fault (story.kernel, 7, FAKE_FAULT_CRASH, 0);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_STUCK);
  story_assert_step_code (&story, "oops");
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 7);
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_STUCK);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 7);
}

/* What is not found again is said to be gone, and nothing else is claimed. */
static void
test_lost (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_LOSES);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "put-back-with-problems");
  story_assert_step_code (&story, "not-found-again");
  story_assert_one_result (&story);
}

static void
test_no_room (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_NO_ROOM);
  /* It is with vfio-pci again, and of no use to a guest either. */
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_step_code (&story, "bars-lost");
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
}

/* The bus is emptied once more, and then there is room. */
static void
test_room_at_last (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_NO_ROOM_AT_FIRST);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  way_back_assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 4);
}

/* Found anew, the card is in a group of another number, and back with the guest in vain: whoever was
 * let open the group may open it under its new number, and no longer than that. */
static void
test_new_group (void)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--let-open", NULL };
  g_auto (Story) story = STORY_INIT;
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *node = NULL;

  story_begin (&story);
  story_prepare_arguments (&story, arguments);
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_DONE);
  fake_kernel_refuse_host (story.kernel, FAKE_CARD, EIO);
  fake_kernel_set_rescan (story.kernel, FAKE_RESCAN_RENUMBERS);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);

  node = g_build_filename (mock_machine_get_directory (story.machine),
                           "dev/vfio/" FAKE_NEW_GROUP, NULL);
  g_assert_cmpint (getxattr (node, "system.posix_acl_access", NULL, 0), >, 0);
  list = baton_access_list (story.root, FAKE_CARD);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (((BatonAccess *) list->pdata[0])->group, ==, FAKE_NEW_GROUP);
}

static char *
read_attribute (Story *story, const char *attribute)
{
  g_autofree char *device = mock_machine_dup_device_path (story->machine, FAKE_CARD);
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), device, attribute, NULL);
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));

  return g_strstrip (text);
}

/* What the owner chose outlives the function: the ways to reset it, none of them being one, and
 * whether it may lose its power. */
static void
test_settings_come_back (gconstpointer data)
{
  const char *chosen = data;
  g_auto (Story) story = STORY_INIT;
  g_autofree char *methods = NULL;
  g_autofree char *d3cold = NULL;

  story_begin (&story);
  mock_machine_set_attribute (story.machine, FAKE_CARD, "reset_method", chosen);
  mock_machine_set_attribute (story.machine, FAKE_CARD, "d3cold_allowed", "0");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreturn-method=rescan\n");
  mock_machine_set_attribute (story.machine, FAKE_CARD, "reset_method", "flr bus");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  methods = read_attribute (&story, "reset_method");
  d3cold = read_attribute (&story, "d3cold_allowed");
  g_assert_cmpstr (methods, ==, chosen);
  g_assert_cmpstr (d3cold, ==, "0");
}

/* A card gets the numbers that are free when it comes back, and whoever goes by them is told. */
static void
test_new_names (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  fake_kernel_rename_card (story.kernel, "card7");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_step_code (&story, "nodes-renamed");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } rows[] = {
    { "back", test_back },     { "refused", test_refused }, { "no-effect", test_no_effect },
    { "cancel", test_cancel }, { "killed", test_killed },   { "kept-awake", test_kept_awake },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint reason = WANTED; reason <= NEEDED; reason++)
      {
        g_autofree char *path =
            g_strdup_printf ("/helper/rescan/%s/%s", rows[i].name, reasons[reason]);

        g_test_add_data_func (path, GUINT_TO_POINTER (reason), rows[i].func);
      }
  g_test_add_func ("/helper/rescan/not-needed", test_not_needed);
  g_test_add_func ("/helper/rescan/not-wanted", test_not_wanted);
  g_test_add_func ("/helper/rescan/in-vain", test_in_vain);
  g_test_add_func ("/helper/rescan/recovery-killed", test_recovery_killed);
  g_test_add_func ("/helper/rescan/bridge-asleep", test_bridge_asleep);
  g_test_add_func ("/helper/rescan/crash-from-above", test_crash_from_above);
  g_test_add_func ("/helper/rescan/lost", test_lost);
  g_test_add_func ("/helper/rescan/no-room", test_no_room);
  g_test_add_func ("/helper/rescan/room-at-last", test_room_at_last);
  g_test_add_func ("/helper/rescan/new-group", test_new_group);
  g_test_add_func ("/helper/rescan/new-names", test_new_names);
  g_test_add_data_func ("/helper/rescan/settings/bus", "bus", test_settings_come_back);
  g_test_add_data_func ("/helper/rescan/settings/no-reset", "", test_settings_come_back);

  return g_test_run ();
}
