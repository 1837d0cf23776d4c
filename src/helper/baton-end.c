/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-end.h"

#include <stdarg.h>
#include <string.h>

#include "baton-text.h"

/**
 * baton_end_new:
 * @status: what it came to
 * @code: which sentence says so
 * @...: keys and values of the code's arguments, then %NULL
 *
 * Returns: (transfer full): an end
 */
BatonEnd *
baton_end_new (BatonExit status, BatonCode code, ...)
{
  BatonEnd *self = g_new0 (BatonEnd, 1);
  va_list list;
  const char *key;

  self->status = status;
  self->code = code;
  self->args = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  va_start (list, code);
  while ((key = va_arg (list, const char *)) != NULL)
    {
      const char *value = va_arg (list, const char *);

      g_hash_table_insert (self->args, g_strdup (key), g_strdup (value != NULL ? value : "?"));
    }
  va_end (list);

  return self;
}

/**
 * baton_end_new_stuck:
 * @trouble: why the kernel does not answer any more
 *
 * Returns: (transfer full): an end after which only a restart helps
 */
BatonEnd *
baton_end_new_stuck (const BatonTrouble *trouble)
{
  g_autofree char *cause = baton_trouble_dup_text (trouble);

  return baton_end_new (BATON_EXIT_STUCK, BATON_CODE_STUCK, "cause", cause, NULL);
}

/**
 * baton_end_join_problems:
 * @problems: (element-type utf8): sentences about what is not as it should be
 *
 * Returns: (transfer full): all of them, for a sentence that goes on after a colon
 */
char *
baton_end_join_problems (GPtrArray *problems)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *problem = g_strdup (g_ptr_array_index (problems, i));

      /* The sentence around it brings the last full stop. */
      if (g_str_has_suffix (problem, "."))
        problem[strlen (problem) - 1] = '\0';
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", problem);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
baton_end_free (BatonEnd *self)
{
  g_hash_table_unref (self->args);
  g_free (self->at_step);
  g_free (self);
}

/**
 * baton_end_set_step:
 * @self: an end
 * @step: the step that decided it
 */
void
baton_end_set_step (BatonEnd *self, const BatonStep *step)
{
  g_free (self->at_step);
  self->at_step = baton_step_dup_id (step);
}

static void
set_string (JsonObject *object, const char *key, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, key, value);
  else
    json_object_set_null_member (object, key);
}

/**
 * baton_end_to_json:
 * @self: an end
 *
 * Returns: (transfer full): its members as a `result` has them, sentences included
 */
JsonNode *
baton_end_to_json (const BatonEnd *self)
{
  const BatonCodeInfo *info = baton_code_get_info (self->code);
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *args = json_object_new ();
  g_autofree char *text = baton_code_dup_text (self->code, self->args);
  g_autofree char *remedy = baton_code_dup_remedy (self->code, self->args);

  for (guint i = 0; info != NULL && info->args[i] != NULL; i++)
    set_string (args, info->args[i], g_hash_table_lookup (self->args, info->args[i]));
  json_object_set_int_member (object, "exit", self->status);
  json_object_set_string_member (object, "state", baton_exit_to_string (self->status));
  set_string (object, "code", info != NULL ? info->name : NULL);
  json_object_set_object_member (object, "args", args);
  set_string (object, "text", text);
  set_string (object, "remedy", remedy);
  set_string (object, "at_step", self->at_step);
  json_node_take_object (node, object);

  return node;
}

/**
 * baton_end_new_from_json:
 * @node: what baton_end_to_json() gave
 *
 * Returns: (transfer full) (nullable): the end, or %NULL where @node is none
 */
BatonEnd *
baton_end_new_from_json (JsonNode *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name;
  JsonNode *args;
  BatonCode code;
  BatonEnd *self;

  if (object == NULL)
    return NULL;
  name = json_object_get_string_member_with_default (object, "code", "");
  args = json_object_get_member (object, "args");
  if (!baton_code_from_string (name, &code) || args == NULL || !JSON_NODE_HOLDS_OBJECT (args))
    return NULL;

  self = baton_end_new (
      (BatonExit) json_object_get_int_member_with_default (object, "exit", BATON_EXIT_ERROR),
      code, NULL);
  self->at_step =
      g_strdup (json_object_get_string_member_with_default (object, "at_step", NULL));
  for (guint i = 0; baton_code_get_info (code)->args[i] != NULL; i++)
    {
      const char *key = baton_code_get_info (code)->args[i];
      const char *value =
          json_object_get_string_member_with_default (json_node_get_object (args), key, "?");

      g_hash_table_insert (self->args, g_strdup (key), g_strdup (value));
    }

  return self;
}

/**
 * baton_end_emit:
 * @self: an end
 * @events: where the `result` goes
 * @start_us: when the work began, in g_get_monotonic_time()
 */
void
baton_end_emit (const BatonEnd *self, BatonEventWriter *events, gint64 start_us)
{
  baton_event_writer_result (events, self->status, self->code, self->args, self->at_step,
                             (g_get_monotonic_time () - start_us) / 1000);
}
