/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_FINDING_ROW (baton_finding_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonFindingRow, baton_finding_row, BATON, FINDING_ROW, AdwActionRow)

BatonFindingRow *baton_finding_row_new (void);
void baton_finding_row_show (BatonFindingRow *self, JsonObject *finding, JsonObject *holders);
JsonObject *baton_finding_row_get_finding (BatonFindingRow *self);
void baton_finding_row_set_has_verb (BatonFindingRow *self, gboolean has_verb);

G_END_DECLS
