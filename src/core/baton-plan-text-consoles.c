/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"
#include "baton-text-consoles.h"

/* References used below:
 *  FBCON - Linux drivers/video/fbdev/core/fbcon.c: fbcon_fb_unbind() takes the text consoles to where
 *    nothing shows them when what they are drawn on goes, though there may be another framebuffer;
 *    do_fb_registered() draws them on one that comes only where that has the number that they were on
 *    before, or is the boot display's. FBIOPUT_CON2FBMAP puts them on one that is there
 */

static gboolean
draws_consoles (const BatonPlanning *self)
{
  for (guint i = 0; self->holders != NULL && i < self->holders->holders->len; i++)
    if ((((const BatonHolder *) self->holders->holders->pdata[i])->how & BATON_HOW_CONSOLE) !=
        0)
      return TRUE;

  return FALSE;
}

static gboolean
has_framebuffer (const BatonCard *card)
{
  for (guint i = 0; i < card->nodes->len; i++)
    if (baton_text_consoles_get_framebuffer (card->nodes->pdata[i]) != NULL)
      return TRUE;

  return FALSE;
}

/* Returns: (nullable): who else can show the consoles now, the boot display before any other */
static const BatonCard *
find_other (const BatonPlanning *self)
{
  const BatonCard *found = NULL;

  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      const BatonCard *card = self->machine->cards->pdata[i];

      if (card != self->card && has_framebuffer (card) &&
          (found == NULL || card->display->boot_vga))
        found = card;
    }

  return found;
}

static void
add_show (BatonPlanning *self, const BatonCard *card, const char *from)
{
  baton_planning_add_step (self, BATON_STEP_SHOW_CONSOLES, baton_card_get_address (card), from);
}

/* Who takes the consoles over before @self's card goes: the one that it has stood in for is back by then. */
static const BatonCard *
find_heir (const BatonPlanning *self)
{
  return self->main != NULL ? self->main->card : find_other (self);
}

/* What becomes of the consoles that @self's card draws when it goes. */
void
baton_planning_look_at_text_consoles (BatonPlanning *self)
{
  const char *address = baton_card_get_address (self->card);
  const char *card = baton_card_get_name (self->card);
  const BatonCard *heir = find_heir (self);

  if (heir == NULL && self->machine->system != NULL && !self->machine->system->consoles_let_go)
    {
      baton_planning_add (self, BATON_CODE_CONSOLES_STUCK, address, "card", card);
      return;
    }
  /* They are nowhere for a moment. */
  if (heir == NULL && self->stand_in != NULL)
    heir = self->stand_in->card;
  if (heir == NULL)
    baton_planning_add (self, BATON_CODE_CONSOLE_GOES, address, "card", card);
  else
    baton_planning_add (self, BATON_CODE_CONSOLE_MOVES, address, "card", card, "other",
                        baton_card_get_name (heir));
}

/* Before what draws them goes: after it the kernel has forgotten them. */
void
baton_planning_add_consoles_move (BatonPlanning *self)
{
  const BatonCard *other = draws_consoles (self) ? find_other (self) : NULL;

  if (other != NULL)
    add_show (self, other, baton_card_get_address (self->card));
}

/* When the stand-in has come, for what nothing could show meanwhile. */
void
baton_planning_add_consoles_on_stand_in (BatonPlanning *self)
{
  if (draws_consoles (self) && find_other (self) == NULL)
    add_show (self->stand_in, self->stand_in->card, NULL);
}

/* Before the stand-in goes again: they go where they came from, if that is not the boot display, which the
 * kernel gives them by itself. */
void
baton_planning_add_consoles_return (BatonPlanning *self)
{
  if (draws_consoles (self->stand_in))
    add_show (self, self->card, baton_card_get_address (self->stand_in->card));
}
