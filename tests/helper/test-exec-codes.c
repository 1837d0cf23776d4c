/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "baton-recover.h"
#include "baton-report.h"
#include "codes-table.h"

static const CodesRow rows[] = {
  { "refused/to-guest", NULL, "guest", FAKE_FAULT_REFUSE, EPERM,
    "bind bind-refused EPERM\n"
    "hold-power setting-refused EPERM\n"
    "load-module module-not-loaded EPERM\n"
    "set-override setting-refused EPERM\n"
    "unbind unbind-refused EPERM\n" },
  { "refused/to-host", NULL, "host", FAKE_FAULT_REFUSE, EPERM,
    "bind bind-refused EPERM\n"
    "hold-power setting-refused EPERM\n"
    "set-override setting-refused EPERM\n"
    "unbind unbind-refused EPERM\n" },
  { "without-effect/to-guest", NULL, "guest", FAKE_FAULT_LIE, 0,
    "bind not-as-expected -\n"
    "hold-power not-as-expected -\n"
    "load-module module-not-listed -\n"
    "set-override not-as-expected -\n"
    "unbind not-as-expected -\n" },
  { "without-effect/to-host", NULL, "host", FAKE_FAULT_LIE, 0,
    "bind not-as-expected -\n"
    "hold-power not-as-expected -\n"
    "set-override not-as-expected -\n"
    "unbind not-as-expected -\n" },
  { "gone/to-guest", NULL, "guest", FAKE_FAULT_LEAVE, 0,
    "bind device-gone -\n"
    "hold-power device-gone -\n"
    "problem device-gone\n"
    "set-override device-gone -\n"
    "unbind device-gone -\n"
    "verify device-gone -\n" },
  { "gone/to-host", NULL, "host", FAKE_FAULT_LEAVE, 0,
    "bind device-gone -\n"
    "hold-power device-gone -\n"
    "problem device-gone\n"
    "rescan-bus device-gone -\n"
    "rescan-bus not-found-again -\n"
    "reset device-gone -\n"
    "verify device-gone -\n" },
  { "other/to-guest", NULL, "guest", FAKE_FAULT_SWAP, 0,
    "bind identity-changed -\n"
    "hold-power identity-changed -\n"
    "problem identity-changed\n"
    "set-override identity-changed -\n"
    "unbind identity-changed -\n" },
  { "other/to-host", NULL, "host", FAKE_FAULT_SWAP, 0,
    "bind identity-changed -\n"
    "hold-power identity-changed -\n"
    "problem identity-changed\n"
    "remove-function identity-changed -\n"
    "reset identity-changed -\n"
    "set-override identity-changed -\n"
    "unbind identity-changed -\n" },
  { "rescan/refused", NULL, "host", FAKE_FAULT_REFUSE, EPERM,
    "hold-power setting-refused EPERM\n"
    "remove-function remove-refused EPERM\n"
    "rescan-bus rescan-refused EPERM\n"
    "unbind unbind-refused EPERM\n",
    "return-method=rescan" },
  { "rescan/without-effect", NULL, "host", FAKE_FAULT_LIE, 0,
    "hold-power not-as-expected -\n"
    "remove-function still-there -\n"
    "unbind not-as-expected -\n",
    "return-method=rescan" },
  { "parked/refused", NULL, "host", FAKE_FAULT_REFUSE, EPERM,
    "bind probe-refused EPERM\n"
    "hold-power setting-refused EPERM\n"
    "set-override setting-refused EPERM\n"
    "unbind unbind-refused EPERM\n",
    "return-method=bind", TRUE },
};

/* A worker that died says so by recovery's mouth, in the step that it was at. */
static void
check_cut_off (const char *boot, const char *code)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 7, FAKE_FAULT_KILL, 0);
  g_assert_cmpint (story_work_apart (&story), !=, BATON_EXIT_DONE);
  fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
  mock_machine_write (story.machine, "proc/sys/kernel/random/boot_id", boot);
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  story_read_events (&story);
  story_assert_step_code (&story, code);
}

static void
test_worker_crashed (void)
{
  check_cut_off ("boot-1\n", "worker-crashed");
}

static void
test_computer_restarted (void)
{
  check_cut_off ("boot-2\n", "computer-restarted");
}

/* A journal that nobody can read: how the card stands is all that can be said of it. */
static void
check_unreadable (const char *display_driver, const char *sound_driver, const char *code)
{
  g_auto (Story) story = STORY_INIT;
  g_autoptr (JsonNode) report = NULL;
  JsonArray *troubles;
  gboolean found = FALSE;

  story_begin (&story);
  mock_machine_set_driver (story.machine, FAKE_CARD, display_driver);
  mock_machine_set_driver (story.machine, FAKE_SOUND, sound_driver);
  mock_machine_write (story.machine, "var/lib/baton/journal", "nothing that could be read");
  g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
  report = baton_report_load (story.root, NULL);
  troubles = json_object_get_array_member (json_node_get_object (report), "troubles");
  for (guint i = 0; i < json_array_get_length (troubles); i++)
    {
      JsonObject *trouble = json_array_get_object_element (troubles, i);
      JsonObject *args = json_object_get_object_member (trouble, "args");

      if (i == 0)
        g_assert_cmpstr (json_object_get_string_member (trouble, "code"), ==,
                         "journal-unreadable");
      else if (g_str_equal (json_object_get_string_member (args, "address"), FAKE_CARD))
        found = g_str_equal (json_object_get_string_member (trouble, "code"), code);
    }
  g_assert_true (found);
}

static void
test_journal_unreadable (void)
{
  check_unreadable ("amdgpu", "snd_hda_intel", "stands-with-host");
  check_unreadable ("vfio-pci", "vfio-pci", "stands-with-guests");
  check_unreadable ("amdgpu", "vfio-pci", "stands-split");
  check_unreadable (NULL, NULL, "stands-without-driver");
}

/* The group's node is there, and the kernel does not let even root open it. */
static void
test_open_refused (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_refuse_group (story.kernel, EPERM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "open-refused");
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/helper/codes/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], codes_test_each_act);
    }
  g_test_add_func ("/helper/codes/worker-crashed", test_worker_crashed);
  g_test_add_func ("/helper/codes/computer-restarted", test_computer_restarted);
  g_test_add_func ("/helper/codes/journal-unreadable", test_journal_unreadable);
  g_test_add_func ("/helper/codes/open-refused", test_open_refused);

  return g_test_run ();
}
