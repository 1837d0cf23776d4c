/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-window-private.h"

/* A button of a notification may be what starts this program: nothing is known of the machine yet
 * then, and what was asked for is done as soon as it is. */

static void
carry_out (BatonCardPage *page, BatonWindowWish wish)
{
  switch (wish)
    {
    case BATON_WINDOW_WISH_RETURN:
      baton_card_page_return (page);
      break;
    case BATON_WINDOW_WISH_KEEP_OFF:
      baton_card_page_keep_off (page);
      break;
    case BATON_WINDOW_WISH_REOPEN:
      baton_card_page_reopen (page);
      break;
    case BATON_WINDOW_WISH_SHOW:
    default:
      break;
    }
}

/* What is known by now may be what somebody waits for. */
void
baton_window_carry_out_wishes (BatonWindow *self)
{
  if (self->is_report_wished && baton_window_find_report (self) != NULL)
    {
      self->is_report_wished = FALSE;
      gtk_widget_activate_action (GTK_WIDGET (self), "win.report", NULL);
    }

  if (self->wished_card != NULL && baton_model_has_looked (self->model))
    {
      g_autofree char *address = g_steal_pointer (&self->wished_card);
      BatonCardPage *page = baton_window_find_page (self, address);

      baton_window_show_card (self, address);
      if (page != NULL)
        carry_out (page, self->wish);
    }
}

static void
wish (BatonWindow *self, const char *address, BatonWindowWish what)
{
  g_free (self->wished_card);
  self->wished_card = g_strdup (address);
  self->wish = what;
  baton_window_carry_out_wishes (self);
}

/**
 * baton_window_wish_report:
 * @self: the window
 *
 * Shows the last report, as soon as it is known.
 */
void
baton_window_wish_report (BatonWindow *self)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  self->is_report_wished = TRUE;
  baton_window_carry_out_wishes (self);
}

/**
 * baton_window_wish_return:
 * @self: the window
 * @address: a card's address
 *
 * Shows that card and the plan that brings it back, as soon as the machine is known.
 */
void
baton_window_wish_return (BatonWindow *self, const char *address)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  wish (self, address, BATON_WINDOW_WISH_RETURN);
}

/**
 * baton_window_wish_card:
 * @self: the window
 * @address: a card's address
 *
 * Shows that card, as soon as the machine is known.
 */
void
baton_window_wish_card (BatonWindow *self, const char *address)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  wish (self, address, BATON_WINDOW_WISH_SHOW);
}

/**
 * baton_window_wish_keep_off:
 * @self: the window
 * @address: a card's address
 *
 * Shows that card and asks for the desktop to be kept off it, as soon as the machine is known.
 */
void
baton_window_wish_keep_off (BatonWindow *self, const char *address)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  wish (self, address, BATON_WINDOW_WISH_KEEP_OFF);
}

/**
 * baton_window_wish_reopen:
 * @self: the window
 * @address: a card's address
 *
 * Shows that card and opens again what ended with the session that was ended for it, as soon as the
 * machine is known.
 */
void
baton_window_wish_reopen (BatonWindow *self, const char *address)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  wish (self, address, BATON_WINDOW_WISH_REOPEN);
}
