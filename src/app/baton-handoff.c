/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-private.h"

#include "baton-json.h"

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonHandoff, baton_handoff, G_TYPE_OBJECT)

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
  self->events = baton_handoff_create_events ();
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

  baton_handoff_take_plan (self, baton_view_get_plan (view),
                           baton_json_count (baton_view_get_step_events (view)));
  baton_handoff_take_steps (self, baton_view_get_step_events (view));

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

/**
 * baton_handoff_is_waiting:
 *
 * Returns: %TRUE while it waits for a virtual machine to stop, which may take hours
 */
gboolean
baton_handoff_is_waiting (BatonHandoff *self)
{
  return baton_handoff_get_phase (self) == BATON_HANDOFF_RUNNING &&
         baton_handoff_is_at (self, "wait-guest");
}

/**
 * baton_handoff_is_wait_cancelled:
 *
 * Returns: %TRUE if it was asked to stop while it waits for a virtual machine: the card stays where
 *   it is, and nothing is put back
 */
gboolean
baton_handoff_is_wait_cancelled (BatonHandoff *self)
{
  return baton_handoff_get_phase (self) == BATON_HANDOFF_CANCELLING && !self->undoing &&
         baton_handoff_is_at (self, "wait-guest");
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
         (phase == BATON_HANDOFF_RUNNING && baton_handoff_is_cancel_heard (self));
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
 * baton_handoff_get_result:
 *
 * Returns: (transfer none) (nullable): what it came to
 */
JsonObject *
baton_handoff_get_result (BatonHandoff *self)
{
  return self->result;
}
