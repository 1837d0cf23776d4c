/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_ADOPT_ROW (baton_adopt_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonAdoptRow, baton_adopt_row, BATON, ADOPT_ROW, AdwActionRow)

void baton_adopt_row_set_card (BatonAdoptRow *self, BatonModel *model, const char *address);
gboolean baton_adopt_row_show (BatonAdoptRow *self, JsonObject *card);

G_END_DECLS
