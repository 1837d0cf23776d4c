/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "baton-model.h"

G_BEGIN_DECLS

#define BATON_TYPE_KEEP_OFF_ROW (baton_keep_off_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonKeepOffRow, baton_keep_off_row, BATON, KEEP_OFF_ROW, AdwActionRow)

void
baton_keep_off_row_set_card (BatonKeepOffRow *self, BatonModel *model, const char *address);
gboolean baton_keep_off_row_show (BatonKeepOffRow *self, JsonObject *card, JsonObject *holders);
void baton_keep_off_row_ask (BatonKeepOffRow *self);

char *baton_keep_off_row_dup_subtitle (gboolean is_kept_off, JsonObject *holders);
char *baton_keep_off_row_dup_subtitle_for_programs (gboolean is_kept_off, JsonObject *holders);

G_END_DECLS
