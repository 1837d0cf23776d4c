/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-json.h"

#define KEYS                                                                                   \
  "{\"text\":\"x\",\"number\":7,\"yes\":true,\"null\":null,\"real\":1.5,"                      \
  "\"array\":[\"a\",1,\"b\",{\"n\":1}],\"object\":{\"k\":\"v\",\"n\":1}}"

static const char *const keys[] = { "text", "number", "yes",    "null",
                                    "real", "array",  "object", "missing" };

static JsonObject *
new_object (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (KEYS, &error);

  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (node));
}

/* Each reader finds its own type under one key, and nothing under any other. */
static void
test_another_type_is_nothing (void)
{
  g_autoptr (JsonObject) object = new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *key = keys[i];
      gint64 number = -1;
      gboolean truth = -1;

      g_test_message ("%s", key);
      g_assert_cmpstr (baton_json_get_string (object, key), ==,
                       g_str_equal (key, "text") ? "x" : NULL);
      g_assert_cmpint (baton_json_get_int (object, key, -5), ==,
                       g_str_equal (key, "number") ? 7 : -5);
      g_assert_cmpint (baton_json_get_boolean (object, key), ==, g_str_equal (key, "yes"));
      g_assert_cmpint (baton_json_get_array (object, key) != NULL, ==,
                       g_str_equal (key, "array"));
      g_assert_cmpint (baton_json_get_object (object, key) != NULL, ==,
                       g_str_equal (key, "object"));

      g_assert_cmpint (baton_json_read_int (object, key, &number), ==,
                       g_str_equal (key, "number"));
      g_assert_cmpint (number, ==, g_str_equal (key, "number") ? 7 : -1);
      g_assert_cmpint (baton_json_read_boolean (object, key, &truth), ==,
                       g_str_equal (key, "yes"));
      g_assert_cmpint (truth, ==, g_str_equal (key, "yes") ? TRUE : -1);
    }
}

static void
test_nothing_has_no_members (void)
{
  g_autoptr (GHashTable) args = baton_json_dup_args (NULL, "args");
  g_autofree char *joined = baton_json_join_strings (NULL, ", ");

  g_assert_null (baton_json_get_string (NULL, "text"));
  g_assert_null (baton_json_node_get_string (NULL));
  g_assert_null (baton_json_get_array (NULL, "array"));
  g_assert_cmpuint (baton_json_count (NULL), ==, 0);
  g_assert_null (baton_json_nth_object (NULL, 0));
  g_assert_cmpuint (g_hash_table_size (args), ==, 0);
  g_assert_cmpstr (joined, ==, "");
}

static void
test_lists_pass_over_what_is_of_another_type (void)
{
  g_autoptr (JsonObject) object = new_object ();
  JsonArray *array = baton_json_get_array (object, "array");
  g_autofree char *joined = baton_json_join_strings (array, ", ");
  g_autoptr (GHashTable) args = baton_json_dup_args (object, "object");

  g_assert_cmpstr (joined, ==, "a, b");
  g_assert_cmpuint (baton_json_count (array), ==, 4);
  g_assert_null (baton_json_nth_object (array, 0));
  g_assert_nonnull (baton_json_nth_object (array, 3));
  g_assert_null (baton_json_nth_object (array, 4));
  g_assert_cmpuint (g_hash_table_size (args), ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (args, "k"), ==, "v");
}

static void
test_unknown_is_written_as_null (void)
{
  g_autoptr (JsonObject) object = json_object_new ();

  baton_json_set_string (object, "known", "x");
  baton_json_set_string (object, "unknown", NULL);
  g_assert_cmpstr (baton_json_get_string (object, "known"), ==, "x");
  g_assert_true (json_object_get_null_member (object, "unknown"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/json/other-type", test_another_type_is_nothing);
  g_test_add_func ("/core/json/nothing", test_nothing_has_no_members);
  g_test_add_func ("/core/json/lists", test_lists_pass_over_what_is_of_another_type);
  g_test_add_func ("/core/json/null", test_unknown_is_written_as_null);

  return g_test_run ();
}
