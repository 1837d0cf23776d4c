/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_OPTION_ROW (baton_option_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonOptionRow, baton_option_row, BATON, OPTION_ROW, AdwActionRow)

BatonOptionRow *baton_option_row_new (void);
void baton_option_row_show (BatonOptionRow *self, const char *title, const char *subtitle);
gboolean baton_option_row_get_active (BatonOptionRow *self);
void baton_option_row_set_active (BatonOptionRow *self, gboolean active);

G_END_DECLS
