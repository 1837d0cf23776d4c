/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff.h"

#include "baton-json.h"

struct _BatonHandoff
{
  GObject parent_instance;

  /* owned */
  char *id;
  char *card;
  char *to;
  JsonArray *steps;
  GPtrArray *events; /* element i: the last step event about step i + 1, or NULL */
  JsonObject *result;

  gboolean is_ours;
  gboolean cancel_noted;
  gboolean undoing;
  gboolean ended;
  gint current;
  guint n_earlier; /* step events that were about an earlier plan of the same handoff */
  gint64 started_us;
  gint64 ended_us;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonHandoff, baton_handoff, G_TYPE_OBJECT)

static void
unref_event (gpointer event)
{
  if (event != NULL)
    json_object_unref (event);
}

static void
baton_handoff_finalize (GObject *object)
{
  BatonHandoff *self = BATON_HANDOFF (object);

  g_free (self->id);
  g_free (self->card);
  g_free (self->to);
  g_clear_pointer (&self->steps, json_array_unref);
  g_clear_pointer (&self->events, g_ptr_array_unref);
  g_clear_pointer (&self->result, json_object_unref);

  G_OBJECT_CLASS (baton_handoff_parent_class)->finalize (object);
}

static void
baton_handoff_class_init (BatonHandoffClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = baton_handoff_finalize;

  /**
   * BatonHandoff::changed:
   *
   * A step, the phase or the result is another than before.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
}

static void
baton_handoff_init (BatonHandoff *self)
{
  self->events = g_ptr_array_new_with_free_func (unref_event);
  self->current = -1;
  self->started_us = g_get_monotonic_time ();
}

/**
 * baton_handoff_new:
 * @card: (nullable): address of the card, %NULL until the plan has said it
 * @to: (nullable): `guest` or `host`
 * @is_ours: this window asked for it
 *
 * Returns: (transfer full): a handoff of which nothing is known yet
 */
BatonHandoff *
baton_handoff_new (const char *card, const char *to, gboolean is_ours)
{
  BatonHandoff *self = g_object_new (BATON_TYPE_HANDOFF, NULL);

  self->card = g_strdup (card);
  self->to = g_strdup (to);
  self->is_ours = is_ours;

  return self;
}

/* A handoff that comes back by itself has a second plan: its way back. */
static void
take_plan (BatonHandoff *self, JsonObject *plan, guint n_events)
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

static void
take_steps (BatonHandoff *self, JsonArray *events)
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

/**
 * baton_handoff_update:
 * @self: a handoff
 * @view: what the program that carries it out, or the watch, has said by now
 */
void
baton_handoff_update (BatonHandoff *self, BatonView *view)
{
  const char *id = baton_view_get_handoff (view);

  g_return_if_fail (BATON_IS_HANDOFF (self));

  if (id != NULL && g_strcmp0 (id, self->id) != 0)
    {
      /* Time spent on the password is no part of the handoff. */
      if (self->id == NULL)
        self->started_us = g_get_monotonic_time ();
      g_free (self->id);
      self->id = g_strdup (id);
    }

  take_plan (self, baton_view_get_plan (view),
             baton_json_count (baton_view_get_step_events (view)));
  take_steps (self, baton_view_get_step_events (view));

  if (baton_view_get_result (view) != NULL)
    baton_handoff_end (self, baton_view_get_result (view));
  else
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * baton_handoff_note_cancel:
 * @self: a handoff
 *
 * Remembers that it was asked to stop.
 */
void
baton_handoff_note_cancel (BatonHandoff *self)
{
  g_return_if_fail (BATON_IS_HANDOFF (self));

  self->cancel_noted = TRUE;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * baton_handoff_end:
 * @self: a handoff
 * @result: (nullable): what it came to, %NULL where nobody can say
 */
void
baton_handoff_end (BatonHandoff *self, JsonObject *result)
{
  g_return_if_fail (BATON_IS_HANDOFF (self));

  if (self->ended)
    return;

  self->ended = TRUE;
  self->ended_us = g_get_monotonic_time ();
  if (result != NULL)
    self->result = json_object_ref (result);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * baton_handoff_get_id:
 *
 * Returns: (nullable): the helper's name for it, %NULL until it has spoken
 */
const char *
baton_handoff_get_id (BatonHandoff *self)
{
  return self->id;
}

/**
 * baton_handoff_get_card:
 *
 * Returns: (nullable): address of the card
 */
const char *
baton_handoff_get_card (BatonHandoff *self)
{
  return self->card;
}

/**
 * baton_handoff_get_to:
 *
 * Returns: (nullable): `guest` or `host`
 */
const char *
baton_handoff_get_to (BatonHandoff *self)
{
  return self->to;
}

/**
 * baton_handoff_is_ours:
 *
 * Returns: %TRUE if this window asked for it
 */
gboolean
baton_handoff_is_ours (BatonHandoff *self)
{
  return self->is_ours;
}

/**
 * baton_handoff_get_phase:
 *
 * Returns: how far it is
 */
BatonHandoffPhase
baton_handoff_get_phase (BatonHandoff *self)
{
  if (self->ended)
    return BATON_HANDOFF_ENDED;
  if (self->cancel_noted || self->undoing)
    return BATON_HANDOFF_CANCELLING;
  if (self->id == NULL)
    return BATON_HANDOFF_ASKING;

  return BATON_HANDOFF_RUNNING;
}

static gboolean
is_at (BatonHandoff *self, const char *kind)
{
  return self->current >= 0 &&
         g_strcmp0 (baton_json_get_string (baton_handoff_get_step (self, (guint) self->current),
                                           "kind"),
                    kind) == 0;
}

/**
 * baton_handoff_is_waiting:
 *
 * Returns: %TRUE while it waits for a virtual machine to stop, which may take hours
 */
gboolean
baton_handoff_is_waiting (BatonHandoff *self)
{
  return baton_handoff_get_phase (self) == BATON_HANDOFF_RUNNING && is_at (self, "wait-guest");
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
static gboolean
is_cancel_heard (BatonHandoff *self)
{
  gboolean to_host = g_strcmp0 (self->to, "host") == 0;

  if (is_at (self, "wait-guest"))
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
 * baton_handoff_can_cancel:
 * @self: a handoff
 *
 * Says what the worker does: asked too late, it goes on to its end.
 *
 * Returns: %TRUE if it may still be asked to stop
 */
gboolean
baton_handoff_can_cancel (BatonHandoff *self)
{
  BatonHandoffPhase phase = baton_handoff_get_phase (self);

  return phase == BATON_HANDOFF_ASKING ||
         (phase == BATON_HANDOFF_RUNNING && is_cancel_heard (self));
}

/**
 * baton_handoff_get_elapsed_s:
 *
 * Returns: how long it has been going on, or went on, in seconds
 */
gint64
baton_handoff_get_elapsed_s (BatonHandoff *self)
{
  gint64 until_us = self->ended ? self->ended_us : g_get_monotonic_time ();

  return (until_us - self->started_us) / G_USEC_PER_SEC;
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

/**
 * baton_handoff_get_result:
 *
 * Returns: (transfer none) (nullable): what it came to
 */
JsonObject *
baton_handoff_get_result (BatonHandoff *self)
{
  return self->result;
}
