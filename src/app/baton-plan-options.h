/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-option-row.h"
#include "baton-request.h"
#include "baton-section.h"

G_BEGIN_DECLS

void baton_plan_options_show (BatonSection *section,
                              const BatonRequest *request,
                              JsonObject *plan,
                              gboolean offered,
                              GCallback on_changed,
                              GObject *owner);
gboolean baton_plan_options_is_offer (JsonObject *finding);
gboolean baton_plan_options_take (BatonOptionRow *row, BatonRequest *request);

G_END_DECLS
