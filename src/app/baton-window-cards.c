/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-window-private.h"

#include "baton-card-row.h"
#include "baton-json.h"
#include "baton-section.h"

static GtkWidget *
create_row (guint index, gpointer data)
{
  return GTK_WIDGET (baton_card_row_new ());
}

static void
fill_row (GtkWidget *row, guint index, gpointer data)
{
  BatonWindow *self = data;
  JsonObject *card = baton_json_nth_object (baton_window_get_cards (self), index);
  BatonCardPage *page = baton_window_find_page (self, baton_json_get_string (card, "address"));
  g_autofree char *refusal = page != NULL ? baton_card_page_dup_refusal (page) : NULL;

  baton_card_row_show (BATON_CARD_ROW (row), card, baton_window_get_cards (self), refusal);
}

/* A list that is browsed selects whatever row the Tab key comes to, so that nobody could get from
 * one card's row to its page without a mouse: only the selected row is a stop, and the arrow keys
 * go from card to card. */
void
baton_window_keep_one_stop (BatonWindow *self)
{
  GtkListBox *list = self->card_list;
  GtkListBoxRow *selected = gtk_list_box_get_selected_row (list);
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (list, i)) != NULL; i++)
    gtk_widget_set_focusable (GTK_WIDGET (row), selected == NULL || row == selected);
}

void
baton_window_show_rows (BatonWindow *self)
{
  JsonArray *cards = baton_window_get_cards (self);
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      const char *address = baton_json_get_string (baton_json_nth_object (cards, i), "address");

      if (address == NULL)
        return;
      g_ptr_array_add (keys, (gpointer) address);
    }

  baton_list_sync (self->card_list, keys, create_row, fill_row, self);
  baton_window_keep_one_stop (self);
}

static gboolean
is_cold (JsonObject *card)
{
  return baton_json_get_boolean (card, "boot_display") ||
         baton_json_get_boolean (card, "only_display");
}

/* The card that is worth a look first is not the one that the desktop hangs on. */
static const char *
choose_first (BatonWindow *self)
{
  JsonArray *cards = baton_window_get_cards (self);

  for (guint i = 0; i < baton_json_count (cards); i++)
    if (!is_cold (baton_json_nth_object (cards, i)))
      return baton_json_get_string (baton_json_nth_object (cards, i), "address");

  return baton_json_get_string (baton_json_nth_object (cards, 0), "address");
}

/**
 * baton_window_show_card:
 * @self: the window
 * @address: (nullable): a card's address
 *
 * Shows that card's page.
 */
void
baton_window_show_card (BatonWindow *self, const char *address)
{
  g_return_if_fail (BATON_IS_WINDOW (self));

  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->card_list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    if (g_strcmp0 (baton_card_row_get_address (BATON_CARD_ROW (row)), address) == 0)
      gtk_list_box_select_row (self->card_list, GTK_LIST_BOX_ROW (row));
}

/* Where nobody has chosen a card yet. */
void
baton_window_show_first_card (BatonWindow *self)
{
  baton_window_show_card (self, choose_first (self));
}
