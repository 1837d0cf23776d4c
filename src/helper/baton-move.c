/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-move.h"

#include "baton-along.h"
#include "baton-error.h"
#include "baton-unit-notes.h"

void
baton_move_free (BatonMove *self)
{
  g_clear_pointer (&self->before, baton_card_state_free);
  g_clear_pointer (&self->origin, baton_card_state_free);
  g_free (self);
}

/* How the card stood before it left the host: remembered from then, or as it is now. One that was
 * parked at boot or by other tools has no such record, and comes back by what the kernel knows. */
static void
find_origin (BatonMove *self,
             BatonRoot *root,
             const BatonCard *card,
             const char *hook_guest,
             BatonEventWriter *events)
{
  g_autoptr (GError) error = NULL;

  self->origin = baton_card_state_load (root, self->before->card, &error);
  if (self->origin != NULL && !baton_card_state_same_devices (self->origin, self->before))
    g_clear_pointer (&self->origin, baton_card_state_free);
  if (error != NULL && !g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    baton_event_writer_log (events, "warning", error->message);
  /* One that came back in parts is still to be as it was before it left. */
  if (card->side != BATON_SIDE_HOST || self->to == BATON_SIDE_HOST)
    return;

  /* It stands on the host now, whatever was remembered before. */
  g_clear_pointer (&self->origin, baton_card_state_free);
  self->origin = baton_card_state_new (card);
  self->origin->hook_guest = g_strdup (hook_guest);
  self->made_origin = TRUE;
}

/**
 * baton_move_new:
 * @root: the roots
 * @card: the card, as it was just looked at
 * @to: side that it is to go to
 * @hook_guest: (nullable): as in #BatonRequest
 * @events: where a warning goes
 *
 * Returns: (transfer full): what is to be known of the card before the first effect
 */
BatonMove *
baton_move_new (BatonRoot *root,
                const BatonCard *card,
                BatonSide to,
                const char *hook_guest,
                BatonEventWriter *events)
{
  BatonMove *self = g_new0 (BatonMove, 1);

  self->to = to;
  self->before = baton_card_state_new (card);
  find_origin (self, root, card, hook_guest, events);

  return self;
}

/**
 * baton_move_new_from_json:
 * @object: what baton_move_write() wrote into
 * @error: return location for an error; not set where @object has another shape
 *
 * Returns: (transfer full): the move, or %NULL
 */
BatonMove *
baton_move_new_from_json (JsonObject *object, GError **error)
{
  g_autoptr (BatonMove) self = g_new0 (BatonMove, 1);
  JsonNode *before = json_object_get_member (object, "before");
  JsonNode *origin = json_object_get_member (object, "origin");
  const char *to = json_object_get_string_member_with_default (object, "to", "");

  self->made_origin =
      json_object_get_boolean_member_with_default (object, "made_origin", FALSE);
  if (before == NULL || !baton_side_from_string (to, &self->to))
    return NULL;
  self->before = baton_card_state_new_from_json (before, error);
  if (self->before == NULL)
    return NULL;
  if (origin == NULL || JSON_NODE_HOLDS_NULL (origin))
    return g_steal_pointer (&self);
  self->origin = baton_card_state_new_from_json (origin, error);

  return self->origin != NULL ? g_steal_pointer (&self) : NULL;
}

/**
 * baton_move_write:
 * @self: a move
 * @object: where its members go
 */
void
baton_move_write (const BatonMove *self, JsonObject *object)
{
  json_object_set_string_member (object, "to", baton_side_to_string (self->to));
  json_object_set_member (object, "before", baton_card_state_to_json (self->before));
  json_object_set_member (object, "origin",
                          self->origin != NULL ? baton_card_state_to_json (self->origin)
                                               : json_node_new (JSON_NODE_NULL));
  json_object_set_boolean_member (object, "made_origin", self->made_origin);
}

/**
 * baton_move_note:
 * @self: a move that is about to begin
 * @root: the roots
 * @error: return location for an error
 *
 * Notes in `/run` what the card's return will need: how it stood, and what goes along.
 *
 * Returns: %TRUE if it is noted, or there is nothing to note
 */
gboolean
baton_move_note (const BatonMove *self, BatonRoot *root, GError **error)
{
  if (self->to == BATON_SIDE_GUEST && !baton_along_note (self->before, root, error))
    return FALSE;

  /* What was noted of a card that came back by another way counts no more. */
  return !self->made_origin || (baton_unit_notes_forget (root, self->before->card, error) &&
                                baton_card_state_save (self->origin, root, error));
}

/**
 * baton_move_forget:
 * @self: a move
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is noted any more of how the card stood
 */
gboolean
baton_move_forget (const BatonMove *self, BatonRoot *root, GError **error)
{
  const char *card = self->before->card;

  return baton_unit_notes_forget (root, card, error) &&
         baton_along_forget (root, card, error) && baton_card_state_forget (root, card, error);
}
