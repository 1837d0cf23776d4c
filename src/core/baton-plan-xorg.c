/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-desktop.h"
#include "baton-plan-private.h"
#include "baton-unit-note.h"

/* What Xorg reads while the host has the card, and while a guest has it (baton.conf(5)). */

static gboolean
changes_for_guest (const BatonPlanning *self)
{
  return self->to == BATON_SIDE_GUEST && self->card->side != BATON_SIDE_GUEST &&
         (self->profile->xorg_host != NULL || self->profile->xorg_guest != NULL);
}

/* What was noted is put back, whatever the owner's settings have become meanwhile. */
static gboolean
changes_for_host (const BatonPlanning *self)
{
  return self->to == BATON_SIDE_HOST && self->card->xorg_noted;
}

/* With another card to draw on it has been started long ago, unless that is one that stands in. */
static gboolean
starts_login_screen (const BatonPlanning *self)
{
  if (self->stand_in != NULL && baton_planning_stops_login_screen (self->stand_in))
    return TRUE;

  return !baton_planning_has_other_screen (self) && self->card->unit_notes != NULL &&
         baton_unit_notes_have (self->card->unit_notes, BATON_DISPLAY_MANAGER, FALSE);
}

static const char *
get_file (const BatonPlanning *self)
{
  return g_strcmp0 (self->profile->xorg_fault_key, BATON_PROFILE_XORG_HOST) == 0
             ? self->profile->xorg_host
             : self->profile->xorg_guest;
}

/* What would be found out when the desktop has ended is found out before. */
void
baton_planning_look_at_xorg (BatonPlanning *self)
{
  const char *card = baton_card_get_name (self->card);

  if (changes_for_guest (self) && self->profile->xorg_fault != NULL)
    baton_planning_add (self, BATON_CODE_XORG_FILE_UNUSABLE, get_file (self), "file",
                        get_file (self), "key", self->profile->xorg_fault_key, "reason",
                        self->profile->xorg_fault);
  if (changes_for_guest (self) && !baton_planning_ends_desktop (self))
    baton_planning_add (self, BATON_CODE_XORG_LATER, NULL, "card", card);
  if (changes_for_host (self) && !starts_login_screen (self))
    baton_planning_add (self, BATON_CODE_XORG_LATER, NULL, "card", card);
}

/* When the desktop has ended and the card is still here: what fails now risks no more than that. */
void
baton_planning_add_xorg_for_guest (BatonPlanning *self)
{
  if (changes_for_guest (self))
    baton_planning_add_step (self, BATON_STEP_PLACE_FILE, baton_card_get_address (self->card),
                             baton_side_to_string (BATON_SIDE_GUEST));
}

/* When the card is proven to be back, and before anything starts that reads them. */
void
baton_planning_add_xorg_for_host (BatonPlanning *self)
{
  if (changes_for_host (self))
    baton_planning_add_step (self, BATON_STEP_PLACE_FILE, baton_card_get_address (self->card),
                             baton_side_to_string (BATON_SIDE_HOST));
}
