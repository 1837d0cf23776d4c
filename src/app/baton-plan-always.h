/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-always-close.h"
#include "baton-option-row.h"

G_BEGIN_DECLS

gboolean baton_plan_always_show (BatonOptionRow *row,
                                 BatonAlwaysClose *always,
                                 JsonObject *card,
                                 const char *const *programs);
void baton_plan_always_take (BatonOptionRow *row,
                             BatonAlwaysClose *always,
                             JsonObject *card,
                             const char *const *programs);

G_END_DECLS
