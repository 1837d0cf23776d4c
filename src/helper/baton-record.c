/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record.h"

#include "baton-error.h"
#include "baton-stand-in-note.h"
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
  g_clear_pointer (&self->own, baton_move_free);
  g_clear_pointer (&self->stand_in, baton_move_free);
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

static BatonStep *
copy_step (const BatonStep *step)
{
  BatonStep *copy = baton_step_new (step->kind, step->target, step->detail);

  copy->n = step->n;
  copy->card = g_strdup (step->card);
  copy->persistent = step->persistent;

  return copy;
}

/**
 * baton_record_new_for_plan:
 * @root: the roots
 * @request: what was asked for
 * @plan: what is carried out
 * @machine: the machine as it was just looked at, with the plan's cards
 * @events: where a warning goes
 *
 * Returns: (transfer full): what is written down before the first effect, but for what the steps
 *   themselves remember
 */
BatonRecord *
baton_record_new_for_plan (BatonRoot *root,
                           const BatonRequest *request,
                           const BatonPlan *plan,
                           BatonMachine *machine,
                           BatonEventWriter *events)
{
  BatonRecord *self = baton_record_new ();
  const BatonCard *card = baton_machine_find_card (machine, plan->cards[0]);
  const BatonCard *stand_in =
      plan->stand_in != NULL ? baton_machine_find_card (machine, plan->stand_in) : NULL;
  BatonSide other_side = plan->to == BATON_SIDE_GUEST ? BATON_SIDE_HOST : BATON_SIDE_GUEST;

  self->handoff = g_strdup (request->handoff);
  self->boot_id = baton_record_read_boot_id (root);
  self->uid = request->uid;
  self->card_name = g_strdup (baton_card_get_name (card));
  self->cards = g_strdupv (plan->cards);
  self->to = plan->to;
  self->own = baton_move_new (root, card, plan->to, request->hook_guest, events);
  if (stand_in != NULL)
    self->stand_in = baton_move_new (root, stand_in, other_side, NULL, events);
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

static JsonNode *
stand_in_to_json (const BatonRecord *self)
{
  JsonNode *node = NULL;
  JsonObject *object = NULL;

  if (self->stand_in == NULL)
    return json_node_new (JSON_NODE_NULL);
  node = json_node_new (JSON_NODE_OBJECT);
  object = json_object_new ();
  baton_move_write (self->stand_in, object);
  json_node_take_object (node, object);

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
  baton_move_write (self->own, object);
  json_object_set_member (object, "steps", steps_to_json (self));
  json_object_set_member (object, "remembered", remembered_to_json (self));
  json_object_set_member (object, "stand_in", stand_in_to_json (self));
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
take_moves (BatonRecord *self, JsonObject *object, GError **error)
{
  JsonNode *stand_in = json_object_get_member (object, "stand_in");

  self->own = baton_move_new_from_json (object, error);
  if (self->own == NULL)
    return FALSE;
  self->to = self->own->to;
  if (stand_in == NULL || JSON_NODE_HOLDS_NULL (stand_in))
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (stand_in))
    self->stand_in = baton_move_new_from_json (json_node_get_object (stand_in), error);

  return self->stand_in != NULL;
}

static gboolean
take_all (BatonRecord *self, JsonObject *object, GError **error)
{
  JsonArray *cards = get_array (object, "cards");
  JsonArray *steps = get_array (object, "steps");
  JsonArray *remembered = get_array (object, "remembered");

  self->handoff = g_strdup (json_object_get_string_member_with_default (object, "handoff", ""));
  self->boot_id = g_strdup (json_object_get_string_member_with_default (object, "boot_id", ""));
  self->uid = (guint) json_object_get_int_member_with_default (object, "uid", 0);
  self->card_name =
      g_strdup (json_object_get_string_member_with_default (object, "card_name", ""));

  return cards != NULL && steps != NULL && remembered != NULL && take_cards (self, cards) &&
         take_steps (self, steps, remembered, error) && take_moves (self, object, error);
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
 * baton_record_get_move:
 * @self: a record
 * @step: one of its steps
 *
 * Returns: (transfer none): what is done with the card that the step is for
 */
const BatonMove *
baton_record_get_move (const BatonRecord *self, const BatonStep *step)
{
  return self->stand_in != NULL && g_strcmp0 (step->card, self->stand_in->before->card) == 0
             ? self->stand_in
             : self->own;
}

/**
 * baton_record_note:
 * @self: a record
 * @root: the roots
 * @error: return location for an error
 *
 * Notes in `/run`, before the first effect, what later handoffs will need to know.
 *
 * Returns: %TRUE if all of it is noted
 */
gboolean
baton_record_note (const BatonRecord *self, BatonRoot *root, GError **error)
{
  const BatonMove *stand_in = self->stand_in;

  if (!baton_move_note (self->own, root, error))
    return FALSE;
  if (stand_in == NULL)
    return TRUE;
  if (stand_in->to == BATON_SIDE_GUEST)
    return baton_move_note (stand_in, root, error);

  return baton_stand_in_note_make (root, self->own->before->card, stand_in->before, error);
}

static gboolean
has_left_nothing (const BatonEnd *end)
{
  return end->status == BATON_EXIT_CANCELLED || end->status == BATON_EXIT_ROLLED_BACK;
}

/* What was taken from vfio-pci is noted for as long as it stands in. */
static gboolean
settle_stand_in (const BatonRecord *self, BatonRoot *root, const BatonEnd *end, GError **error)
{
  const BatonMove *stand_in = self->stand_in;
  const char *card = self->own->before->card;
  gboolean is_done = end->status == BATON_EXIT_DONE;

  if (stand_in == NULL)
    return TRUE;
  if (stand_in->to == BATON_SIDE_HOST)
    return (!is_done || baton_move_forget (stand_in, root, error)) &&
           (!has_left_nothing (end) || baton_stand_in_note_drop (root, card, error));
  if (is_done)
    return baton_unit_notes_forget (root, stand_in->before->card, error) &&
           baton_stand_in_note_drop (root, card, error);

  return !(stand_in->made_origin && has_left_nothing (end)) ||
         baton_move_forget (stand_in, root, error);
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
  gboolean never_left = self->own->made_origin && has_left_nothing (end);

  if (has_come && !baton_xorg_forget_if_back (root, self->own->before->card, error))
    return FALSE;

  return (!(is_back || never_left) || baton_move_forget (self->own, root, error)) &&
         settle_stand_in (self, root, end, error);
}
