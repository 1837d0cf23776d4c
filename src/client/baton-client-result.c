/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-client-result.h"

#include "baton-json.h"
#include "baton-text.h"

/**
 * baton_client_result_new:
 * @status: what the verb came to
 * @code: the code that says it in words
 * @key: (nullable): the code's argument, where it has one
 * @value: (nullable): that argument's value
 * @elapsed_ms: how long it took
 *
 * Makes the result that the helper could not give, with the same keys.
 *
 * Returns: (transfer full): a `result`
 */
JsonObject *
baton_client_result_new (
    BatonExit status, BatonCode code, const char *key, const char *value, gint64 elapsed_ms)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *result = json_object_new ();
  JsonObject *values = json_object_new ();
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (key != NULL && info != NULL && g_strv_contains (info->args, key))
    {
      g_hash_table_insert (args, (gpointer) key, (gpointer) value);
      json_object_set_string_member (values, key, value);
    }

  text = baton_code_dup_text (code, args);
  remedy = baton_code_dup_remedy (code, args);
  json_object_set_int_member (result, "exit", status);
  json_object_set_string_member (result, "state", baton_exit_to_string (status));
  baton_json_set_string (result, "code", info != NULL ? info->name : NULL);
  json_object_set_object_member (result, "args", values);
  baton_json_set_string (result, "text", text);
  baton_json_set_string (result, "remedy", remedy);
  json_object_set_int_member (result, "elapsed_ms", elapsed_ms);
  json_object_set_null_member (result, "at_step");
  json_object_set_array_member (result, "troubles", json_array_new ());

  return result;
}

/**
 * baton_client_result_get_code:
 * @result: a `result`
 *
 * Returns: its code, %BATON_CODE_NONE where it is one that this version does not know
 */
BatonCode
baton_client_result_get_code (JsonObject *result)
{
  const char *name = baton_json_get_string (result, "code");
  BatonCode code = BATON_CODE_NONE;

  if (name != NULL)
    baton_code_from_string (name, &code);

  return code;
}

/**
 * baton_client_result_get_exit:
 * @result: a `result`
 *
 * Returns: its exit status, %BATON_EXIT_ERROR where it has none that could be one
 */
int
baton_client_result_get_exit (JsonObject *result)
{
  gint64 status = baton_json_get_int (result, "exit", -1);

  return status == 0 || (status >= 10 && status <= 99) ? (int) status : BATON_EXIT_ERROR;
}
