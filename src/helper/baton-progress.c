/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-progress.h"

#include "baton-desktop.h"
#include "baton-steps.h"

typedef struct
{
  gboolean begun;
  gboolean reached;
  BatonStepState state;
  BatonTrouble trouble;
} Row;

struct _BatonProgress
{
  /* borrowed */
  BatonEventWriter *events;
  GPtrArray *steps;

  /* owned */
  GArray *rows;
};

static void
clear_row (gpointer data)
{
  Row *row = data;

  baton_trouble_clear (&row->trouble);
}

static Row *
get_row (BatonProgress *self, guint i)
{
  return &g_array_index (self->rows, Row, i);
}

/**
 * baton_progress_new:
 * @events: where it is told
 * @steps: (element-type BatonStep): the plan's steps, in order
 *
 * Returns: (transfer full): the progress of a plan of which nothing has been begun
 */
BatonProgress *
baton_progress_new (BatonEventWriter *events, GPtrArray *steps)
{
  BatonProgress *self = g_new0 (BatonProgress, 1);

  self->events = events;
  self->steps = steps;
  self->rows = g_array_new (FALSE, TRUE, sizeof (Row));
  g_array_set_clear_func (self->rows, clear_row);
  g_array_set_size (self->rows, steps->len);

  return self;
}

/**
 * baton_progress_free:
 * @self: a progress
 */
void
baton_progress_free (BatonProgress *self)
{
  g_array_unref (self->rows);
  g_free (self);
}

/**
 * baton_progress_set_begun:
 * @self: a progress
 * @i: index of a step that may have had an effect from now on
 */
void
baton_progress_set_begun (BatonProgress *self, guint i)
{
  get_row (self, i)->begun = TRUE;
}

/**
 * baton_progress_has_begun:
 * @self: a progress
 * @i: index of a step
 *
 * Returns: %TRUE if the step may have had an effect
 */
gboolean
baton_progress_has_begun (BatonProgress *self, guint i)
{
  return get_row (self, i)->begun;
}

/**
 * baton_progress_tell:
 * @self: a progress
 * @i: index of a step
 * @state: what has become of it
 * @trouble: (nullable): why
 */
void
baton_progress_tell (BatonProgress *self,
                     guint i,
                     BatonStepState state,
                     const BatonTrouble *trouble)
{
  Row *row = get_row (self, i);

  row->reached = TRUE;
  row->state = state;
  if (trouble != NULL)
    {
      g_autoptr (BatonTrouble) copy = baton_trouble_copy (trouble);

      baton_trouble_clear (&row->trouble);
      row->trouble = *copy;
      *copy = (BatonTrouble) BATON_TROUBLE_INIT;
    }
  baton_event_writer_step (self->events, g_ptr_array_index (self->steps, i), state,
                           trouble != NULL ? trouble->errsv : 0,
                           trouble != NULL ? trouble->code : BATON_CODE_NONE,
                           trouble != NULL ? trouble->args : NULL);
}

/* A session is called by its unit, as systemd's own tools call it. */
static char *
dup_program_name (const BatonStep *step)
{
  if (step->kind == BATON_STEP_END_SESSION || step->kind == BATON_STEP_LOG_OUT)
    return baton_session_dup_scope (step->target);

  return g_strdup (step->detail != NULL ? step->detail : step->target);
}

/* Somebody who is asked to log out may stay. */
static gboolean
has_ended_programs (BatonProgress *self, guint i)
{
  const BatonStep *step = g_ptr_array_index (self->steps, i);
  const Row *row = get_row (self, i);

  return row->begun && baton_step_get_class (step->kind)->ends_programs &&
         (step->kind != BATON_STEP_LOG_OUT || row->state == BATON_STEP_STATE_OK);
}

/**
 * baton_progress_dup_closed_programs:
 * @self: a progress
 *
 * Closing is all that nothing puts back.
 *
 * Returns: (transfer full) (nullable): who was asked to close, by name, or %NULL where nobody was
 */
char *
baton_progress_dup_closed_programs (BatonProgress *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->steps->len; i++)
    {
      g_autofree char *name = dup_program_name (g_ptr_array_index (self->steps, i));

      /* A session is logged out, and then ended. */
      if (has_ended_programs (self, i) &&
          !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);

  return g_strjoinv (", ", (char **) names->pdata);
}

static void
set_text (JsonObject *object, const char *key, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, key, text);
  else
    json_object_set_null_member (object, key);
}

/**
 * baton_progress_to_json:
 * @self: a progress
 *
 * Returns: (transfer full): the steps with what became of each, for the report
 */
JsonNode *
baton_progress_to_json (BatonProgress *self)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->steps->len; i++)
    {
      const Row *row = get_row (self, i);
      JsonNode *item = baton_step_to_json (g_ptr_array_index (self->steps, i));
      JsonObject *object = json_node_get_object (item);
      g_autoptr (JsonObject) trouble = baton_trouble_to_json (&row->trouble);
      JsonObjectIter iter;
      const char *key;
      JsonNode *value;

      set_text (object, "state", row->reached ? baton_step_state_to_string (row->state) : NULL);
      json_object_iter_init (&iter, trouble);
      while (json_object_iter_next (&iter, &key, &value))
        json_object_set_member (object, key, json_node_copy (value));
      json_array_add_element (array, item);
    }
  json_node_take_array (node, array);

  return node;
}
