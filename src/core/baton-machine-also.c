/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include "baton-also.h"
#include "baton-belongings.h"
#include "baton-profile.h"

/* Which further functions travel with a card: what its owner has named, or, from when it leaves until
 * it is back, what was noted to have gone along. All who look find the same, whatever they look for:
 * who has it open, which groups a guest gets, and whether it is where it should be. */

static gboolean
is_what_is_meant (const BatonAlso *also)
{
  g_autofree char *identity = baton_function_dup_identity (also->function);

  return also->identity == NULL || g_str_equal (also->identity, identity);
}

static gboolean
is_part_of_other (BatonMachine *machine, const BatonCard *card, const BatonFunction *function)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *other = machine->cards->pdata[i];

      if (other != card && baton_card_travels (other, function->address) &&
          !baton_card_is_also (other, function))
        return TRUE;
    }

  return FALSE;
}

static gboolean
went_with_other (BatonMachine *machine, const BatonCard *card, const BatonFunction *function)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *other = machine->cards->pdata[i];

      if (other != card && other->also_noted && baton_card_is_also (other, function))
        return TRUE;
    }

  return FALSE;
}

/* Of what went along, whatever it is bound to now; of what is only named, where the card is: a
 * function that was parked before by somebody else stays parked, and what was left behind stays
 * here. */
static BatonAlsoPlace
find_place (BatonLook *self,
            BatonMachine *machine,
            const BatonCard *card,
            const BatonAlso *also)
{
  const BatonFunction *function = also->function;

  if (function == NULL)
    return BATON_ALSO_MISSING;
  if (!is_what_is_meant (also))
    return BATON_ALSO_OTHER_DEVICE;
  if (baton_card_travels (card, also->address))
    return BATON_ALSO_OWN;
  if (function->is_bridge || baton_function_is_display (function) ||
      is_part_of_other (machine, card, function))
    return BATON_ALSO_FIXED;
  if (card->also_noted || card->side == BATON_SIDE_SPLIT)
    return BATON_ALSO_TRAVELS;
  if (went_with_other (machine, card, function))
    return BATON_ALSO_TAKEN;
  if (card->side == BATON_SIDE_GUEST)
    return baton_function_is_on_vfio (function) ? BATON_ALSO_TRAVELS : BATON_ALSO_STAYS;
  if (!baton_function_is_on_vfio (function))
    return BATON_ALSO_TRAVELS;

  return baton_look_may_have_guest (self, function) ? BATON_ALSO_TAKEN : BATON_ALSO_PARKED;
}

static gboolean
is_any_on_vfio (BatonMachine *machine, GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      const BatonAlso *also = list->pdata[i];
      const BatonFunction *function = baton_machine_find_function (machine, also->address);

      if (function != NULL && baton_function_is_on_vfio (function))
        return TRUE;
    }

  return FALSE;
}

/* A note of a card that is back, and so is all that went along, is an old one: a handoff that failed
 * once leaves it. */
static void
load_note (BatonLook *self, BatonMachine *machine, BatonCard *card)
{
  g_autoptr (GPtrArray) list = baton_also_load (self->root, baton_card_get_address (card));

  if (list == NULL || (card->side == BATON_SIDE_HOST && !is_any_on_vfio (machine, list)))
    return;
  card->also = g_steal_pointer (&list);
  card->also_noted = TRUE;
}

static void
place (BatonLook *self, BatonMachine *machine, BatonCard *card)
{
  for (guint i = 0; card->also != NULL && i < card->also->len; i++)
    {
      BatonAlso *also = card->also->pdata[i];
      BatonFunction *function = baton_machine_find_function (machine, also->address);

      also->function = function;
      also->place = find_place (self, machine, card, also);
      if (also->place == BATON_ALSO_TRAVELS)
        g_ptr_array_add (card->functions, function);
    }
}

/* What was noted comes first: it may be named for another card as well. */
void
baton_look_find_also (BatonLook *self, BatonMachine *machine)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      load_note (self, machine, machine->cards->pdata[i]);
      place (self, machine, machine->cards->pdata[i]);
    }

  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = machine->cards->pdata[i];

      if (card->also_noted)
        continue;
      card->also = baton_profile_list_also (self->root, baton_card_get_address (card));
      place (self, machine, card);
    }
}

/* What this computer would miss: asked where a plan is made, for it takes its time. */
void
baton_look_read_also_belongings (BatonLook *self, BatonMachine *machine, BatonCard *card)
{
  for (guint i = 0; card->also != NULL && i < card->also->len; i++)
    {
      const BatonAlso *also = card->also->pdata[i];
      BatonFunction *function = baton_machine_find_function (machine, also->address);

      if (also->place != BATON_ALSO_TRAVELS || !baton_function_is_on_host (function))
        continue;
      g_clear_pointer (&function->plugged, g_ptr_array_unref);
      function->plugged = baton_belongings_list (self->root, function->address);
    }

  card->keyboard_stays =
      card->also == NULL || baton_belongings_leave_keyboard (self->root, card->functions);
}
