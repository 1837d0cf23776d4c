/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-groups-window.h"
#include "baton-window.h"

G_BEGIN_DECLS

/* What is wished of a card: see baton-window-wishes.c. */
typedef enum
{
  BATON_WINDOW_WISH_SHOW,
  BATON_WINDOW_WISH_RETURN,
  BATON_WINDOW_WISH_KEEP_OFF,
  BATON_WINDOW_WISH_REOPEN,
} BatonWindowWish;

struct _BatonWindow
{
  AdwApplicationWindow parent_instance;

  /* owned */
  BatonModel *model;
  GHashTable *pages; /* card's address to BatonCardPage, which the stack owns */
  char *wished_card; /* see baton-window-wishes.c */

  BatonWindowWish wish;
  gboolean is_report_wished;

  /* weak */
  BatonGroupsWindow *groups_window;
  GtkWindow *report_window;
  GtkWindow *help_window;

  /* from the template */
  AdwToastOverlay *toast_overlay;
  AdwLeaflet *leaflet;
  AdwLeafletPage *list_page;
  AdwLeafletPage *separator_page;
  GtkListBox *card_list;
  AdwHeaderBar *content_header;
  AdwWindowTitle *content_title;
  GtkWidget *back_button;
  GtkWidget *content_menu_button;
  GtkStack *stack;
  AdwStatusPage *status_page;
  GtkWidget *status_button;
};

JsonArray *baton_window_get_cards (BatonWindow *self);
void baton_window_show_rows (BatonWindow *self);
void baton_window_keep_one_stop (BatonWindow *self);
void baton_window_show_first_card (BatonWindow *self);
void baton_window_say (BatonWindow *self, const char *text);
JsonObject *baton_window_find_report (BatonWindow *self);
void baton_window_carry_out_wishes (BatonWindow *self);
void baton_window_install_actions (GtkWidgetClass *widget_class);

G_END_DECLS
