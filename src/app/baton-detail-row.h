/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_DETAIL_ROW (baton_detail_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonDetailRow, baton_detail_row, BATON, DETAIL_ROW, AdwPreferencesRow)

BatonDetailRow *baton_detail_row_new (void);
void baton_detail_row_show (BatonDetailRow *self, const char *title, const char *value);
void baton_detail_row_set_value (BatonDetailRow *self, const char *value);

G_END_DECLS
