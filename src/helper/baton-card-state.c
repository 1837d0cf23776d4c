/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-state-private.h"

#include <string.h>

static void
function_state_free (BatonFunctionState *self)
{
  g_free (self->address);
  g_free (self->driver);
  g_free (self->module);
  g_free (self->override);
  g_free (self->power_control);
  g_free (self->d3cold_allowed);
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
  g_free (self->hook_guest);
  g_free (self);
}

/* For whoever fills it in. */
BatonCardState *
baton_card_state_new_empty (void)
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
function_state_new (const BatonCard *card, const BatonFunction *function)
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
  self->d3cold_allowed = g_strdup (function->d3cold_allowed);
  self->group = g_strdup (function->group);
  self->reset_methods = g_strdupv (function->reset_methods);
  self->also = baton_card_is_also (card, function);
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
  BatonCardState *self = baton_card_state_new_empty ();

  self->card = g_strdup (card->display->address);
  for (guint i = 0; i < card->functions->len; i++)
    g_ptr_array_add (self->functions,
                     function_state_new (card, g_ptr_array_index (card->functions, i)));

  return self;
}

/**
 * baton_function_state_dup_identity:
 * @self: a function's state
 *
 * Returns: (transfer full): what it is, as baton_function_dup_identity() says it
 */
char *
baton_function_state_dup_identity (const BatonFunctionState *self)
{
  return g_strdup_printf ("%04x:%04x:%04x:%04x", self->vendor_id, self->device_id,
                          self->subvendor_id, self->subdevice_id);
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

/* What travels along may be unplugged meanwhile, and the card is the same. */
static gboolean
has_devices_of (const BatonCardState *b, const BatonCardState *a)
{
  for (guint i = 0; i < a->functions->len; i++)
    {
      const BatonFunctionState *one = g_ptr_array_index (a->functions, i);
      const BatonFunctionState *other = baton_card_state_find (b, one->address);

      if (one->also)
        continue;
      if (other == NULL || one->vendor_id != other->vendor_id ||
          one->device_id != other->device_id || one->subvendor_id != other->subvendor_id ||
          one->subdevice_id != other->subdevice_id || one->class_code != other->class_code)
        return FALSE;
    }

  return TRUE;
}

/**
 * baton_card_state_same_devices:
 * @a: a card's state
 * @b: another
 *
 * Returns: %TRUE if both are about the same card at the same addresses: a
 *   record of a card that was unplugged says nothing about the next one there
 */
gboolean
baton_card_state_same_devices (const BatonCardState *a, const BatonCardState *b)
{
  return has_devices_of (a, b) && has_devices_of (b, a);
}
