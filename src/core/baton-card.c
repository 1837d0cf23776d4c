/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card.h"

#include <string.h>

static const char *const side_names[] = {
  [BATON_SIDE_HOST] = "host",
  [BATON_SIDE_GUEST] = "guest",
  [BATON_SIDE_NONE] = "none",
  [BATON_SIDE_SPLIT] = "split",
};

/**
 * baton_side_to_string:
 * @side: a side
 *
 * Returns: its word in the contract
 */
const char *
baton_side_to_string (BatonSide side)
{
  g_return_val_if_fail (side < G_N_ELEMENTS (side_names), "none");

  return side_names[side];
}

/**
 * baton_side_from_string:
 * @text: (nullable): a word of the contract
 * @ret_side: (out): where to store the side
 *
 * Returns: %TRUE if @ret_side was set
 */
gboolean
baton_side_from_string (const char *text, BatonSide *ret_side)
{
  for (guint i = 0; i < G_N_ELEMENTS (side_names); i++)
    {
      if (g_strcmp0 (text, side_names[i]) == 0)
        {
          *ret_side = i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * baton_output_free:
 * @self: (nullable): an output
 *
 * Frees @self.
 */
void
baton_output_free (BatonOutput *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->monitor);
  g_free (self);
}

/**
 * baton_guest_free:
 * @self: (nullable): a guest
 *
 * Frees @self.
 */
void
baton_guest_free (BatonGuest *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self);
}

/**
 * baton_card_free:
 * @self: (nullable): a card
 *
 * Frees @self, not the functions, which are the machine's.
 */
void
baton_card_free (BatonCard *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->functions, g_ptr_array_unref);
  g_clear_pointer (&self->also, g_ptr_array_unref);
  g_clear_pointer (&self->members, g_ptr_array_unref);
  g_clear_pointer (&self->outputs, g_ptr_array_unref);
  g_clear_pointer (&self->unit_notes, g_ptr_array_unref);
  g_clear_pointer (&self->stand_in_noted, baton_also_free);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_clear_pointer (&self->guests, g_ptr_array_unref);
  g_free (self);
}

/**
 * baton_card_get_address:
 * @self: a card
 *
 * Returns: the address of its display function, which names the card
 */
const char *
baton_card_get_address (const BatonCard *self)
{
  return self->display->address;
}

/**
 * baton_card_get_name:
 * @self: a card
 *
 * Returns: what it is called
 */
const char *
baton_card_get_name (const BatonCard *self)
{
  return self->display->name;
}

/**
 * baton_card_is_answering:
 * @self: a card
 *
 * Returns: whether none of its functions is known to be lost, as after a sleep that it did not
 *   survive
 */
gboolean
baton_card_is_answering (const BatonCard *self)
{
  for (guint i = 0; i < self->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (self->functions, i);

      if (function->is_silent)
        return FALSE;
    }

  return TRUE;
}

/**
 * baton_card_travels:
 * @self: a card
 * @address: address of any function
 *
 * Returns: whether the function at @address goes where the card goes
 */
gboolean
baton_card_travels (const BatonCard *self, const char *address)
{
  for (guint i = 0; i < self->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (self->functions, i);

      if (g_strcmp0 (function->address, address) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_card_is_also:
 * @self: a card
 * @function: a function
 *
 * Returns: whether it travels with the card because its owner says so, and is no part of it
 */
gboolean
baton_card_is_also (const BatonCard *self, const BatonFunction *function)
{
  for (guint i = 0; self->also != NULL && i < self->also->len; i++)
    {
      const BatonAlso *also = g_ptr_array_index (self->also, i);

      if (also->function == function && also->place == BATON_ALSO_TRAVELS)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_card_has_function_on_vfio:
 * @self: a card
 *
 * Returns: whether any of what travels is on vfio, so that a guest could have it open
 */
gboolean
baton_card_has_function_on_vfio (const BatonCard *self)
{
  for (guint i = 0; i < self->functions->len; i++)
    if (baton_function_is_on_vfio (self->functions->pdata[i]))
      return TRUE;

  return FALSE;
}

/**
 * baton_card_compute_side:
 * @self: a card
 *
 * Says where the card is from the drivers of what travels. A function without a driver
 * (one that never had one, or pci-stub's) disagrees with nobody.
 *
 * Returns: the side
 */
BatonSide
baton_card_compute_side (const BatonCard *self)
{
  gboolean any_on_host = FALSE;

  for (guint i = 0; i < self->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (self->functions, i);

      any_on_host = any_on_host || baton_function_is_on_host (function);
    }

  if (baton_function_is_on_vfio (self->display))
    return any_on_host ? BATON_SIDE_SPLIT : BATON_SIDE_GUEST;
  if (baton_card_has_function_on_vfio (self))
    return BATON_SIDE_SPLIT;

  return baton_function_is_on_host (self->display) ? BATON_SIDE_HOST : BATON_SIDE_NONE;
}
