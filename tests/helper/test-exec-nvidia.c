/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "fake-nvidia.h"
#include "nvidia-story.h"

/* How long the way back waits for a node that may yet come (baton-step-verify.c). */
#define NODES_US (15 * G_USEC_PER_SEC)

static void
test_there_and_back (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *first = NULL;

  nvidia_story_begin (&story, version, "host");
  for (guint round = 0; round < 3; round++)
    {
      g_autofree char *now = NULL;

      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
      story_assert_driver (&story, FAKE_CARD, "vfio-pci");
      g_assert_false (story_has_file (&story, "sys/module/nvidia_drm"));
      g_assert_true (story_has_file (&story, "sys/module/nvidia") ==
                     g_str_equal (version, NVIDIA_STORY_LATEST));
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

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

/* Without the display part no node comes, however long one waits for it. */
static void
test_display_part_refused (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (GPtrArray) codes = g_ptr_array_new ();
  const BatonEvent *result;
  JsonArray *troubles;
  gint64 start_us;

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
  fake_kernel_refuse_module (story.kernel, "nvidia_drm");
  start_us = g_get_monotonic_time ();
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  g_assert_cmpint (g_get_monotonic_time () - start_us, <, NODES_US);
  story_assert_driver (&story, FAKE_CARD, "nvidia");
  result = g_ptr_array_index (story.events, story.events->len - 1);
  troubles = json_object_get_array_member (result->object, "troubles");
  for (guint i = 0; i < json_array_get_length (troubles); i++)
    g_ptr_array_add (codes, (gpointer) json_object_get_string_member (
                                json_array_get_object_element (troubles, i), "code"));
  g_ptr_array_add (codes, NULL);
  g_assert_true (g_strv_contains ((const char *const *) codes->pdata, "module-not-loaded"));
  g_assert_true (g_strv_contains ((const char *const *) codes->pdata, "display-missing"));
}

/* The old driver looks for its cards while it is loaded and does not stay without one: a card that
 * it does not take there as the guest has left it, it takes when the card has been reset. */
static void
test_probe_fails_while_loading (void)
{
  g_auto (Story) story = STORY_INIT;

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

  nvidia_story_begin (&story, NVIDIA_STORY_OLD, "guest");
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

  nvidia_story_begin (&story, NVIDIA_STORY_LATEST, "host");
  fake_nvidia_run_service (story.machine, FALSE);
  fake_nvidia_unload (story.machine, "nvidia_uvm");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_false (fake_nvidia_service_runs (story.machine));
  g_assert_false (story_has_file (&story, "sys/module/nvidia_uvm"));
  g_assert_true (story_has_file (&story, "sys/module/nvidia_drm"));
}

/* A card that the driver says is in use stays, and nothing was unbound. */
static void
test_driver_says_no (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  nvidia_story_begin (&story, version, "host");
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_nvidia_busy (story.kernel, TRUE);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "nvidia-in-use");
  nvidia_story_assert_put_back (&story, before);
  g_assert_true (fake_nvidia_service_runs (story.machine));
}

/* A service that does not come to an end when it is stopped keeps nobody from stopping the handoff,
 * and is not left to end when that is over. */
static void
test_service_hangs (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  nvidia_story_begin (&story, NVIDIA_STORY_LATEST, "host");
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_hang_service (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_CANCELLED);
  g_assert_true (fake_nvidia_service_runs (story.machine));
  g_assert_false (story_has_file (&story, FAKE_SERVICE_STOPS));
  nvidia_story_assert_put_back (&story, before);
}

/* Before the service is stopped for nothing. */
static void
test_stuck_count_is_refused (gconstpointer version)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;

  nvidia_story_begin (&story, version, "host");
  fake_nvidia_set_count (story.machine, "nvidia", 38);
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  nvidia_story_assert_put_back (&story, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/nvidia/there-and-back/old", NVIDIA_STORY_OLD,
                        test_there_and_back);
  g_test_add_data_func ("/helper/nvidia/there-and-back/latest", NVIDIA_STORY_LATEST,
                        test_there_and_back);
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
  g_test_add_func ("/helper/nvidia/display-part-refused", test_display_part_refused);
  g_test_add_func ("/helper/nvidia/probe-fails-while-loading", test_probe_fails_while_loading);
  g_test_add_func ("/helper/nvidia/never-taken", test_never_taken);
  g_test_add_func ("/helper/nvidia/only-what-was", test_only_what_was);
  g_test_add_data_func ("/helper/nvidia/driver-says-no/old", NVIDIA_STORY_OLD,
                        test_driver_says_no);
  g_test_add_data_func ("/helper/nvidia/driver-says-no/latest", NVIDIA_STORY_LATEST,
                        test_driver_says_no);
  g_test_add_func ("/helper/nvidia/service-hangs", test_service_hangs);
  g_test_add_data_func ("/helper/nvidia/stuck-count/old", NVIDIA_STORY_OLD,
                        test_stuck_count_is_refused);
  g_test_add_data_func ("/helper/nvidia/stuck-count/latest", NVIDIA_STORY_LATEST,
                        test_stuck_count_is_refused);

  return g_test_run ();
}
