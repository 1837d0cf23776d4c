/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-end.h"

#include <stdarg.h>
#include <string.h>

#include "baton-json.h"
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
  self->troubles = json_array_new ();
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

void
baton_end_free (BatonEnd *self)
{
  g_hash_table_unref (self->args);
  json_array_unref (self->troubles);
  g_free (self->at_step);
  g_free (self);
}

static void
add_trouble (BatonEnd *self, const char *part, const BatonTrouble *trouble)
{
  JsonObject *object;

  if (trouble->code == BATON_CODE_NONE)
    return;
  object = baton_trouble_to_json (trouble);
  json_object_set_string_member (object, "part", part);
  json_array_add_object_element (self->troubles, object);
}

static gboolean
has_problem (BatonEnd *self, const char *text)
{
  for (guint i = 0; i < json_array_get_length (self->troubles); i++)
    {
      JsonObject *object = json_array_get_object_element (self->troubles, i);

      if (g_str_equal (json_object_get_string_member (object, "part"), "problems") &&
          g_strcmp0 (json_object_get_string_member (object, "text"), text) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_end_set_cause:
 * @self: an end whose sentence has a `cause`
 * @cause: why it came to this
 */
void
baton_end_set_cause (BatonEnd *self, const BatonTrouble *cause)
{
  g_hash_table_insert (self->args, g_strdup ("cause"), baton_trouble_dup_text (cause));
  add_trouble (self, "cause", cause);
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
  BatonEnd *self = baton_end_new (BATON_EXIT_STUCK, BATON_CODE_STUCK, NULL);

  baton_end_set_cause (self, trouble);

  return self;
}

/**
 * baton_end_add_problem:
 * @self: an end whose sentence has `problems`
 * @problem: something that is not as it should be
 *
 * What several steps have met is told once: a card that was pulled out is not there for any of them.
 */
void
baton_end_add_problem (BatonEnd *self, const BatonTrouble *problem)
{
  const char *before = g_hash_table_lookup (self->args, "problems");
  g_autofree char *text = baton_trouble_dup_text (problem);

  if (has_problem (self, text))
    return;
  /* The sentence around it brings the last full stop. */
  if (g_str_has_suffix (text, "."))
    text[strlen (text) - 1] = '\0';
  g_hash_table_insert (self->args, g_strdup ("problems"),
                       before != NULL ? g_strconcat (before, "; ", text, NULL)
                                      : g_strdup (text));
  add_trouble (self, "problems", problem);
}

/**
 * baton_end_add_problems:
 * @self: an end whose sentence has `problems`
 * @problems: (element-type BatonTrouble): what is not as it should be
 */
void
baton_end_add_problems (BatonEnd *self, GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    baton_end_add_problem (self, g_ptr_array_index (problems, i));
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
  g_autofree char *text = baton_code_dup_text (self->code, self->args);
  g_autofree char *remedy = baton_code_dup_remedy (self->code, self->args);

  json_object_set_int_member (object, "exit", self->status);
  json_object_set_string_member (object, "state", baton_exit_to_string (self->status));
  baton_json_set_string (object, "code", info != NULL ? info->name : NULL);
  json_object_set_object_member (object, "args",
                                 baton_event_code_args_to_json (self->code, self->args));
  baton_json_set_string (object, "text", text);
  baton_json_set_string (object, "remedy", remedy);
  baton_json_set_string (object, "at_step", self->at_step);
  json_object_set_array_member (object, "troubles", json_array_ref (self->troubles));
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
  JsonNode *troubles;
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
  troubles = json_object_get_member (object, "troubles");
  if (troubles != NULL && JSON_NODE_HOLDS_ARRAY (troubles))
    {
      json_array_unref (self->troubles);
      self->troubles = json_node_dup_array (troubles);
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
  baton_event_writer_result_full (events, self->status, self->code, self->args, self->troubles,
                                  self->at_step, (g_get_monotonic_time () - start_us) / 1000);
}
