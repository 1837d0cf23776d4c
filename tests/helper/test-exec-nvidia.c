/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "baton-recover.h"
#include "fake-kernel.h"
#include "fake-nvidia.h"
#include "handoff-story.h"

/* One driver that leaves with the card, and one that lets go of it. */
#define OLD "550.163.01"
#define LATEST "595.45.04"

static void
begin (Story *story, const char *version, const char *side)
{
  story_begin (story);
  fake_kernel_use_nvidia (story->kernel, version);
  if (g_str_equal (side, "guest"))
    g_assert_cmpint (story_hand (story, "guest"), ==, BATON_EXIT_DONE);
}

static void
test_there_and_back (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *first = NULL;

  begin (&story, version, "host");
  for (guint round = 0; round < 3; round++)
    {
      g_autofree char *now = NULL;

      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
      story_assert_driver (&story, FAKE_CARD, "vfio-pci");
      g_assert_false (story_has_file (&story, "sys/module/nvidia_drm"));
      g_assert_true (story_has_file (&story, "sys/module/nvidia") ==
                     g_str_equal (version, LATEST));
      g_assert_false (fake_nvidia_service_runs (story.machine));

      g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
      story_assert_code (&story, "returned");
      story_assert_driver (&story, FAKE_CARD, "nvidia");
      g_assert_true (fake_nvidia_service_runs (story.machine));
      now = fake_kernel_dup_snapshot (story.kernel);
      if (first == NULL)
        first = g_steal_pointer (&now);
      else
        story_assert_same (first, now);
    }
}

static void
check_text (Story *story, const char *path, const char *expected)
{
  g_autofree char *full =
      g_build_filename (mock_machine_get_directory (story->machine), path, NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (full, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
}

/* Modules come back with the parameters that they had, wherever those had come from and wherever
 * they are to be seen. */
static void
check_parameters (Story *story)
{
  check_text (story, "sys/module/nvidia_uvm/parameters/uvm_perf_prefetch_threshold", "7\n");
  check_text (story, "sys/module/nvidia_drm/parameters/modeset", "Y\n");
  check_text (story, "proc/driver/nvidia/params", "EnableMSI: 0\nRegistryDwords: \"\"\n");
}

static void
test_parameters_come_back (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, OLD, "guest");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  check_parameters (&story);
}

/* Whoever loads them first: the rules of distributions load the display part as soon as the driver
 * is there, and a card that is found anew has its driver loaded for it. */
static void
test_udev_was_quicker (gconstpointer method)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *profile =
      g_strdup_printf ("[" FAKE_CARD "]\nreturn-method=%s\n", (const char *) method);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  begin (&story, OLD, "guest");
  mock_machine_write (story.machine, "etc/baton.conf", profile);
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_udev (story.kernel, FAKE_UDEV_QUICKER);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_code (&story, "returned");
  story_assert_driver (&story, FAKE_CARD, "nvidia");
  check_parameters (&story);

  /* And the next handoff remembers what was right. */
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

/* What was read of a module is not always what it takes again. It was there already, and stays so
 * with the settings that udev knows. */
static void
test_udev_and_settings_refused (gconstpointer method)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *profile =
      g_strdup_printf ("[" FAKE_CARD "]\nreturn-method=%s\n", (const char *) method);
  const char *module = g_str_equal (method, "rescan") ? "nvidia" : "nvidia_drm";
  const BatonEvent *result;
  JsonArray *troubles;
  JsonObject *trouble;

  begin (&story, OLD, "guest");
  mock_machine_write (story.machine, "etc/baton.conf", profile);
  fake_kernel_set_udev (story.kernel, FAKE_UDEV_QUICKER);
  fake_kernel_refuse_settings (story.kernel, module);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "returned-with-problems");
  story_assert_driver (&story, FAKE_CARD, "nvidia");
  g_assert_true (story_has_file (&story, "sys/module/nvidia_drm"));
  g_assert_true (story_has_file (&story, "sys/module/nvidia_uvm"));
  result = g_ptr_array_index (story.events, story.events->len - 1);
  troubles = json_object_get_array_member (result->object, "troubles");
  g_assert_cmpuint (json_array_get_length (troubles), ==, 1);
  trouble = json_array_get_object_element (troubles, 0);
  g_assert_cmpstr (json_object_get_string_member (trouble, "code"), ==, "module-not-as-before");
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (trouble, "args"), "module"),
      ==, module);
}

/* What somebody uses by then keeps what it has, and the report says so, once. */
static void
test_udev_and_a_desktop (gconstpointer method)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *profile =
      g_strdup_printf ("[" FAKE_CARD "]\nreturn-method=%s\n", (const char *) method);
  gboolean found_anew = g_str_equal (method, "rescan");
  const BatonEvent *result;
  JsonArray *troubles;

  begin (&story, OLD, "guest");
  mock_machine_write (story.machine, "etc/baton.conf", profile);
  fake_kernel_set_udev (story.kernel, FAKE_UDEV_AND_A_DESKTOP);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  story_assert_code (&story, "returned-with-problems");
  story_assert_driver (&story, FAKE_CARD, "nvidia");
  check_text (&story, "sys/module/nvidia_drm/parameters/modeset", "N\n");
  result = g_ptr_array_index (story.events, story.events->len - 1);
  troubles = json_object_get_array_member (result->object, "troubles");
  g_assert_cmpuint (json_array_get_length (troubles), ==, found_anew ? 2 : 1);
  for (guint i = 0; i < json_array_get_length (troubles); i++)
    {
      JsonObject *trouble = json_array_get_object_element (troubles, i);

      g_assert_cmpstr (json_object_get_string_member (trouble, "code"), ==,
                       "module-not-as-before");
    }
}

/* The old driver looks for its cards while it is loaded and does not stay without one: a card that
 * it does not take there as the guest has left it, it takes when the card has been reset. */
static void
test_probe_fails_while_loading (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, OLD, "guest");
  fake_kernel_refuse_until_reset (story.kernel, FAKE_CARD, EIO);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 1);
  story_assert_driver (&story, FAKE_CARD, "nvidia");
  g_assert_true (fake_nvidia_service_runs (story.machine));
}

/* And where it never takes it, the guest has its card again. */
static void
test_never_taken (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, OLD, "guest");
  fake_kernel_refuse_host (story.kernel, FAKE_CARD, EIO);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  g_assert_false (story_has_file (&story, "sys/module/nvidia"));
}

/* What did not run before is not started after. */
static void
test_only_what_was (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, LATEST, "host");
  fake_nvidia_run_service (story.machine, FALSE);
  fake_nvidia_unload (story.machine, "nvidia_uvm");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_false (fake_nvidia_service_runs (story.machine));
  g_assert_false (story_has_file (&story, "sys/module/nvidia_uvm"));
  g_assert_true (story_has_file (&story, "sys/module/nvidia_drm"));
}

static void
check_put_back (Story *story, const char *before)
{
  g_autofree char *after = fake_kernel_dup_snapshot (story->kernel);

  story_assert_same (before, after);
  g_assert_false (story_has_file (story, "var/lib/baton/journal"));
}

/* A card that the driver says is in use stays, and nothing was unbound. */
static void
test_driver_says_no (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  begin (&story, version, "host");
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_nvidia_busy (story.kernel, TRUE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "nvidia-in-use");
  check_put_back (&story, before);
  g_assert_true (fake_nvidia_service_runs (story.machine));
}

/* A service that does not come to an end when it is stopped keeps nobody from stopping the handoff,
 * and is not left to end when that is over. */
static void
test_service_hangs (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  begin (&story, LATEST, "host");
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_hang_service (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_CANCELLED);
  g_assert_true (fake_nvidia_service_runs (story.machine));
  g_assert_false (story_has_file (&story, FAKE_SERVICE_STOPS));
  check_put_back (&story, before);
}

/* Before the service is stopped for nothing. */
static void
test_stuck_count_is_refused (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  begin (&story, version, "host");
  fake_nvidia_set_count (story.machine, "nvidia", 38);
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  check_put_back (&story, before);
}

typedef struct
{
  const char *version;
  const char *side;
  FakeFault fault;
  int errsv;
  FakeUdev udev;
} FaultRow;

static void
test_each_act (gconstpointer data)
{
  const FaultRow *row = data;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      gboolean ran;
      BatonExit status;

      begin (&story, row->version, g_str_equal (row->side, "guest") ? "host" : "guest");
      fake_kernel_set_udev (story.kernel, row->udev);
      ran = fake_nvidia_service_runs (story.machine);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, row->fault, row->errsv);
      status = story_hand (&story, row->side);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_DONE);
          g_assert_cmpuint (nth, >, 10);
          return;
        }
      g_test_message ("to the %s, act %u: %s", row->side, nth, baton_exit_to_string (status));
      story_assert_one_result (&story);
      if (status == BATON_EXIT_DONE && row->fault == FAKE_FAULT_CANCEL)
        continue;
      if (status == BATON_EXIT_DONE && fake_kernel_get_n_resets (story.kernel) == 0)
        {
          /* It is where it was to go, and its power setting was tried once more. */
          story_assert_driver (&story, FAKE_CARD,
                               g_str_equal (row->side, "guest") ? "vfio-pci" : "nvidia");
          g_assert_cmpuint (nth, >, 5);
          continue;
        }
      if (status == BATON_EXIT_DONE && g_str_equal (row->side, "host"))
        {
          /* A driver that did not take the card does so when it has been reset. */
          g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 1);
          story_assert_driver (&story, FAKE_CARD, "nvidia");
          continue;
        }
      if (status == BATON_EXIT_DEGRADED)
        {
          /* What stands on its driver did not come back with it. */
          g_assert_cmpstr (row->side, ==, "host");
          story_assert_code (&story, "returned-with-problems");
          story_assert_driver (&story, FAKE_CARD, "nvidia");
          continue;
        }
      g_assert_cmpint (status, ==,
                       row->fault == FAKE_FAULT_CANCEL ? BATON_EXIT_CANCELLED
                                                       : BATON_EXIT_ROLLED_BACK);
      check_put_back (&story, before);
      g_assert_true (fake_nvidia_service_runs (story.machine) == ran);
    }
}

static void
test_killed_at_each_act (gconstpointer data)
{
  const FaultRow *row = data;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      gboolean ran;

      begin (&story, row->version, g_str_equal (row->side, "guest") ? "host" : "guest");
      fake_kernel_set_udev (story.kernel, row->udev);
      ran = fake_nvidia_service_runs (story.machine);
      before = fake_kernel_dup_snapshot (story.kernel);
      story_prepare (&story, row->side, NULL);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      if (story_work_apart (&story) == BATON_EXIT_DONE)
        {
          g_assert_cmpuint (nth, >, 10);
          return;
        }
      g_test_message ("to the %s, killed at act %u", row->side, nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
      story_read_events (&story);
      story_assert_code (&story, "recovered");
      story_assert_one_result (&story);
      check_put_back (&story, before);
      g_assert_true (fake_nvidia_service_runs (story.machine) == ran);
    }
}

/* What the way back does is the same for both, and each time a node is missing it is waited for. */
static const FaultRow rows[] = {
  { OLD, "guest", FAKE_FAULT_REFUSE, ENOMEM },
  { OLD, "guest", FAKE_FAULT_LIE, 0 },
  { OLD, "guest", FAKE_FAULT_CANCEL, 0 },
  { OLD, "guest", FAKE_FAULT_KILL, 0 },
  { OLD, "host", FAKE_FAULT_REFUSE, ENOMEM },
  { OLD, "host", FAKE_FAULT_LIE, 0 },
  { OLD, "host", FAKE_FAULT_CANCEL, 0 },
  { OLD, "host", FAKE_FAULT_KILL, 0 },
  { LATEST, "guest", FAKE_FAULT_REFUSE, ENOMEM },
  { LATEST, "guest", FAKE_FAULT_LIE, 0 },
  { LATEST, "guest", FAKE_FAULT_CANCEL, 0 },
  { LATEST, "guest", FAKE_FAULT_KILL, 0 },
  { OLD, "guest", FAKE_FAULT_REFUSE, ENOMEM, FAKE_UDEV_QUICKER },
  { OLD, "guest", FAKE_FAULT_KILL, 0, FAKE_UDEV_QUICKER },
  { OLD, "host", FAKE_FAULT_REFUSE, ENOMEM, FAKE_UDEV_QUICKER },
  { OLD, "host", FAKE_FAULT_KILL, 0, FAKE_UDEV_QUICKER },
};

static void
add_fault_tests (void)
{
  static const char *const names[] = {
    [FAKE_FAULT_REFUSE] = "refused",
    [FAKE_FAULT_LIE] = "without-effect",
    [FAKE_FAULT_KILL] = "killed",
    [FAKE_FAULT_CANCEL] = "cancelled",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf (
          "/helper/nvidia/%s-at-each-act/%s/to-%s%s", names[rows[i].fault], rows[i].version,
          rows[i].side, rows[i].udev == FAKE_UDEV_QUICKER ? "/udev-is-quicker" : "");

      g_test_add_data_func (path, &rows[i],
                            rows[i].fault == FAKE_FAULT_KILL ? test_killed_at_each_act
                                                             : test_each_act);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/nvidia/there-and-back/old", OLD, test_there_and_back);
  g_test_add_data_func ("/helper/nvidia/there-and-back/latest", LATEST, test_there_and_back);
  g_test_add_func ("/helper/nvidia/parameters-come-back", test_parameters_come_back);
  g_test_add_data_func ("/helper/nvidia/udev-was-quicker/bind", "bind", test_udev_was_quicker);
  g_test_add_data_func ("/helper/nvidia/udev-was-quicker/rescan", "rescan",
                        test_udev_was_quicker);
  g_test_add_data_func ("/helper/nvidia/udev-and-settings-refused/bind", "bind",
                        test_udev_and_settings_refused);
  g_test_add_data_func ("/helper/nvidia/udev-and-settings-refused/rescan", "rescan",
                        test_udev_and_settings_refused);
  g_test_add_data_func ("/helper/nvidia/udev-and-a-desktop/bind", "bind",
                        test_udev_and_a_desktop);
  g_test_add_data_func ("/helper/nvidia/udev-and-a-desktop/rescan", "rescan",
                        test_udev_and_a_desktop);
  g_test_add_func ("/helper/nvidia/probe-fails-while-loading", test_probe_fails_while_loading);
  g_test_add_func ("/helper/nvidia/never-taken", test_never_taken);
  g_test_add_func ("/helper/nvidia/only-what-was", test_only_what_was);
  g_test_add_data_func ("/helper/nvidia/driver-says-no/old", OLD, test_driver_says_no);
  g_test_add_data_func ("/helper/nvidia/driver-says-no/latest", LATEST, test_driver_says_no);
  g_test_add_func ("/helper/nvidia/service-hangs", test_service_hangs);
  g_test_add_data_func ("/helper/nvidia/stuck-count/old", OLD, test_stuck_count_is_refused);
  g_test_add_data_func ("/helper/nvidia/stuck-count/latest", LATEST,
                        test_stuck_count_is_refused);
  add_fault_tests ();

  return g_test_run ();
}
