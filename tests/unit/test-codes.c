/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-codes.h"

static void
test_every_code_is_found_by_its_name (void)
{
  for (guint i = BATON_CODE_NONE + 1; i < BATON_N_CODES; i++)
    {
      const BatonCodeInfo *info = baton_code_get_info (i);
      BatonCode found = BATON_CODE_NONE;

      g_test_message ("%s", info->name);
      g_assert_true (baton_code_from_string (info->name, &found));
      g_assert_cmpint (found, ==, i);
      g_assert_nonnull (info->title);
      g_assert_nonnull (info->text);
    }
}

static void
test_a_blocker_has_a_remedy (void)
{
  for (guint i = BATON_CODE_NONE + 1; i < BATON_N_CODES; i++)
    {
      const BatonCodeInfo *info = baton_code_get_info (i);

      if (info->severity != BATON_SEVERITY_BLOCKER)
        continue;

      g_test_message ("%s", info->name);
      g_assert_nonnull (info->remedy);
    }
}

/* What went well, or as it was wanted, asks for nothing; after everything else people are told what
 * to do now. A handoff that was put back names its cause, which brings a remedy of its own. */
static void
test_only_good_ends_have_no_remedy (void)
{
  static const char *const good[] = {
    "handed-over",
    "returned",
    "cancelled",
    "rolled-back",
    "plan-ready",
    "nothing-to-do",
    "nothing-to-cancel",
    "cancel-asked",
    "nothing-to-recover",
    "recovered",
    "watched",
    "looked",
    "dismissed",
    "settings-changed",
    "settings-same",
    "kept-off",
    "claim-made",
    "claim-undone",
    "not-claimed",
    "given-back",
    "not-kept-off",
    "hook-installed",
    "hook-removed",
    "hook-not-installed",
    "reopened",
    "nothing-to-reopen",
    "reopens-forgotten",
    "all-undone",
    "nothing-to-undo",
    "stays-logged-in",
    "adopt-by-hook",
    "adopt-by-claim",
    "adopt-not-needed",
    "adopted",
    "adopt-undone",
    "not-adopted",
    "nothing-to-adopt",
    NULL,
  };

  for (guint i = BATON_CODE_NONE + 1; i < BATON_N_CODES; i++)
    {
      const BatonCodeInfo *info = baton_code_get_info (i);

      g_test_message ("%s", info->name);
      g_assert_true ((info->remedy == NULL) == g_strv_contains (good, info->name));
    }
}

static void
test_unknown_codes_are_refused (void)
{
  BatonCode untouched = BATON_CODE_REFUSED;

  g_assert_false (baton_code_from_string ("no-such-code", &untouched));
  g_assert_false (baton_code_from_string ("", &untouched));
  g_assert_false (baton_code_from_string (NULL, &untouched));
  g_assert_cmpint (untouched, ==, BATON_CODE_REFUSED);
  g_assert_null (baton_code_get_info (BATON_CODE_NONE));
  g_assert_null (baton_code_get_info (BATON_N_CODES));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/codes/found-by-name", test_every_code_is_found_by_its_name);
  g_test_add_func ("/core/codes/blocker-has-remedy", test_a_blocker_has_a_remedy);
  g_test_add_func ("/core/codes/only-good-ends-have-none", test_only_good_ends_have_no_remedy);
  g_test_add_func ("/core/codes/unknown-is-refused", test_unknown_codes_are_refused);

  return g_test_run ();
}
