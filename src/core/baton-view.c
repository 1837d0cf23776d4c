/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-view.h"

#include <string.h>

#include "baton-json.h"
#include "baton-list-joiner.h"

struct _BatonView
{
  /* owned; each may be NULL: not heard of yet */
  JsonObject *hello;
  JsonObject *machine;
  GHashTable *holders; /* address to JsonObject */
  JsonObject *plan;
  JsonArray *steps;
  JsonObject *report;
  JsonObject *result;
  char *handoff;

  BatonListJoiner *joiner;
  gboolean running;
};

/* More steps than any handoff has: an output that never ends must not take all memory. */
#define MAX_STEPS 65536

static void
unref_object (gpointer data)
{
  json_object_unref (data);
}

/**
 * baton_view_new:
 *
 * Returns: (transfer full): a view that has heard of nothing
 */
BatonView *
baton_view_new (void)
{
  BatonView *self = g_new0 (BatonView, 1);

  self->holders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_object);
  self->joiner = baton_list_joiner_new ();
  self->steps = json_array_new ();

  return self;
}

/**
 * baton_view_free:
 * @self: (nullable): a view
 */
void
baton_view_free (BatonView *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->hello, json_object_unref);
  g_clear_pointer (&self->machine, json_object_unref);
  g_clear_pointer (&self->plan, json_object_unref);
  g_clear_pointer (&self->report, json_object_unref);
  g_clear_pointer (&self->result, json_object_unref);
  json_array_unref (self->steps);
  g_hash_table_unref (self->holders);
  baton_list_joiner_free (self->joiner);
  g_free (self->handoff);
  g_free (self);
}

static void
replace (JsonObject **place, JsonObject *object)
{
  json_object_ref (object);
  g_clear_pointer (place, json_object_unref);
  *place = object;
}

/* Cards that are no longer there have no holders either. */
static gboolean
is_of_no_card (gpointer key, gpointer value, gpointer user_data)
{
  return baton_view_find_card (user_data, key) == NULL;
}

static guint
take_holders (BatonView *self, JsonObject *holders)
{
  const char *card = baton_json_get_string (holders, "card");

  if (card == NULL)
    return BATON_VIEW_NOTHING;

  g_hash_table_insert (self->holders, g_strdup (card), json_object_ref (holders));
  return BATON_VIEW_HOLDERS;
}

/* Takes what is whole by now, of a type that the joiner joins. */
static guint
take_whole (BatonView *self, const char *type, JsonObject *whole)
{
  if (strcmp (type, "holders") == 0)
    return take_holders (self, whole);

  if (strcmp (type, "machine") == 0)
    {
      replace (&self->machine, whole);
      g_hash_table_foreach_remove (self->holders, is_of_no_card, self);
      return BATON_VIEW_MACHINE;
    }

  if (strcmp (type, "plan") == 0)
    {
      replace (&self->plan, whole);
      return BATON_VIEW_PLAN;
    }

  if (strcmp (type, "report") == 0)
    {
      replace (&self->report, whole);
      return BATON_VIEW_REPORT;
    }

  return BATON_VIEW_NOTHING;
}

/* The first line that belongs to another handoff begins it; what the last one did is no longer
 * shown. A report names a handoff that has ended. */
static void
follow_handoff (BatonView *self, const BatonEvent *event)
{
  gboolean ends = strcmp (event->type, "report") == 0;

  if (ends && (event->handoff == NULL || g_strcmp0 (event->handoff, self->handoff) == 0))
    self->running = FALSE;

  if (ends || event->handoff == NULL || g_strcmp0 (event->handoff, self->handoff) == 0)
    return;

  g_free (self->handoff);
  self->handoff = g_strdup (event->handoff);
  self->running = TRUE;
  json_array_unref (self->steps);
  self->steps = json_array_new ();
  g_clear_pointer (&self->result, json_object_unref);
}

/**
 * baton_view_feed:
 * @self: a view
 * @event: the next event of an output
 *
 * Takes in one event. Types that are unknown change nothing.
 *
 * Returns: set of #BatonViewChange: what is different now
 */
guint
baton_view_feed (BatonView *self, const BatonEvent *event)
{
  follow_handoff (self, event);

  if (baton_list_joiner_joins (event->type))
    {
      g_autoptr (JsonObject) whole = baton_list_joiner_push (self->joiner, event);

      return whole != NULL ? take_whole (self, event->type, whole) : BATON_VIEW_NOTHING;
    }

  if (strcmp (event->type, "hello") == 0)
    {
      replace (&self->hello, event->object);
      baton_list_joiner_forget (self->joiner);
      return BATON_VIEW_HELLO;
    }

  if (strcmp (event->type, "step") == 0)
    {
      if (json_array_get_length (self->steps) < MAX_STEPS)
        json_array_add_object_element (self->steps, json_object_ref (event->object));
      return BATON_VIEW_STEP;
    }

  if (strcmp (event->type, "result") == 0)
    {
      replace (&self->result, event->object);
      self->running = FALSE;
      return BATON_VIEW_RESULT;
    }

  if (strcmp (event->type, "log") == 0)
    return BATON_VIEW_LOG;
  if (strcmp (event->type, "heartbeat") == 0)
    return BATON_VIEW_HEARTBEAT;

  return BATON_VIEW_NOTHING;
}

/**
 * baton_view_get_hello:
 * @self: a view
 *
 * Returns: (nullable): the `hello` of the output, which says who speaks
 */
JsonObject *
baton_view_get_hello (BatonView *self)
{
  return self->hello;
}

/**
 * baton_view_get_machine:
 * @self: a view
 *
 * Returns: (nullable): the last whole `machine`
 */
JsonObject *
baton_view_get_machine (BatonView *self)
{
  return self->machine;
}

/**
 * baton_view_get_cards:
 * @self: a view
 *
 * Returns: (nullable): the machine's cards
 */
JsonArray *
baton_view_get_cards (BatonView *self)
{
  return baton_json_get_array (self->machine, "cards");
}

/**
 * baton_view_find_card:
 * @self: a view
 * @address: a card's address
 *
 * Returns: (nullable): that card
 */
JsonObject *
baton_view_find_card (BatonView *self, const char *address)
{
  JsonArray *cards = baton_view_get_cards (self);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *card = baton_json_nth_object (cards, i);

      if (card != NULL && g_strcmp0 (baton_json_get_string (card, "address"), address) == 0)
        return card;
    }

  return NULL;
}

/**
 * baton_view_get_groups:
 * @self: a view
 *
 * Returns: (nullable): the machine's IOMMU groups
 */
JsonArray *
baton_view_get_groups (BatonView *self)
{
  return baton_json_get_array (self->machine, "groups");
}

/**
 * baton_view_get_handmade:
 * @self: a view
 *
 * Returns: (nullable): what people have set up for the cards by hand
 */
JsonArray *
baton_view_get_handmade (BatonView *self)
{
  return baton_json_get_array (self->machine, "handmade");
}

/**
 * baton_view_get_holders:
 * @self: a view
 * @card: a card's address
 *
 * Returns: (nullable): the last whole `holders` of that card
 */
JsonObject *
baton_view_get_holders (BatonView *self, const char *card)
{
  return g_hash_table_lookup (self->holders, card);
}

/**
 * baton_view_get_plan:
 * @self: a view
 *
 * Returns: (nullable): the last whole `plan`
 */
JsonObject *
baton_view_get_plan (BatonView *self)
{
  return self->plan;
}

/**
 * baton_view_get_step_events:
 * @self: a view
 *
 * Returns: the `step` events of the handoff that runs or ran last, in their order; often empty
 */
JsonArray *
baton_view_get_step_events (BatonView *self)
{
  return self->steps;
}

/**
 * baton_view_get_report:
 * @self: a view
 *
 * Returns: (nullable): the last whole `report`
 */
JsonObject *
baton_view_get_report (BatonView *self)
{
  return self->report;
}

/**
 * baton_view_get_result:
 * @self: a view
 *
 * Returns: (nullable): the `result`, once it has come
 */
JsonObject *
baton_view_get_result (BatonView *self)
{
  return self->result;
}

/**
 * baton_view_get_handoff:
 * @self: a view
 *
 * Returns: (nullable): id of the handoff that is under way
 */
const char *
baton_view_get_handoff (BatonView *self)
{
  return self->running ? self->handoff : NULL;
}
