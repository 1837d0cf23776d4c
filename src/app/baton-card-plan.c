/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-plan.h"

#include "baton-card-seen.h"
#include "baton-json.h"
#include "baton-words.h"

struct _BatonCardPlan
{
  /* owned */
  BatonModel *model;
  char *address;
  BatonPreview *preview;
  BatonCardSeen seen; /* when the helper was asked for a plan */
};

/**
 * baton_card_plan_new:
 * @model: the window's model
 * @address: a card
 *
 * Returns: (transfer full): the plan of that card, for which nobody has asked yet
 */
BatonCardPlan *
baton_card_plan_new (BatonModel *model, const char *address)
{
  BatonCardPlan *self = g_new0 (BatonCardPlan, 1);

  self->model = g_object_ref (model);
  self->address = g_strdup (address);
  self->preview = baton_model_create_preview (model);

  return self;
}

/**
 * baton_card_plan_free:
 * @self: (nullable): the plan of a card
 *
 * Frees @self.
 */
void
baton_card_plan_free (BatonCardPlan *self)
{
  if (self == NULL)
    return;

  g_object_unref (self->preview);
  g_object_unref (self->model);
  g_free (self->address);
  baton_card_seen_clear (&self->seen);
  g_free (self);
}

/**
 * baton_card_plan_get_address:
 * @self: the plan of a card
 *
 * Returns: the card's address
 */
const char *
baton_card_plan_get_address (BatonCardPlan *self)
{
  return self->address;
}

/**
 * baton_card_plan_get_preview:
 * @self: the plan of a card
 *
 * Returns: (transfer none): what asks for the plan, and tells when there is another
 */
BatonPreview *
baton_card_plan_get_preview (BatonCardPlan *self)
{
  return self->preview;
}

/**
 * baton_card_plan_get_card:
 * @self: the plan of a card
 *
 * Returns: (transfer none) (nullable): the card, %NULL where it is no longer there
 */
JsonObject *
baton_card_plan_get_card (BatonCardPlan *self)
{
  return baton_view_find_card (baton_model_get_view (self->model), self->address);
}

/**
 * baton_card_plan_get_holders:
 * @self: the plan of a card
 *
 * Returns: (transfer none) (nullable): who has the card
 */
JsonObject *
baton_card_plan_get_holders (BatonCardPlan *self)
{
  return baton_view_get_holders (baton_model_get_view (self->model), self->address);
}

/**
 * baton_card_plan_get_handoff:
 * @self: the plan of a card
 *
 * Returns: (transfer none) (nullable): the handoff that is shown, where it is of this card
 */
BatonHandoff *
baton_card_plan_get_handoff (BatonCardPlan *self)
{
  BatonHandoff *handoff = baton_model_get_handoff (self->model);

  if (handoff == NULL || g_strcmp0 (baton_handoff_get_card (handoff), self->address) != 0)
    return NULL;

  return handoff;
}

/**
 * baton_card_plan_create_request:
 * @self: the plan of a card
 * @to: a side
 *
 * Returns: (transfer full): a request that takes the card there
 */
BatonRequest *
baton_card_plan_create_request (BatonCardPlan *self, BatonSide to)
{
  BatonRequest *request = baton_request_new ();
  JsonObject *card = baton_card_plan_get_card (self);

  g_strfreev (request->cards);
  request->cards = g_new0 (char *, 2);
  request->cards[0] = g_strdup (self->address);
  request->to = to;
  /* Part of the plan only where a session of this user's ends. */
  request->log_out = baton_model_can_log_out (self->model);
  request->when_free =
      to == BATON_SIDE_HOST && baton_json_count (baton_json_get_array (card, "guests")) > 0;

  return request;
}

/**
 * baton_card_plan_get_plan:
 * @self: the plan of a card
 *
 * Only the plan for where the card can go from here; after a handoff the last one is about the way
 * that it has just gone.
 *
 * Returns: (transfer none) (nullable): the plan
 */
JsonObject *
baton_card_plan_get_plan (BatonCardPlan *self)
{
  JsonObject *plan = baton_preview_get_plan (self->preview);
  const char *to =
      baton_side_to_string (baton_words_get_other_side (baton_card_plan_get_card (self)));

  return g_strcmp0 (baton_json_get_string (plan, "to"), to) == 0 ? plan : NULL;
}

/**
 * baton_card_plan_is_busy:
 * @self: the plan of a card
 *
 * Returns: %TRUE while a handoff of the card goes on
 */
gboolean
baton_card_plan_is_busy (BatonCardPlan *self)
{
  BatonHandoff *handoff = baton_card_plan_get_handoff (self);

  return handoff != NULL && baton_handoff_get_phase (handoff) != BATON_HANDOFF_ENDED;
}

/**
 * baton_card_plan_find_finding:
 * @self: the plan of a card
 * @code_prefix: how its code begins
 *
 * Returns: (transfer none) (nullable): the first such finding
 */
JsonObject *
baton_card_plan_find_finding (BatonCardPlan *self, const char *code_prefix)
{
  JsonArray *findings = baton_json_get_array (baton_card_plan_get_plan (self), "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *code = baton_json_get_string (finding, "code");

      if (code != NULL && g_str_has_prefix (code, code_prefix))
        return finding;
    }

  return NULL;
}

/**
 * baton_card_plan_is_stale:
 * @self: the plan of a card
 *
 * Returns: %TRUE if the card or its holders are not what they were when the plan was asked for,
 *   see #BatonCardSeen
 */
gboolean
baton_card_plan_is_stale (BatonCardPlan *self)
{
  return baton_card_seen_differs (&self->seen, baton_model_get_view (self->model),
                                  self->address);
}

/**
 * baton_card_plan_ask:
 * @self: the plan of a card
 *
 * Asks for a plan, unless one could not be used.
 */
void
baton_card_plan_ask (BatonCardPlan *self)
{
  g_autoptr (BatonRequest) request = NULL;

  /* In the middle of a handoff a plan would only say that one is under way. */
  if (baton_card_plan_get_card (self) == NULL || baton_card_plan_is_busy (self))
    return;

  baton_card_seen_keep (&self->seen, baton_model_get_view (self->model), self->address);
  request = baton_card_plan_create_request (
      self, baton_words_get_other_side (baton_card_plan_get_card (self)));
  baton_preview_ask (self->preview, request);
}
