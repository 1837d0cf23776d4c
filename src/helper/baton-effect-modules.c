/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#include <errno.h>

#include "baton-kernel.h"

typedef struct
{
  const char *name;
  const char *options;
} Load;

static int
do_load (gpointer data)
{
  const Load *job = data;

  return baton_kernel_load_module (job->name, job->options);
}

static int
do_unload (gpointer data)
{
  return baton_kernel_unload_module (data);
}

/**
 * baton_effect_load_module:
 * @context: the handoff
 * @name: a module
 * @options: (nullable): settings that go before those of modprobe.d(5)
 * @trouble: why it could not be done
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_load_module (BatonStepContext *context,
                          const char *name,
                          const char *options,
                          BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  Load job = { name, options };

  baton_trouble_set (&refused, BATON_CODE_MODULE_NOT_LOADED, 0, "module", name, NULL);

  return baton_effect_run (context, do_load, &job, name, &refused, trouble);
}

/**
 * baton_effect_list_loads:
 * @module: a module that is to be loaded
 *
 * Returns: (transfer full): an array of the modules that would come with it
 */
JsonNode *
baton_effect_list_loads (const char *module)
{
  g_auto (GStrv) names = baton_kernel_list_loads (module);
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  json_node_take_array (node, array);

  return node;
}

static GPtrArray *
list_names (JsonNode *names)
{
  JsonArray *array =
      names != NULL && JSON_NODE_HOLDS_ARRAY (names) ? json_node_get_array (names) : NULL;
  guint length = array != NULL ? json_array_get_length (array) : 0;
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < length; i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (item) && json_node_get_value_type (item) == G_TYPE_STRING)
        g_ptr_array_add (list, (gpointer) json_node_get_string (item));
    }

  return list;
}

/**
 * baton_effect_unload_modules:
 * @context: the handoff
 * @names: (nullable): what baton_effect_list_loads() gave before
 * @trouble: why it could not be done
 *
 * Unloads what was loaded. A module that another one of them still needs goes
 * in the next pass; what somebody else has begun to use stays: it is not ours
 * any more.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_unload_modules (BatonStepContext *context, JsonNode *names, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) left = list_names (names);
  gboolean progress = TRUE;

  while (progress && left->len > 0)
    {
      progress = FALSE;
      for (guint i = left->len; i > 0; i--)
        {
          g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
          const char *name = g_ptr_array_index (left, i - 1);

          /* Nothing is said of one that stays, so there is no sentence for it. */
          switch (
              baton_effect_run (context, do_unload, (gpointer) name, name, &refused, trouble))
            {
            case BATON_OUTCOME_OK:
              g_ptr_array_remove_index (left, i - 1);
              progress = TRUE;
              break;
            case BATON_OUTCOME_STUCK:
              return BATON_OUTCOME_STUCK;
            case BATON_OUTCOME_FAILED:
            case BATON_OUTCOME_CANCELLED:
            default:
              break;
            }
        }
    }

  return BATON_OUTCOME_OK;
}

/* What the kernel would refuse is told with its number. */
static gboolean
is_unused (BatonStepContext *context, const char *name, BatonTrouble *trouble)
{
  g_autofree char *path = g_strconcat ("module/", name, "/refcnt", NULL);
  g_autofree char *count = baton_root_read_line (context->root, BATON_ROOT_SYS, path, NULL);

  if (count == NULL || g_str_equal (count, "0"))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_MODULE_IN_USE, EAGAIN, "module", name, "count", count,
                     NULL);

  return FALSE;
}

/**
 * baton_effect_unload_module:
 * @context: the handoff
 * @name: a module
 * @trouble: why it could not be done
 *
 * Unloads a module that nobody uses. The kernel counts its uses once more, and so nobody who begins
 * to use it meanwhile is robbed of it (kernel/module/main.c, try_stop_module()).
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_unload_module (BatonStepContext *context, const char *name, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;

  if (!is_unused (context, name, trouble))
    return BATON_OUTCOME_FAILED;
  baton_trouble_set (&refused, BATON_CODE_MODULE_NOT_UNLOADED, 0, "module", name, NULL);

  return baton_effect_run (context, do_unload, (gpointer) name, name, &refused, trouble);
}
