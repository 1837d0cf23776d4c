/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-view.h"

#include "baton-json.h"

#include <string.h>

/* More than any machine has: a list that never ends must not take all memory. */
#define MAX_ITEMS 65536

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

  GHashTable *pending; /* key of a list that goes on, to JsonObject */
  gboolean running;
};

typedef struct
{
  const char *type;
  BatonViewChange change;
  const char *lists[3];
} Kind;

/* What may take several lines, and which of its members are then appended. */
static const Kind kinds[] = {
  { "machine", BATON_VIEW_MACHINE, { "cards", "groups", NULL } },
  { "holders", BATON_VIEW_HOLDERS, { "holders", "modules", NULL } },
  { "plan", BATON_VIEW_PLAN, { "findings", "steps", NULL } },
  { "report", BATON_VIEW_REPORT, { "steps", NULL } },
};

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
  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_object);
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
  g_hash_table_unref (self->pending);
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

static const Kind *
find_kind (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].type, type) == 0)
      return &kinds[i];

  return NULL;
}

/* Appends the lists of @later to those of @first, with which it shares the snapshot. */
static void
append_lists (const Kind *kind, JsonObject *first, JsonObject *later)
{
  for (guint i = 0; kind->lists[i] != NULL; i++)
    {
      JsonArray *to = baton_json_get_array (first, kind->lists[i]);
      JsonArray *from = baton_json_get_array (later, kind->lists[i]);

      if (to == NULL || from == NULL)
        continue;

      for (guint j = 0; j < json_array_get_length (from); j++)
        if (json_array_get_length (to) < MAX_ITEMS)
          json_array_add_element (to, json_node_copy (json_array_get_element (from, j)));
    }
}

/* A line of its own would be changed by what is appended to it, and it is the caller's. */
static JsonObject *
copy_lists (const Kind *kind, JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *key = NULL;
  JsonNode *node = NULL;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &node))
    {
      if (g_strv_contains (kind->lists, key) && JSON_NODE_HOLDS_ARRAY (node))
        json_object_set_array_member (copy, key, json_array_new ());
      else
        json_object_set_member (copy, key, json_node_copy (node));
    }

  append_lists (kind, copy, object);

  return copy;
}

/* Returns: (transfer full): the whole list where this line was its last, else %NULL */
static JsonObject *
collect (BatonView *self, const Kind *kind, const BatonEvent *event)
{
  const char *card = baton_json_get_string (event->object, "card");
  g_autofree char *key = g_strconcat (kind->type, "/", card != NULL ? card : "", NULL);
  JsonObject *pending = g_hash_table_lookup (self->pending, key);
  JsonObject *whole = NULL;

  if (pending != NULL &&
      baton_json_get_int (pending, "snap", 0) != baton_json_get_int (event->object, "snap", 0))
    {
      g_hash_table_remove (self->pending, key);
      pending = NULL;
    }

  if (pending == NULL && !baton_json_get_boolean (event->object, "more"))
    return json_object_ref (event->object);

  if (pending == NULL)
    {
      g_hash_table_insert (self->pending, g_steal_pointer (&key),
                           copy_lists (kind, event->object));
      return NULL;
    }

  append_lists (kind, pending, event->object);
  if (baton_json_get_boolean (event->object, "more"))
    return NULL;

  whole = json_object_ref (pending);
  g_hash_table_remove (self->pending, key);

  return whole;
}

/* Cards that are no longer there have no holders either. */
static gboolean
is_of_no_card (gpointer key, gpointer value, gpointer user_data)
{
  return baton_view_find_card (user_data, key) == NULL;
}

static guint
take_whole (BatonView *self, const Kind *kind, JsonObject *whole)
{
  const char *card = NULL;

  switch (kind->change)
    {
    case BATON_VIEW_MACHINE:
      replace (&self->machine, whole);
      g_hash_table_foreach_remove (self->holders, is_of_no_card, self);
      break;
    case BATON_VIEW_HOLDERS:
      card = baton_json_get_string (whole, "card");
      if (card == NULL)
        return BATON_VIEW_NOTHING;
      g_hash_table_insert (self->holders, g_strdup (card), json_object_ref (whole));
      break;
    case BATON_VIEW_PLAN:
      replace (&self->plan, whole);
      break;
    case BATON_VIEW_REPORT:
      replace (&self->report, whole);
      break;
    default:
      return BATON_VIEW_NOTHING;
    }

  return kind->change;
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
  const Kind *kind = find_kind (event->type);

  follow_handoff (self, event);

  if (kind != NULL)
    {
      g_autoptr (JsonObject) whole = collect (self, kind, event);

      return whole != NULL ? take_whole (self, kind, whole) : BATON_VIEW_NOTHING;
    }

  if (strcmp (event->type, "hello") == 0)
    {
      replace (&self->hello, event->object);
      g_hash_table_remove_all (self->pending);
      return BATON_VIEW_HELLO;
    }

  if (strcmp (event->type, "step") == 0)
    {
      if (json_array_get_length (self->steps) < MAX_ITEMS)
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
