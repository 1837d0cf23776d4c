/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_HOLDER_ROW (baton_holder_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonHolderRow, baton_holder_row, BATON, HOLDER_ROW, AdwExpanderRow)

BatonHolderRow *baton_holder_row_new (void);
void baton_holder_row_show (BatonHolderRow *self, JsonObject *holder);
JsonObject *baton_holder_row_get_holder (BatonHolderRow *self);
void baton_holder_row_set_can_close (BatonHolderRow *self, gboolean can_close);

char *baton_holder_row_dup_key (JsonObject *holder);

G_END_DECLS
