/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-state-private.h"

#include "baton-error.h"
#include "baton-json.h"
#include "baton-pci-address.h"

static JsonNode *
function_state_to_json (const BatonFunctionState *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *methods =
      self->reset_methods != NULL ? g_strjoinv (" ", self->reset_methods) : NULL;
  g_autofree char *nodes = self->nodes != NULL ? g_strjoinv (" ", self->nodes) : NULL;

  json_object_set_string_member (object, "address", self->address);
  json_object_set_int_member (object, "vendor_id", self->vendor_id);
  json_object_set_int_member (object, "device_id", self->device_id);
  json_object_set_int_member (object, "subvendor_id", self->subvendor_id);
  json_object_set_int_member (object, "subdevice_id", self->subdevice_id);
  json_object_set_int_member (object, "class", self->class_code);
  baton_json_set_string (object, "driver", self->driver);
  baton_json_set_string (object, "module", self->module);
  baton_json_set_string (object, "override", self->override);
  baton_json_set_string (object, "power_control", self->power_control);
  baton_json_set_string (object, "d3cold_allowed", self->d3cold_allowed);
  baton_json_set_string (object, "group", self->group);
  baton_json_set_string (object, "reset_methods", methods);
  json_object_set_boolean_member (object, "also", self->also);
  json_object_set_boolean_member (object, "drm", self->drm);
  json_object_set_boolean_member (object, "sound", self->sound);
  baton_json_set_string (object, "nodes", nodes);
  json_node_take_object (node, object);

  return node;
}

/**
 * baton_card_state_to_json:
 * @self: a card's state
 *
 * Returns: (transfer full): what baton_card_state_new_from_json() reads
 */
JsonNode *
baton_card_state_to_json (const BatonCardState *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *functions = json_array_new ();
  JsonArray *modules = json_array_new ();
  JsonArray *units = json_array_new ();

  json_object_set_string_member (object, "card", self->card);
  for (guint i = 0; i < self->functions->len; i++)
    json_array_add_element (functions,
                            function_state_to_json (g_ptr_array_index (self->functions, i)));
  json_object_set_array_member (object, "functions", functions);
  for (guint i = 0; i < self->modules->len; i++)
    json_array_add_element (modules,
                            baton_module_state_to_json (g_ptr_array_index (self->modules, i)));
  json_object_set_array_member (object, "modules", modules);
  for (guint i = 0; i < self->units->len; i++)
    json_array_add_string_element (units, g_ptr_array_index (self->units, i));
  json_object_set_array_member (object, "units", units);
  if (self->hook_guest != NULL)
    json_object_set_string_member (object, "hook_guest", self->hook_guest);
  json_node_take_object (node, object);

  return node;
}

static gboolean
take_string (JsonObject *object, const char *key, char **ret_value)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *ret_value = json_node_dup_string (node);

  return TRUE;
}

static gboolean
take_number (JsonObject *object, const char *key, gint64 most, gint64 *ret_value)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *ret_value = json_node_get_int (node);

  return *ret_value >= 0 && *ret_value <= most;
}

static gboolean
take_identity (JsonObject *object, BatonFunctionState *self)
{
  gint64 vendor_id, device_id, subvendor_id, subdevice_id, class_code;

  if (!take_number (object, "vendor_id", G_MAXUINT16, &vendor_id) ||
      !take_number (object, "device_id", G_MAXUINT16, &device_id) ||
      !take_number (object, "subvendor_id", G_MAXUINT16, &subvendor_id) ||
      !take_number (object, "subdevice_id", G_MAXUINT16, &subdevice_id) ||
      !take_number (object, "class", 0xffffff, &class_code))
    return FALSE;
  self->vendor_id = (guint16) vendor_id;
  self->device_id = (guint16) device_id;
  self->subvendor_id = (guint16) subvendor_id;
  self->subdevice_id = (guint16) subdevice_id;
  self->class_code = (guint32) class_code;

  return TRUE;
}

static gboolean
take_function (JsonObject *object, BatonFunctionState *self)
{
  g_autofree char *methods = NULL;
  g_autofree char *nodes = NULL;

  if (!take_string (object, "address", &self->address) || self->address == NULL ||
      !baton_pci_address_is_valid (self->address) || !take_identity (object, self) ||
      !take_string (object, "driver", &self->driver) ||
      !take_string (object, "module", &self->module) ||
      !take_string (object, "override", &self->override) ||
      !take_string (object, "power_control", &self->power_control) ||
      !take_string (object, "d3cold_allowed", &self->d3cold_allowed) ||
      !take_string (object, "group", &self->group) ||
      !take_string (object, "reset_methods", &methods) ||
      !take_string (object, "nodes", &nodes))
    return FALSE;
  self->nodes = nodes != NULL ? g_strsplit (nodes, " ", -1) : NULL;
  self->reset_methods = methods != NULL ? g_strsplit (methods, " ", -1) : NULL;
  self->also = json_object_get_boolean_member_with_default (object, "also", FALSE);
  self->drm = json_object_get_boolean_member_with_default (object, "drm", FALSE);
  self->sound = json_object_get_boolean_member_with_default (object, "sound", FALSE);

  return TRUE;
}

static JsonArray *
get_array (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* A record of an earlier version has neither. */
static void
take_modules_and_units (JsonObject *object, BatonCardState *self)
{
  JsonArray *modules = get_array (object, "modules");
  JsonArray *units = get_array (object, "units");

  for (guint i = 0; modules != NULL && i < json_array_get_length (modules); i++)
    {
      BatonModuleState *module =
          baton_module_state_new_from_json (json_array_get_element (modules, i));

      if (module != NULL)
        g_ptr_array_add (self->modules, module);
    }
  for (guint i = 0; units != NULL && i < json_array_get_length (units); i++)
    {
      JsonNode *unit = json_array_get_element (units, i);

      if (JSON_NODE_HOLDS_VALUE (unit) && json_node_get_value_type (unit) == G_TYPE_STRING)
        g_ptr_array_add (self->units, json_node_dup_string (unit));
    }
}

/**
 * baton_card_state_new_from_json:
 * @node: what was written down
 * @error: return location for an error
 *
 * Returns: (transfer full): the state, or %NULL with %BATON_ERROR_PARSE
 */
BatonCardState *
baton_card_state_new_from_json (JsonNode *node, GError **error)
{
  g_autoptr (BatonCardState) self = baton_card_state_new_empty ();
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *functions = object != NULL ? json_object_get_member (object, "functions") : NULL;
  gboolean good = functions != NULL && JSON_NODE_HOLDS_ARRAY (functions) &&
                  take_string (object, "card", &self->card) && self->card != NULL;
  guint length = good ? json_array_get_length (json_node_get_array (functions)) : 0;

  for (guint i = 0; good && i < length; i++)
    {
      JsonNode *item = json_array_get_element (json_node_get_array (functions), i);
      BatonFunctionState *state = g_new0 (BatonFunctionState, 1);

      g_ptr_array_add (self->functions, state);
      good =
          JSON_NODE_HOLDS_OBJECT (item) && take_function (json_node_get_object (item), state);
    }
  if (!good || length == 0)
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "the record of how the card stood is damaged");
      return NULL;
    }
  take_modules_and_units (object, self);
  self->hook_guest = g_strdup (baton_json_get_string (object, "hook_guest"));

  return g_steal_pointer (&self);
}
