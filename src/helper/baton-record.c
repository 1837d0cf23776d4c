/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record.h"

#include "baton-along.h"
#include "baton-error.h"
#include "baton-unit-notes.h"
#include "baton-xorg-place.h"

static void
unref_remembered (gpointer data)
{
  if (data != NULL)
    json_node_unref (data);
}

BatonRecord *
baton_record_new (void)
{
  BatonRecord *self = g_new0 (BatonRecord, 1);

  self->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_step_free);
  self->remembered = g_ptr_array_new_with_free_func (unref_remembered);

  return self;
}

void
baton_record_free (BatonRecord *self)
{
  g_free (self->handoff);
  g_free (self->boot_id);
  g_free (self->card_name);
  g_strfreev (self->cards);
  g_ptr_array_unref (self->steps);
  g_ptr_array_unref (self->remembered);
  g_clear_pointer (&self->before, baton_card_state_free);
  g_clear_pointer (&self->origin, baton_card_state_free);
  g_free (self);
}

/**
 * baton_record_read_boot_id:
 * @root: the roots
 *
 * Returns: (transfer full): what tells this boot from every other, empty where it cannot be read,
 *   which is like no boot that a journal names
 */
char *
baton_record_read_boot_id (BatonRoot *root)
{
  char *id = baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);

  return id != NULL ? id : g_strdup ("");
}

/* How the card stood before it left the host: remembered from then, or as it is now. One that was
 * parked at boot or by other tools has no such record, and comes back by what the kernel knows. */
static void
find_origin (BatonRecord *self,
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

static BatonStep *
copy_step (const BatonStep *step)
{
  BatonStep *copy = baton_step_new (step->kind, step->target, step->detail);

  copy->n = step->n;
  copy->persistent = step->persistent;

  return copy;
}

/**
 * baton_record_new_for_plan:
 * @root: the roots
 * @request: what was asked for
 * @plan: what is carried out
 * @card: the card, as it was just looked at
 * @events: where a warning goes
 *
 * Returns: (transfer full): what is written down before the first effect, but for what the steps
 *   themselves remember
 */
BatonRecord *
baton_record_new_for_plan (BatonRoot *root,
                           const BatonRequest *request,
                           const BatonPlan *plan,
                           const BatonCard *card,
                           BatonEventWriter *events)
{
  BatonRecord *self = baton_record_new ();

  self->handoff = g_strdup (request->handoff);
  self->boot_id = baton_record_read_boot_id (root);
  self->uid = request->uid;
  self->card_name = g_strdup (baton_card_get_name (card));
  self->cards = g_strdupv (plan->cards);
  self->to = plan->to;
  self->before = baton_card_state_new (card);
  find_origin (self, root, card, request->hook_guest, events);
  for (guint i = 0; i < plan->steps->len; i++)
    g_ptr_array_add (self->steps, copy_step (g_ptr_array_index (plan->steps, i)));

  return self;
}

static JsonNode *
steps_to_json (const BatonRecord *self)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->steps->len; i++)
    json_array_add_element (array, baton_step_to_json (g_ptr_array_index (self->steps, i)));
  json_node_take_array (node, array);

  return node;
}

static JsonNode *
remembered_to_json (const BatonRecord *self)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->remembered->len; i++)
    {
      JsonNode *item = g_ptr_array_index (self->remembered, i);

      json_array_add_element (array, item != NULL ? json_node_copy (item)
                                                  : json_node_new (JSON_NODE_NULL));
    }
  json_node_take_array (node, array);

  return node;
}

/**
 * baton_record_to_json:
 * @self: a record
 *
 * Returns: (transfer full): what baton_record_new_from_json() reads
 */
JsonNode *
baton_record_to_json (const BatonRecord *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *cards = json_array_new ();

  for (guint i = 0; self->cards[i] != NULL; i++)
    json_array_add_string_element (cards, self->cards[i]);
  json_object_set_string_member (object, "handoff", self->handoff);
  json_object_set_string_member (object, "boot_id", self->boot_id);
  json_object_set_int_member (object, "uid", self->uid);
  json_object_set_string_member (object, "card_name", self->card_name);
  json_object_set_array_member (object, "cards", cards);
  json_object_set_string_member (object, "to", baton_side_to_string (self->to));
  json_object_set_member (object, "steps", steps_to_json (self));
  json_object_set_member (object, "remembered", remembered_to_json (self));
  json_object_set_member (object, "before", baton_card_state_to_json (self->before));
  json_object_set_member (object, "origin",
                          self->origin != NULL ? baton_card_state_to_json (self->origin)
                                               : json_node_new (JSON_NODE_NULL));
  json_object_set_boolean_member (object, "made_origin", self->made_origin);
  json_node_take_object (node, object);

  return node;
}

static gboolean
take_cards (BatonRecord *self, JsonArray *array)
{
  guint length = json_array_get_length (array);
  g_autoptr (GPtrArray) cards = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < length; i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        return FALSE;
      g_ptr_array_add (cards, json_node_dup_string (item));
    }
  g_ptr_array_add (cards, NULL);
  self->cards = (GStrv) g_ptr_array_free (g_steal_pointer (&cards), FALSE);

  return length > 0;
}

static gboolean
take_steps (BatonRecord *self, JsonArray *steps, JsonArray *remembered, GError **error)
{
  guint length = json_array_get_length (steps);

  if (json_array_get_length (remembered) != length)
    return FALSE;
  for (guint i = 0; i < length; i++)
    {
      BatonStep *step = baton_step_new_from_json (json_array_get_element (steps, i), error);
      JsonNode *item = json_array_get_element (remembered, i);

      if (step == NULL)
        return FALSE;
      g_ptr_array_add (self->steps, step);
      g_ptr_array_add (self->remembered,
                       JSON_NODE_HOLDS_NULL (item) ? NULL : json_node_copy (item));
    }

  return TRUE;
}

static JsonArray *
get_array (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
take_all (BatonRecord *self, JsonObject *object, GError **error)
{
  JsonArray *cards = get_array (object, "cards");
  JsonArray *steps = get_array (object, "steps");
  JsonArray *remembered = get_array (object, "remembered");
  JsonNode *before = json_object_get_member (object, "before");
  JsonNode *origin = json_object_get_member (object, "origin");
  const char *to = json_object_get_string_member_with_default (object, "to", "");

  self->handoff = g_strdup (json_object_get_string_member_with_default (object, "handoff", ""));
  self->boot_id = g_strdup (json_object_get_string_member_with_default (object, "boot_id", ""));
  self->uid = (guint) json_object_get_int_member_with_default (object, "uid", 0);
  self->card_name =
      g_strdup (json_object_get_string_member_with_default (object, "card_name", ""));
  self->made_origin =
      json_object_get_boolean_member_with_default (object, "made_origin", FALSE);
  if (cards == NULL || steps == NULL || remembered == NULL || before == NULL ||
      !baton_side_from_string (to, &self->to) || !take_cards (self, cards) ||
      !take_steps (self, steps, remembered, error))
    return FALSE;
  self->before = baton_card_state_new_from_json (before, error);
  if (self->before == NULL)
    return FALSE;
  if (origin != NULL && !JSON_NODE_HOLDS_NULL (origin))
    self->origin = baton_card_state_new_from_json (origin, error);

  return origin == NULL || JSON_NODE_HOLDS_NULL (origin) || self->origin != NULL;
}

/**
 * baton_record_new_from_json:
 * @node: a journal's header
 * @error: return location for an error
 *
 * Returns: (transfer full): the record, or %NULL with %BATON_ERROR_PARSE
 */
BatonRecord *
baton_record_new_from_json (JsonNode *node, GError **error)
{
  g_autoptr (BatonRecord) self = baton_record_new ();
  g_autoptr (GError) cause = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node) && take_all (self, json_node_get_object (node), &cause))
    return g_steal_pointer (&self);

  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "the journal's header is damaged%s%s",
               cause != NULL ? ": " : "", cause != NULL ? cause->message : "");

  return NULL;
}

/**
 * baton_record_settle_origin:
 * @self: a record
 * @root: the roots
 * @end: what the handoff came to
 * @error: return location for an error
 *
 * How the card stood before it left the host is remembered for as long as it
 * is away: not after it has come back, nor where it never left. What is to be
 * put back for Xorg is noted until the card is back, whatever else went wrong.
 *
 * Returns: %FALSE if it could not be forgotten
 */
gboolean
baton_record_settle_origin (const BatonRecord *self,
                            BatonRoot *root,
                            const BatonEnd *end,
                            GError **error)
{
  BatonExit status = end->status;
  gboolean is_back = self->to == BATON_SIDE_HOST && status == BATON_EXIT_DONE;
  gboolean has_come = is_back || end->code == BATON_CODE_RETURNED_WITH_PROBLEMS;
  gboolean never_left =
      self->made_origin && (status == BATON_EXIT_CANCELLED || status == BATON_EXIT_ROLLED_BACK);

  if (has_come && !baton_xorg_forget_if_back (root, self->before->card, error))
    return FALSE;

  return !(is_back || never_left) ||
         (baton_unit_notes_forget (root, self->before->card, error) &&
          baton_along_forget (root, self->before->card, error) &&
          baton_card_state_forget (root, self->before->card, error));
}
