/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_CARD_ROW (baton_card_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonCardRow, baton_card_row, BATON, CARD_ROW, GtkListBoxRow)

BatonCardRow *baton_card_row_new (void);
void baton_card_row_show (BatonCardRow *self,
                          JsonObject *card,
                          JsonArray *cards,
                          const char *refusal);
const char *baton_card_row_get_address (BatonCardRow *self);

G_END_DECLS
