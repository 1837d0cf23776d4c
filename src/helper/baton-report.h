/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-record.h"

G_BEGIN_DECLS

JsonNode *baton_report_new (const BatonRecord *record,
                            const BatonEnd *end,
                            JsonNode *steps,
                            gint64 elapsed_ms);
gboolean baton_report_save (JsonNode *report, BatonRoot *root, GError **error);
JsonNode *baton_report_load (BatonRoot *root, GError **error);

G_END_DECLS
