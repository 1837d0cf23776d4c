/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include "baton-text.h"

/**
 * baton_exit_to_string:
 * @status: what a verb came to
 *
 * Returns: the word for it, `state` in the contract
 */
const char *
baton_exit_to_string (BatonExit status)
{
  switch (status)
    {
    case BATON_EXIT_DONE:
      return "done";
    case BATON_EXIT_BAD_REQUEST:
      return "bad-request";
    case BATON_EXIT_BUSY:
      return "busy";
    case BATON_EXIT_REFUSED:
      return "refused";
    case BATON_EXIT_CANCELLED:
      return "cancelled";
    case BATON_EXIT_ROLLED_BACK:
      return "rolled-back";
    case BATON_EXIT_DEGRADED:
      return "degraded";
    case BATON_EXIT_STUCK:
      return "stuck";
    case BATON_EXIT_MISMATCH:
      return "mismatch";
    case BATON_EXIT_DETACHED:
      return "detached";
    case BATON_EXIT_ERROR:
    default:
      return "error";
    }
}

/**
 * baton_event_writer_report:
 * @self: a writer
 * @report: an object: what a handoff came to
 *
 * Writes the report as it was kept; `steps` may take several lines.
 */
void
baton_event_writer_report (BatonEventWriter *self, JsonNode *report)
{
  static const char *const lists[] = { "steps", NULL };

  g_return_if_fail (report != NULL && JSON_NODE_HOLDS_OBJECT (report));

  baton_event_writer_emit (self, "report", json_node_get_object (report), lists);
}

/**
 * baton_event_code_args_to_json:
 * @code: a code
 * @args: (element-type utf8 utf8) (nullable): values by key
 *
 * Returns: (transfer full): exactly the keys that @code has, null where there is no value
 */
JsonObject *
baton_event_code_args_to_json (BatonCode code, GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  JsonObject *values = json_object_new ();

  for (guint i = 0; info != NULL && info->args[i] != NULL; i++)
    baton_json_set_string (values, info->args[i],
                           args != NULL ? g_hash_table_lookup (args, info->args[i]) : NULL);

  return values;
}

/**
 * baton_event_writer_result:
 * @self: a writer
 * @status: what the verb came to
 * @code: the code that says it in words
 * @args: (element-type utf8 utf8) (nullable): the code's arguments
 * @at_step: (nullable): id of the step that decided it
 * @elapsed_ms: how long it took
 *
 * Writes the last line of an output, of one without troubles.
 */
void
baton_event_writer_result (BatonEventWriter *self,
                           BatonExit status,
                           BatonCode code,
                           GHashTable *args,
                           const char *at_step,
                           gint64 elapsed_ms)
{
  baton_event_writer_result_full (self, status, code, args, NULL, at_step, elapsed_ms);
}

/**
 * baton_event_writer_result_full:
 * @self: a writer
 * @status: what the verb came to
 * @code: the code that says it in words
 * @args: (element-type utf8 utf8) (nullable): the code's arguments
 * @troubles: (nullable): what is behind those of @args that are sentences themselves, so that a
 *   reader of another language can say them again
 * @at_step: (nullable): id of the step that decided it
 * @elapsed_ms: how long it took
 *
 * Writes the last line of an output. Of @args, exactly the keys that @code has are written.
 */
void
baton_event_writer_result_full (BatonEventWriter *self,
                                BatonExit status,
                                BatonCode code,
                                GHashTable *args,
                                JsonArray *troubles,
                                const char *at_step,
                                gint64 elapsed_ms)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autoptr (JsonObject) body = json_object_new ();
  g_autofree char *text = baton_code_dup_text (code, args);
  g_autofree char *remedy = baton_code_dup_remedy (code, args);

  json_object_set_int_member (body, "exit", status);
  json_object_set_string_member (body, "state", baton_exit_to_string (status));
  baton_json_set_string (body, "code", info != NULL ? info->name : NULL);
  json_object_set_object_member (body, "args", baton_event_code_args_to_json (code, args));
  baton_json_set_string (body, "text", text);
  baton_json_set_string (body, "remedy", remedy);
  json_object_set_int_member (body, "elapsed_ms", elapsed_ms);
  baton_json_set_string (body, "at_step", at_step);
  json_object_set_array_member (
      body, "troubles", troubles != NULL ? json_array_ref (troubles) : json_array_new ());
  baton_event_writer_emit (self, "result", body, NULL);
}
