/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "way-back.h"

/* The card is reset on its way back: because its owner wants it, because its driver does not take it
 * as the guest has left it, or because it is known to need it. */
typedef enum
{
  WANTED,
  NEEDED,
  KNOWN,
} Reason;

static const char *const reasons[] = { "wanted", "needed", "known" };

static void
begin (Story *story, gconstpointer data)
{
  Reason reason = GPOINTER_TO_UINT (data);

  story_begin (story);
  if (reason == KNOWN)
    {
      /* A Polaris, with the module that knows how to reset it. */
      mock_machine_set_attribute (story->machine, FAKE_CARD, "vendor", "0x1002");
      mock_machine_set_attribute (story->machine, FAKE_CARD, "device", "0x67df");
      mock_machine_write (story->machine, "sys/module/vendor_reset/initstate", "live\n");
    }
  g_assert_cmpint (story_hand (story, "guest"), ==, BATON_EXIT_DONE);
  if (reason == WANTED)
    mock_machine_write (story->machine, "etc/baton.conf",
                        "[" FAKE_CARD "]\nreset-before-return=true\n");
  else if (reason == NEEDED)
    fake_kernel_refuse_until_reset (story->kernel, FAKE_CARD, EIO);
}

static void
assert_methods (Story *story, const char *expected)
{
  g_autofree char *device = mock_machine_dup_device_path (story->machine, FAKE_CARD);
  g_autofree char *path = g_build_filename (mock_machine_get_directory (story->machine), device,
                                            "reset_method", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (g_strchomp (text), ==, expected);
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
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 1);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 0);
  assert_methods (&story, "flr bus");

  before = fake_kernel_dup_snapshot (story.kernel);
  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
      if (reason == NEEDED)
        fake_kernel_refuse_until_reset (story.kernel, i % 2 == 0 ? FAKE_SOUND : FAKE_CARD, EIO);
      g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
      g_clear_pointer (&after, g_free);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 6);
}

/* One that its driver takes is left alone, and so is one whose owner says so, come what may. */
static void
test_not_needed (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin_on (&story, "guest");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 0);
}

static void
test_not_wanted (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (NEEDED));
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreset-before-return=false\nreturn-method=bind\n");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 0);
}

/* None of the methods that are listed works: the bus is reset, which has nothing but the card. */
static void
test_by_bus (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  fake_kernel_set_reset (story.kernel, FAKE_RESET_BY_BUS);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  way_back_assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_bus_resets (story.kernel), ==, 1);
}

/* A stranger on the bus is not reset with it; the card is removed and found again instead. */
static void
test_never_a_stranger (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_machine_add_function (story.machine, "0000:01:01.0", 0x020000, "8086:10d3", NULL, "20",
                             "e1000e");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreset-before-return=true\n");
  fake_kernel_set_reset (story.kernel, FAKE_RESET_BY_BUS);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_step_code (&story, "no-reset-works");
  way_back_assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_bus_resets (story.kernel), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 2);
}

/* What is told where nothing is left to try: the card is with the guest as before. */
static void
check_in_vain (FakeReset reset, const char *code)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  begin (&story, GUINT_TO_POINTER (WANTED));
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreset-before-return=true\nreturn-method=bind\n");
  fake_kernel_set_reset (story.kernel, reset);
  before = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, code);
  if (reset == FAKE_RESET_SILENCES)
    return;
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

static void
test_in_vain (void)
{
  check_in_vain (FAKE_RESET_NOT, "no-reset-works");
  check_in_vain (FAKE_RESET_SILENCES, "silent-after-reset");
}

/* Its owner has switched every reset of the card off, and that is heeded. */
static void
test_switched_off (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story, GUINT_TO_POINTER (WANTED));
  mock_machine_set_attribute (story.machine, FAKE_CARD, "reset_method", "");
  fake_kernel_set_reset (story.kernel, FAKE_RESET_BY_BUS);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_step_code (&story, "no-reset-works");
  g_assert_cmpuint (fake_kernel_get_n_bus_resets (story.kernel), ==, 0);
}

static void
test_refused (gconstpointer reason)
{
  way_back_check_each_act (begin, reason, FAKE_FAULT_REFUSE, EIO);
}

static void
test_no_method_works (gconstpointer reason)
{
  way_back_check_each_act (begin, reason, FAKE_FAULT_REFUSE, ENOTTY);
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

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } rows[] = {
    { "back", test_back },
    { "refused", test_refused },
    { "no-method-works", test_no_method_works },
    { "no-effect", test_no_effect },
    { "cancel", test_cancel },
    { "killed", test_killed },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint reason = WANTED; reason <= KNOWN; reason++)
      {
        g_autofree char *path =
            g_strdup_printf ("/helper/reset/%s/%s", rows[i].name, reasons[reason]);

        g_test_add_data_func (path, GUINT_TO_POINTER (reason), rows[i].func);
      }
  g_test_add_func ("/helper/reset/not-needed", test_not_needed);
  g_test_add_func ("/helper/reset/not-wanted", test_not_wanted);
  g_test_add_func ("/helper/reset/by-bus", test_by_bus);
  g_test_add_func ("/helper/reset/never-a-stranger", test_never_a_stranger);
  g_test_add_func ("/helper/reset/in-vain", test_in_vain);
  g_test_add_func ("/helper/reset/switched-off", test_switched_off);

  return g_test_run ();
}
