/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-state.h"

#include <string.h>

#include "baton-error.h"
#include "baton-json.h"
#include "baton-pci-address.h"
#include "baton-state-file.h"

static void
function_state_free (BatonFunctionState *self)
{
  g_free (self->address);
  g_free (self->driver);
  g_free (self->module);
  g_free (self->override);
  g_free (self->power_control);
  g_free (self->group);
  g_strfreev (self->reset_methods);
  g_strfreev (self->nodes);
  g_free (self);
}

void
baton_card_state_free (BatonCardState *self)
{
  g_free (self->card);
  g_ptr_array_unref (self->functions);
  g_ptr_array_unref (self->modules);
  g_ptr_array_unref (self->units);
  g_free (self);
}

static BatonCardState *
card_state_new_empty (void)
{
  BatonCardState *self = g_new0 (BatonCardState, 1);

  self->functions = g_ptr_array_new_with_free_func ((GDestroyNotify) function_state_free);
  self->modules = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_module_state_free);
  self->units = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static gboolean
has_node (const BatonFunction *function, BatonNodeKind kind)
{
  for (guint i = 0; i < function->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (function->nodes, i);

      if (node->kind == kind)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_function_state_list_nodes:
 * @function: a function
 *
 * Returns: (transfer full): those of its nodes that people and settings name
 */
GStrv
baton_function_state_list_nodes (const BatonFunction *function)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < function->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (function->nodes, i);

      if (node->kind == BATON_NODE_DRM_PRIMARY || node->kind == BATON_NODE_DRM_RENDER ||
          (node->kind == BATON_NODE_SOUND && strstr (node->path, "/controlC") != NULL))
        g_strv_builder_add (builder, node->path);
    }

  return g_strv_builder_end (builder);
}

static BatonFunctionState *
function_state_new (const BatonFunction *function)
{
  BatonFunctionState *self = g_new0 (BatonFunctionState, 1);

  self->address = g_strdup (function->address);
  self->vendor_id = function->vendor_id;
  self->device_id = function->device_id;
  self->subvendor_id = function->subvendor_id;
  self->subdevice_id = function->subdevice_id;
  self->class_code = function->class_code;
  self->driver = g_strdup (function->driver);
  self->module = g_strdup (function->driver_module);
  self->override = g_strdup (function->override);
  self->power_control = g_strdup (function->power_control);
  self->group = g_strdup (function->group);
  self->reset_methods = g_strdupv (function->reset_methods);
  self->drm = has_node (function, BATON_NODE_DRM_PRIMARY);
  self->sound = has_node (function, BATON_NODE_SOUND);
  self->nodes = baton_function_state_list_nodes (function);

  return self;
}

/**
 * baton_card_state_new:
 * @card: a card that was just looked at
 *
 * Returns: (transfer full): how it stands, whatever becomes of @card
 */
BatonCardState *
baton_card_state_new (const BatonCard *card)
{
  BatonCardState *self = card_state_new_empty ();

  self->card = g_strdup (card->display->address);
  for (guint i = 0; i < card->functions->len; i++)
    g_ptr_array_add (self->functions,
                     function_state_new (g_ptr_array_index (card->functions, i)));

  return self;
}

/**
 * baton_card_state_find:
 * @self: a card's state
 * @address: a function's address
 *
 * Returns: (nullable): how that function stood
 */
const BatonFunctionState *
baton_card_state_find (const BatonCardState *self, const char *address)
{
  for (guint i = 0; i < self->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (self->functions, i);

      if (g_str_equal (state->address, address))
        return state;
    }

  return NULL;
}

/**
 * baton_card_state_find_module:
 * @self: a card's state
 * @name: a module
 *
 * Returns: (nullable): how it was loaded before it went with the card
 */
const BatonModuleState *
baton_card_state_find_module (const BatonCardState *self, const char *name)
{
  for (guint i = 0; i < self->modules->len; i++)
    {
      const BatonModuleState *module = g_ptr_array_index (self->modules, i);

      if (g_str_equal (module->name, name))
        return module;
    }

  return NULL;
}

/**
 * baton_card_state_has_unit:
 * @self: a card's state
 * @unit: a unit
 *
 * Returns: whether it was stopped for the card to leave
 */
gboolean
baton_card_state_has_unit (const BatonCardState *self, const char *unit)
{
  return g_ptr_array_find_with_equal_func (self->units, unit, g_str_equal, NULL);
}

/**
 * baton_card_state_list_groups:
 * @self: a card's state
 *
 * Returns: (transfer container) (element-type utf8): the IOMMU groups that its functions are in,
 *   each once; mostly one
 */
GPtrArray *
baton_card_state_list_groups (const BatonCardState *self)
{
  GPtrArray *groups = g_ptr_array_new ();

  for (guint i = 0; i < self->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (self->functions, i);

      if (state->group != NULL &&
          !g_ptr_array_find_with_equal_func (groups, state->group, g_str_equal, NULL))
        g_ptr_array_add (groups, state->group);
    }

  return groups;
}

/**
 * baton_card_state_same_devices:
 * @a: a card's state
 * @b: another
 *
 * Returns: %TRUE if both are about the same devices at the same addresses: a
 *   record of a card that was unplugged says nothing about the next one there
 */
gboolean
baton_card_state_same_devices (const BatonCardState *a, const BatonCardState *b)
{
  for (guint i = 0; i < a->functions->len; i++)
    {
      const BatonFunctionState *one = g_ptr_array_index (a->functions, i);
      const BatonFunctionState *other = baton_card_state_find (b, one->address);

      if (other == NULL || one->vendor_id != other->vendor_id ||
          one->device_id != other->device_id || one->subvendor_id != other->subvendor_id ||
          one->subdevice_id != other->subdevice_id || one->class_code != other->class_code)
        return FALSE;
    }

  return a->functions->len == b->functions->len;
}

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
  baton_json_set_string (object, "group", self->group);
  baton_json_set_string (object, "reset_methods", methods);
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
      !take_string (object, "group", &self->group) ||
      !take_string (object, "reset_methods", &methods) ||
      !take_string (object, "nodes", &nodes))
    return FALSE;
  self->nodes = nodes != NULL ? g_strsplit (nodes, " ", -1) : NULL;
  self->reset_methods = methods != NULL ? g_strsplit (methods, " ", -1) : NULL;
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
  g_autoptr (BatonCardState) self = card_state_new_empty ();
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

  return g_steal_pointer (&self);
}

static char *
build_name (const char *card)
{
  return g_strconcat (card, ".json", NULL);
}

/**
 * baton_card_state_load:
 * @root: the roots
 * @card: the card's address
 * @error: return location for an error
 *
 * Reads how a card stood before it left the host. A restart forgets it,
 * rightly: then the card is where the firmware and the kernel put it.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where there is no record.
 *
 * Returns: (transfer full): the state, or %NULL
 */
BatonCardState *
baton_card_state_load (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = build_name (card);
  g_autoptr (JsonNode) node =
      baton_state_read_json (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, error);

  if (node == NULL)
    return NULL;

  return baton_card_state_new_from_json (node, error);
}

/**
 * baton_card_state_save:
 * @self: how the card stands on the host
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: %TRUE if it is remembered until the card is back
 */
gboolean
baton_card_state_save (const BatonCardState *self, BatonRoot *root, GError **error)
{
  g_autofree char *name = build_name (self->card);
  g_autoptr (JsonNode) node = baton_card_state_to_json (self);
  g_autofree char *text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, text, 0600,
                            error);
}

/**
 * baton_card_state_forget:
 * @root: the roots
 * @card: the card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is remembered about @card any more
 */
gboolean
baton_card_state_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = build_name (card);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, error);
}
