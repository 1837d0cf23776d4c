/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-order.h"

#include "baton-error.h"
#include "baton-json.h"
#include "baton-pci-address.h"

static JsonArray *
changes_to_json (const BatonProfileChanges *changes)
{
  g_auto (GStrv) arguments = baton_profile_changes_to_arguments (changes);
  JsonArray *array = json_array_new ();

  for (guint i = 0; arguments[i] != NULL; i++)
    json_array_add_string_element (array, arguments[i]);

  return array;
}

static BatonProfileChanges *
changes_from_json (JsonArray *array, GError **error)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = baton_json_node_get_string (json_array_get_element (array, i));

      if (text == NULL)
        {
          g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                               "the request's “changes” are wrong");
          return NULL;
        }
      g_ptr_array_add (arguments, (gpointer) text);
    }
  g_ptr_array_add (arguments, NULL);

  return baton_profile_changes_new_from_arguments ((const char *const *) arguments->pdata,
                                                   error);
}

/**
 * baton_handoff_order_to_text:
 * @verb: what the worker is to do
 * @request: (nullable): the handoff
 * @changes: (nullable): the change of the settings
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text (const char *verb,
                             const BatonRequest *request,
                             const BatonProfileChanges *changes,
                             guint uid)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "verb", verb);
  json_object_set_int_member (object, "uid", uid);
  json_object_set_member (object, "request",
                          request != NULL ? baton_request_to_json (request)
                                          : json_node_new (JSON_NODE_NULL));
  if (changes != NULL)
    json_object_set_array_member (object, "changes", changes_to_json (changes));
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
}

/**
 * baton_handoff_order_to_text_of_card:
 * @verb: what is to be done with a card for good
 * @card: address of the card, or of one of its functions
 * @undo: or undone
 * @programs: programs are to be kept off it, too
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text_of_card (
    const char *verb, const char *card, gboolean undo, gboolean programs, guint uid)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *about = json_object_new ();

  json_object_set_string_member (about, "address", card);
  json_object_set_boolean_member (about, "undo", undo);
  json_object_set_boolean_member (about, "programs", programs);
  json_object_set_string_member (object, "verb", verb);
  json_object_set_int_member (object, "uid", uid);
  json_object_set_null_member (object, "request");
  json_object_set_object_member (object, "card", about);
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
}

/* What a verb is told that is about no card: one thing, yes or no. */
static char *
to_text_with_flag (
    const char *verb, const char *name, const char *flag, gboolean value, guint uid)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *about = json_object_new ();

  json_object_set_boolean_member (about, flag, value);
  json_object_set_string_member (object, "verb", verb);
  json_object_set_int_member (object, "uid", uid);
  json_object_set_null_member (object, "request");
  json_object_set_object_member (object, name, about);
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
}

/**
 * baton_handoff_order_to_text_of_installation:
 * @undo: libvirt's hook is taken away, and not installed
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text_of_installation (gboolean undo, guint uid)
{
  return to_text_with_flag ("install-hook", "installation", "undo", undo, uid);
}

/**
 * baton_handoff_order_to_text_of_adoption:
 * @card: address of the card
 * @expect: (nullable): the digest of what was shown; %NULL puts back what was moved aside
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text_of_adoption (const char *card, const char *expect, guint uid)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *about = json_object_new ();

  json_object_set_string_member (about, "address", card);
  baton_json_set_string (about, "expect", expect);
  json_object_set_boolean_member (about, "undo", expect == NULL);
  json_object_set_string_member (object, "verb", "adopt");
  json_object_set_int_member (object, "uid", uid);
  json_object_set_null_member (object, "request");
  json_object_set_object_member (object, "adoption", about);
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
}

/**
 * baton_handoff_order_to_text_of_undo_all:
 * @settings: the settings are taken away, too
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text_of_undo_all (gboolean settings, guint uid)
{
  return to_text_with_flag ("undo-all", "removal", "settings", settings, uid);
}

static gboolean
take_installation (BatonHandoffOrder *self, JsonObject *installation, GError **error)
{
  self->installs = baton_json_read_boolean (installation, "undo", &self->undo);
  if (!self->installs)
    g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                         "the request's “installation” is wrong");

  return self->installs;
}

static gboolean
take_removal (BatonHandoffOrder *self, JsonObject *removal, GError **error)
{
  self->undoes_all = baton_json_read_boolean (removal, "settings", &self->settings);
  if (!self->undoes_all)
    g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                         "the request's “removal” is wrong");

  return self->undoes_all;
}

static gboolean
take_adoption (BatonHandoffOrder *self, JsonObject *adoption, GError **error)
{
  const char *card = baton_json_get_string (adoption, "address");

  self->expect = g_strdup (baton_json_get_string (adoption, "expect"));
  self->adopts = card != NULL && baton_pci_address_is_valid (card) &&
                 baton_json_read_boolean (adoption, "undo", &self->undo) &&
                 self->undo == (self->expect == NULL);
  if (self->adopts)
    self->card = g_strdup (card);
  else
    g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                         "the request's “adoption” is wrong");

  return self->adopts;
}

static gboolean
take_card (BatonHandoffOrder *self, JsonObject *about, GError **error)
{
  const char *card = baton_json_get_string (about, "address");

  if (card == NULL || !baton_pci_address_is_valid (card) ||
      !baton_json_read_boolean (about, "undo", &self->undo) ||
      !baton_json_read_boolean (about, "programs", &self->programs) ||
      (self->undo && self->programs))
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "the request's “card” is wrong");
      return FALSE;
    }
  self->card = g_strdup (card);

  return TRUE;
}

/**
 * baton_handoff_order_new_from_text:
 * @text: what baton_handoff_order_to_text() wrote
 * @error: return location for an error
 *
 * Reads an order back, as strictly as arguments are read: half of one is none.
 *
 * Returns: (transfer full): the order
 */
BatonHandoffOrder *
baton_handoff_order_new_from_text (const char *text, GError **error)
{
  g_autoptr (BatonHandoffOrder) order = g_new0 (BatonHandoffOrder, 1);
  g_autoptr (JsonNode) node = json_from_string (text, error);
  JsonObject *object = NULL;
  JsonNode *request = NULL;
  JsonArray *changes = NULL;
  JsonObject *about = NULL;
  JsonObject *installation = NULL;
  JsonObject *removal = NULL;
  JsonObject *adoption = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      if (node != NULL)
        g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE, "it is no object");
      g_prefix_error (error, "could not read the request: ");
      return NULL;
    }

  object = json_node_get_object (node);
  order->verb = g_strdup (json_object_get_string_member_with_default (object, "verb", ""));
  order->uid = (guint) json_object_get_int_member_with_default (object, "uid", 0);
  changes = baton_json_get_array (object, "changes");
  if (changes != NULL)
    {
      order->changes = changes_from_json (changes, error);
      return order->changes != NULL ? g_steal_pointer (&order) : NULL;
    }
  about = baton_json_get_object (object, "card");
  if (about != NULL)
    return take_card (order, about, error) ? g_steal_pointer (&order) : NULL;
  installation = baton_json_get_object (object, "installation");
  if (installation != NULL)
    return take_installation (order, installation, error) ? g_steal_pointer (&order) : NULL;
  removal = baton_json_get_object (object, "removal");
  if (removal != NULL)
    return take_removal (order, removal, error) ? g_steal_pointer (&order) : NULL;
  adoption = baton_json_get_object (object, "adoption");
  if (adoption != NULL)
    return take_adoption (order, adoption, error) ? g_steal_pointer (&order) : NULL;
  request = json_object_get_member (object, "request");
  if (request == NULL || JSON_NODE_HOLDS_NULL (request))
    return g_steal_pointer (&order);

  order->request = baton_request_new_from_json (request, error);
  return order->request != NULL ? g_steal_pointer (&order) : NULL;
}

/**
 * baton_handoff_order_free:
 * @self: (nullable): an order
 */
void
baton_handoff_order_free (BatonHandoffOrder *self)
{
  if (self == NULL)
    return;

  g_free (self->verb);
  g_clear_pointer (&self->request, baton_request_free);
  g_clear_pointer (&self->changes, baton_profile_changes_free);
  g_free (self->card);
  g_free (self->expect);
  g_free (self);
}
