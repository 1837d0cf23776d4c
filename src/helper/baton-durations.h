/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-record.h"

G_BEGIN_DECLS

JsonArray *
baton_durations_new (const BatonRecord *record, const BatonEnd *end, gint64 elapsed_ms);
void baton_durations_add_older (JsonArray *self, JsonArray *older);

G_END_DECLS
