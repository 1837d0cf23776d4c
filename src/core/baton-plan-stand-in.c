/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* The card that serves the desktop while another is away (baton.conf(5), `stand-in`): what it does is a
 * part of the other's plan, and goes to the other side. */

static gboolean
is_meant (const BatonAlso *also, const BatonFunction *function)
{
  g_autofree char *identity = baton_function_dup_identity (function);

  return also->identity == NULL || g_str_equal (also->identity, identity);
}

/* Returns: (nullable): a group in which both have a function */
static const char *
find_common_group (const BatonPlanning *self, const BatonCard *other)
{
  g_autoptr (GPtrArray) groups = baton_planning_list_groups (self);

  for (guint i = 0; i < groups->len; i++)
    for (guint j = 0; j < other->functions->len; j++)
      {
        const BatonGroup *group = groups->pdata[i];
        const BatonFunction *function = other->functions->pdata[j];

        if (g_strcmp0 (function->group, group->id) == 0)
          return group->id;
      }

  return NULL;
}

/* Returns: (nullable): the card that is named, or NULL with what is wrong with the name */
static const BatonCard *
find_named (BatonPlanning *self)
{
  const BatonAlso *also = self->profile->stand_in;
  const char *address = also->address;
  const char *card = baton_card_get_name (self->card);
  const BatonFunction *function = baton_machine_find_function (self->machine, address);
  const BatonCard *named = baton_machine_find_card (self->machine, address);
  g_autofree char *identity = function != NULL ? baton_function_dup_identity (function) : NULL;
  const char *group = NULL;

  if (function == NULL)
    {
      baton_planning_add (self, BATON_CODE_STAND_IN_MISSING, address, "address", address,
                          "card", card);
      return NULL;
    }
  if (!is_meant (also, function))
    {
      baton_planning_add (self, BATON_CODE_OTHER_DEVICE_AT_ADDRESS, address, "address", address,
                          "identity", also->identity, "device", function->name, "found",
                          identity);
      return NULL;
    }
  if (baton_card_travels (self->card, address))
    {
      baton_planning_add (self, BATON_CODE_STAND_IN_IS_CARD, address, "address", address,
                          "card", card);
      return NULL;
    }
  if (named == NULL)
    {
      baton_planning_add (self, BATON_CODE_STAND_IN_NO_CARD, address, "address", address,
                          "device", function->name);
      return NULL;
    }
  group = find_common_group (self, named);
  if (group != NULL)
    {
      baton_planning_add (self, BATON_CODE_STAND_IN_SHARES_GROUP, address, "stand_in",
                          baton_card_get_name (named), "card", card, "group", group);
      return NULL;
    }
  if (also->identity == NULL)
    baton_planning_add (self, BATON_CODE_STAND_IN_UNIDENTIFIED, address, "address", address,
                        "stand_in", baton_card_get_name (named), "identity", identity);

  return named;
}

/* What becomes of it is planned as for any card, with nothing that its owner has said of handoffs of
 * its own: this is another's. */
static void
begin (BatonPlanning *self, const BatonCard *card, BatonSide to)
{
  const char *address = baton_card_get_address (card);
  BatonPlanning *part = g_new0 (BatonPlanning, 1);

  part->machine = self->machine;
  part->card = card;
  part->to = to;
  part->all_holders = self->all_holders;
  part->holders =
      self->all_holders != NULL ? baton_holders_find (self->all_holders, address) : NULL;
  part->profile = part->own_profile = baton_profile_new_default (address);
  part->own_profile->display_manager = self->profile->display_manager;
  part->own_profile->hook_ends_session = self->profile->hook_ends_session;
  part->request = self->request;
  part->plan = self->plan;
  part->main = self;
  self->stand_in = part;
  g_free (self->plan->stand_in);
  self->plan->stand_in = g_strdup (address);
}

void
baton_planning_forget_stand_in (BatonPlanning *self)
{
  if (self->stand_in == NULL)
    return;
  baton_profile_free (self->stand_in->own_profile);
  g_clear_pointer (&self->stand_in, g_free);
}

/* Only who has it through vfio can be in the way: the host has nothing else of it. */
static gboolean
has_guest (const BatonPlanning *part)
{
  for (guint i = 0; part->holders != NULL && i < part->holders->holders->len; i++)
    if ((((const BatonHolder *) part->holders->holders->pdata[i])->how & BATON_HOW_VFIO) != 0)
      return TRUE;

  return FALSE;
}

/* Nobody is asked again when it comes back by itself: the consent to end a session is for both ways, and
 * is to be given by somebody who knows. */
static gboolean
ends_session_unasked (const BatonPlanning *self)
{
  return self->request->end_session && self->request->hook_guest == NULL &&
         baton_planning_comes_back (self);
}

static void
look_at_coming (BatonPlanning *self, const BatonCard *named)
{
  const char *address = baton_card_get_address (named);
  const char *name = baton_card_get_name (named);
  const char *card = baton_card_get_name (self->card);

  if (named->side == BATON_SIDE_HOST)
    {
      baton_planning_add (self, BATON_CODE_STAND_IN_ON_HOST, address, "stand_in", name, "card",
                          card);
      return;
    }

  begin (self, named, BATON_SIDE_HOST);
  if (self->stand_in->holders == NULL)
    baton_planning_add (self, BATON_CODE_HOLDERS_UNKNOWN, address, "unreadable", "?");
  if (has_guest (self->stand_in))
    baton_planning_add (self, BATON_CODE_STAND_IN_WITH_GUEST, address, "stand_in", name, "card",
                        card);
  if (named->kept_off)
    baton_planning_add (self, BATON_CODE_STAND_IN_KEPT_OFF, address, "stand_in", name);
  if (!baton_card_is_answering (named))
    baton_planning_add (self, BATON_CODE_CARD_SILENT, address, "card", name);
  if (baton_planning_leaves_nvidia (self) &&
      g_strcmp0 (baton_planning_choose_module (self->stand_in, named->display),
                 BATON_NVIDIA_DRIVER) == 0)
    baton_planning_add (self, BATON_CODE_STAND_IN_NVIDIA, address, "stand_in", name, "card",
                        card);
  baton_planning_look_at_drivers (self->stand_in);
  baton_planning_look_at_claims (self->stand_in);
  baton_planning_add (self, BATON_CODE_STAND_IN_COMES, address, "stand_in", name, "card", card);
  if (ends_session_unasked (self))
    baton_planning_add (self, BATON_CODE_STAND_IN_SESSION_ENDS, address, "stand_in", name,
                        "card", card);
}

/* Returns: (nullable): what Baton has taken from vfio-pci, where it is here still */
static const BatonCard *
find_taken (const BatonPlanning *self)
{
  const BatonAlso *noted = self->card->stand_in_noted;
  const BatonCard *card =
      noted != NULL ? baton_machine_find_card (self->machine, noted->address) : NULL;

  return card != NULL && card != self->card && card->side != BATON_SIDE_GUEST &&
                 is_meant (noted, card->display)
             ? card
             : NULL;
}

static gboolean
blocks_from (const BatonPlanning *self, guint first)
{
  for (guint i = first; i < self->plan->findings->len; i++)
    if (baton_finding_blocks (self->plan->findings->pdata[i]))
      return TRUE;

  return FALSE;
}

/* Whatever uses it now is asked about, as for any card that leaves. Where nobody can be asked, and
 * something would be lost, the card comes back without it. */
static void
look_at_going (BatonPlanning *self, const BatonCard *taken)
{
  const char *address = baton_card_get_address (taken);
  const char *name = baton_card_get_name (taken);
  const char *card = baton_card_get_name (self->card);
  guint first = self->plan->findings->len;

  begin (self, taken, BATON_SIDE_GUEST);
  baton_planning_look_at_holders (self->stand_in);
  baton_planning_look_at_drivers (self->stand_in);
  if ((self->request->unasked || self->request->hook_guest != NULL) &&
      blocks_from (self, first))
    {
      g_ptr_array_set_size (self->plan->findings, (int) first);
      baton_planning_forget_stand_in (self);
      g_clear_pointer (&self->plan->stand_in, g_free);
      baton_planning_add (self, BATON_CODE_STAND_IN_STAYS_IN_USE, address, "stand_in", name,
                          "card", card);
      return;
    }
  baton_planning_add (self, BATON_CODE_STAND_IN_GOES, address, "stand_in", name, "card", card);
}

/* One that somebody else has brought here is somebody else's to park again. */
static void
look_at_stranger (BatonPlanning *self)
{
  const BatonAlso *also = self->profile->stand_in;
  const BatonCard *named =
      also != NULL ? baton_machine_find_card (self->machine, also->address) : NULL;

  if (named != NULL && named != self->card && named->side == BATON_SIDE_HOST &&
      is_meant (also, named->display))
    baton_planning_add (self, BATON_CODE_STAND_IN_STAYS, also->address, "stand_in",
                        baton_card_get_name (named), "address", also->address);
}

/*
 * Looks which card stands in, before anything that depends on there being another screen. What it is to
 * do is in the planning from then on, where it has to do anything.
 */
void
baton_planning_look_at_stand_in (BatonPlanning *self)
{
  const BatonCard *card = NULL;

  if (self->to == BATON_SIDE_GUEST)
    {
      if (self->card->side != BATON_SIDE_GUEST && self->profile->stand_in != NULL)
        card = find_named (self);
      if (card != NULL)
        look_at_coming (self, card);
      return;
    }

  card = find_taken (self);
  if (card != NULL)
    look_at_going (self, card);
  else if (self->card->side != BATON_SIDE_HOST)
    look_at_stranger (self);
}
