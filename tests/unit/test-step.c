/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-plan.h"

static void
test_kinds_have_names (void)
{
  BatonStepKind untouched = BATON_STEP_VERIFY;

  for (guint i = 0; i < BATON_N_STEP_KINDS; i++)
    {
      BatonStepKind found = BATON_N_STEP_KINDS;

      g_assert_true (baton_step_kind_from_string (baton_step_kind_to_string (i), &found));
      g_assert_cmpint (found, ==, i);
    }

  g_assert_false (baton_step_kind_from_string ("unload-world", &untouched));
  g_assert_false (baton_step_kind_from_string (NULL, &untouched));
  g_assert_cmpint (untouched, ==, BATON_STEP_VERIFY);
  g_assert_null (baton_step_kind_to_string (BATON_N_STEP_KINDS));
}

static void
test_json_round_trip (void)
{
  g_autoptr (BatonStep) step = baton_step_new (BATON_STEP_SET_OVERRIDE, "0000:01:00.0", "");
  g_autoptr (BatonStep) read = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  step->n = 7;
  step->persistent = TRUE;
  step->card = g_strdup ("0000:02:00.0");
  node = baton_step_to_json (step);
  read = baton_step_new_from_json (node, &error);
  g_assert_no_error (error);

  id = baton_step_dup_id (read);
  g_assert_cmpstr (id, ==, "set-override:0000:01:00.0");
  g_assert_cmpstr (read->detail, ==, "");
  g_assert_cmpuint (read->n, ==, 7);
  g_assert_true (read->persistent);
  g_assert_cmpstr (read->card, ==, "0000:02:00.0");
}

static void
test_json_refuses (void)
{
  static const char *const rows[] = {
    "[]",
    "{}",
    "{\"kind\":\"unload-world\",\"target\":\"x\"}",
    "{\"kind\":\"verify\",\"target\":null}",
    "{\"kind\":\"verify\",\"target\":7}",
    "{\"kind\":\"verify\",\"target\":\"x\",\"id\":\"verify:y\",\"n\":1,\"persistent\":false}",
    "{\"kind\":\"verify\",\"target\":\"x\",\"id\":\"verify:x\",\"n\":-1,\"persistent\":false}",
    "{\"kind\":\"verify\",\"target\":\"x\",\"id\":\"verify:x\",\"n\":\"1\",\"persistent\":"
    "false}",
    "{\"kind\":\"verify\",\"target\":\"x\",\"id\":\"verify:x\",\"n\":1,\"persistent\":0}",
    "{\"kind\":\"verify\",\"target\":\"x\",\"id\":\"verify:x\",\"n\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (rows[i], NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i]);
      g_assert_nonnull (node);
      g_assert_null (baton_step_new_from_json (node, &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

static void
test_minutes (void)
{
  static const struct
  {
    const char *detail;
    guint minutes;
  } rows[] = {
    { NULL, 0 },
    { "", 0 },
    { BATON_SOON, 0 },
    { BATON_STARTED, 0 },
    { "within:", 0 },
    { "within:0", 0 },
    { "within:1", 1 },
    { "within:1440", 1440 },
    { "within:1441", 0 },
    { "within:-1", 0 },
    { "within:5 ", 0 },
    { "within:5m", 0 },
    { "within: 5", 0 },
    { "Within:5", 0 },
    { "within:99999999999999999999", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].detail != NULL ? rows[i].detail : "none");
      g_assert_cmpuint (baton_step_get_minutes (rows[i].detail), ==, rows[i].minutes);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/step/kinds-have-names", test_kinds_have_names);
  g_test_add_func ("/core/step/json/round-trip", test_json_round_trip);
  g_test_add_func ("/core/step/json/refuses", test_json_refuses);
  g_test_add_func ("/core/step/minutes", test_minutes);

  return g_test_run ();
}
