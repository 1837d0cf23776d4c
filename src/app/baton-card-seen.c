/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-seen.h"

#include "baton-json.h"

static gboolean
is_alike (JsonObject *a, JsonObject *b)
{
  return a == b || (a != NULL && b != NULL && json_object_equal (a, b));
}

/* Somebody who opens another card of the same driver counts in its modules as well. */
static gboolean
shares_driver (BatonView *view, const char *address)
{
  JsonArray *cards = baton_view_get_cards (view);
  const char *driver = baton_json_get_string (baton_view_find_card (view, address), "driver");

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *other = baton_json_nth_object (cards, i);

      if (g_strcmp0 (baton_json_get_string (other, "address"), address) != 0 &&
          g_strcmp0 (baton_json_get_string (other, "driver"), driver) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_same (JsonObject *a, JsonObject *b, const char *key)
{
  JsonNode *of_a = a != NULL ? json_object_get_member (a, key) : NULL;
  JsonNode *of_b = b != NULL ? json_object_get_member (b, key) : NULL;

  return of_a == of_b || (of_a != NULL && of_b != NULL && json_node_equal (of_a, of_b));
}

/* Not when they were told of, which is in the same object. */
static gboolean
are_same_holders (JsonObject *a, JsonObject *b, gboolean with_modules)
{
  return has_same (a, b, "complete") && has_same (a, b, "reason") &&
         has_same (a, b, "unreadable") && has_same (a, b, "holders") &&
         (!with_modules || has_same (a, b, "modules"));
}

static void
keep (JsonObject **place, JsonObject *object)
{
  if (object != NULL)
    json_object_ref (object);
  g_clear_pointer (place, json_object_unref);
  *place = object;
}

/**
 * baton_card_seen_keep:
 * @self: what was seen, zeroed at first
 * @view: what is known of the machine
 * @address: a card
 *
 * Keeps the card and who has it as they are now.
 */
void
baton_card_seen_keep (BatonCardSeen *self, BatonView *view, const char *address)
{
  keep (&self->card, baton_view_find_card (view, address));
  keep (&self->holders, baton_view_get_holders (view, address));
}

/**
 * baton_card_seen_differs:
 * @self: what was seen
 * @view: what is known of the machine
 * @address: the card
 *
 * Returns: %TRUE if the card or who has it is not what it was
 */
gboolean
baton_card_seen_differs (const BatonCardSeen *self, BatonView *view, const char *address)
{
  return !is_alike (self->card, baton_view_find_card (view, address)) ||
         !are_same_holders (self->holders, baton_view_get_holders (view, address),
                            !shares_driver (view, address));
}

/**
 * baton_card_seen_clear:
 * @self: what was seen
 *
 * Forgets it.
 */
void
baton_card_seen_clear (BatonCardSeen *self)
{
  g_clear_pointer (&self->card, json_object_unref);
  g_clear_pointer (&self->holders, json_object_unref);
}
