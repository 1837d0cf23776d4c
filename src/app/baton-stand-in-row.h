/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_STAND_IN_ROW (baton_stand_in_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonStandInRow, baton_stand_in_row, BATON, STAND_IN_ROW, AdwComboRow)

void baton_stand_in_row_set_groups (BatonStandInRow *self, const char *card, JsonArray *groups);
void baton_stand_in_row_set_text (BatonStandInRow *self, const char *text);
const char *baton_stand_in_row_get_text (BatonStandInRow *self);

G_END_DECLS
