/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_STEP_ROW (baton_step_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonStepRow, baton_step_row, BATON, STEP_ROW, AdwActionRow)

BatonStepRow *baton_step_row_new (void);
void baton_step_row_show (BatonStepRow *self,
                          const char *title,
                          const char *detail,
                          const char *state);
void baton_step_row_show_planned (BatonStepRow *self, guint n, const char *title);

G_END_DECLS
