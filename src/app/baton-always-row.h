/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_ALWAYS_ROW (baton_always_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonAlwaysRow, baton_always_row, BATON, ALWAYS_ROW, AdwActionRow)

BatonAlwaysRow *baton_always_row_new (void);
void baton_always_row_show (BatonAlwaysRow *self, const char *program, gboolean can_remove);
const char *baton_always_row_get_program (BatonAlwaysRow *self);

G_END_DECLS
