/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_MINUTES_ROW (baton_minutes_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonMinutesRow, baton_minutes_row, BATON, MINUTES_ROW, AdwActionRow)

BatonMinutesRow *baton_minutes_row_new (void);
guint baton_minutes_row_get_minutes (BatonMinutesRow *self);
void baton_minutes_row_set_minutes (BatonMinutesRow *self, guint minutes);

G_END_DECLS
