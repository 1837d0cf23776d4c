/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-order.h"

/**
 * baton_handoff_order_to_text:
 * @verb: what the worker is to do
 * @request: (nullable): the handoff
 * @uid: who asks
 *
 * Returns: (transfer full): the order as it is left for the worker
 */
char *
baton_handoff_order_to_text (const char *verb, const BatonRequest *request, guint uid)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "verb", verb);
  json_object_set_int_member (object, "uid", uid);
  json_object_set_member (object, "request",
                          request != NULL ? baton_request_to_json (request)
                                          : json_node_new (JSON_NODE_NULL));
  json_node_take_object (node, object);

  return json_to_string (node, FALSE);
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

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_prefix_error (error, "could not read the request: ");
      return NULL;
    }

  object = json_node_get_object (node);
  order->verb = g_strdup (json_object_get_string_member_with_default (object, "verb", ""));
  order->uid = (guint) json_object_get_int_member_with_default (object, "uid", 0);
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
  g_free (self);
}
