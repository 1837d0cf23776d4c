/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-private.h"

#include "baton-json.h"

static void
unref_event (gpointer event)
{
  if (event != NULL)
    json_object_unref (event);
}

/* Returns: (transfer full): room for what is said of steps; an element may be NULL */
GPtrArray *
baton_handoff_create_events (void)
{
  return g_ptr_array_new_with_free_func (unref_event);
}

/* A handoff that comes back by itself has a second plan: its way back. */
void
baton_handoff_take_plan (BatonHandoff *self, JsonObject *plan, guint n_events)
{
  JsonArray *steps = baton_json_get_array (plan, "steps");
  JsonArray *cards = baton_json_get_array (plan, "cards");

  if (steps == NULL || steps == self->steps)
    return;

  self->n_earlier = self->steps != NULL ? n_events : 0;
  json_array_ref (steps);
  g_clear_pointer (&self->steps, json_array_unref);
  self->steps = steps;
  g_ptr_array_set_size (self->events, 0);
  g_ptr_array_set_size (self->events, (gint) baton_json_count (steps));

  if (baton_json_count (cards) > 0)
    {
      g_free (self->card);
      self->card = g_strdup (json_array_get_string_element (cards, 0));
    }
  if (baton_json_get_string (plan, "to") != NULL)
    {
      g_free (self->to);
      self->to = g_strdup (baton_json_get_string (plan, "to"));
    }
}

void
baton_handoff_take_steps (BatonHandoff *self, JsonArray *events)
{
  self->current = -1;
  self->undoing = FALSE;

  for (guint i = self->n_earlier; i < baton_json_count (events); i++)
    {
      JsonObject *event = baton_json_nth_object (events, i);
      gint64 n = baton_json_get_int (event, "n", 0);
      const char *state = baton_json_get_string (event, "state");
      gpointer *slot;

      if (n < 1 || n > self->events->len)
        continue;

      slot = &self->events->pdata[n - 1];
      unref_event (*slot);
      *slot = json_object_ref (event);

      self->current = (gint) n - 1;
      if (g_strcmp0 (state, "undo") == 0 || g_strcmp0 (state, "undone") == 0)
        self->undoing = TRUE;
    }
}

gboolean
baton_handoff_is_at (BatonHandoff *self, const char *kind)
{
  return self->current >= 0 &&
         g_strcmp0 (baton_json_get_string (baton_handoff_get_step (self, (guint) self->current),
                                           "kind"),
                    kind) == 0;
}

/**
 * baton_handoff_is_stalled:
 *
 * Returns: %TRUE while a step takes longer than it should, because somebody does not let go
 */
gboolean
baton_handoff_is_stalled (BatonHandoff *self)
{
  return self->current >= 0 &&
         g_strcmp0 (baton_handoff_get_step_state (self, (guint) self->current), "stalled") == 0;
}

/* Before each step that is still to come but the last look, and on the way to the host no longer
 * than before the first function is bound there: then everybody may open the card. */
gboolean
baton_handoff_is_cancel_heard (BatonHandoff *self)
{
  gboolean to_host = g_strcmp0 (self->to, "host") == 0;

  if (baton_handoff_is_at (self, "wait-guest"))
    return TRUE;

  for (guint i = 0; i < baton_handoff_get_n_steps (self); i++)
    {
      const char *kind = baton_json_get_string (baton_handoff_get_step (self, i), "kind");

      if ((int) i > self->current && g_strcmp0 (kind, "verify") != 0)
        return TRUE;
      if (to_host && g_strcmp0 (kind, "bind") == 0)
        break;
    }

  return self->current < 0;
}

/**
 * baton_handoff_get_n_steps:
 *
 * Returns: number of its steps, 0 while they are not known
 */
guint
baton_handoff_get_n_steps (BatonHandoff *self)
{
  return baton_json_count (self->steps);
}

/**
 * baton_handoff_get_n_done:
 *
 * Returns: number of steps that stand as done now; goes down while they are put back
 */
guint
baton_handoff_get_n_done (BatonHandoff *self)
{
  guint n_done = 0;

  for (guint i = 0; i < self->events->len; i++)
    {
      const char *state = baton_handoff_get_step_state (self, i);

      if (g_strcmp0 (state, "ok") == 0 || g_strcmp0 (state, "skip") == 0)
        n_done++;
    }

  return n_done;
}

/**
 * baton_handoff_get_step:
 * @index: from 0
 *
 * Returns: (transfer none) (nullable): the plan's step
 */
JsonObject *
baton_handoff_get_step (BatonHandoff *self, guint index)
{
  return baton_json_nth_object (self->steps, index);
}

static JsonObject *
get_event (BatonHandoff *self, guint index)
{
  return index < self->events->len ? g_ptr_array_index (self->events, index) : NULL;
}

/**
 * baton_handoff_get_step_state:
 * @index: from 0
 *
 * Returns: (nullable): its state in the contract's word, %NULL before it has begun
 */
const char *
baton_handoff_get_step_state (BatonHandoff *self, guint index)
{
  return baton_json_get_string (get_event (self, index), "state");
}

/**
 * baton_handoff_get_step_event:
 * @index: from 0
 *
 * Returns: (transfer none) (nullable): what was said of it last
 */
JsonObject *
baton_handoff_get_step_event (BatonHandoff *self, guint index)
{
  return get_event (self, index);
}

/**
 * baton_handoff_get_current:
 *
 * Returns: index of the step that was heard of last, -1 before the first
 */
gint
baton_handoff_get_current (BatonHandoff *self)
{
  return self->current;
}
