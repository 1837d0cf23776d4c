/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

G_BEGIN_DECLS

/**
 * BatonCardPlan:
 *
 * The plan that takes one card to its other side, asked for again when what it rests on changes.
 */
typedef struct _BatonCardPlan BatonCardPlan;

BatonCardPlan *baton_card_plan_new (BatonModel *model, const char *address);
void baton_card_plan_free (BatonCardPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonCardPlan, baton_card_plan_free)

const char *baton_card_plan_get_address (BatonCardPlan *self);
BatonPreview *baton_card_plan_get_preview (BatonCardPlan *self);
JsonObject *baton_card_plan_get_card (BatonCardPlan *self);
JsonObject *baton_card_plan_get_holders (BatonCardPlan *self);
BatonHandoff *baton_card_plan_get_handoff (BatonCardPlan *self);
JsonObject *baton_card_plan_get_plan (BatonCardPlan *self);
gboolean baton_card_plan_is_busy (BatonCardPlan *self);
JsonObject *baton_card_plan_find_finding (BatonCardPlan *self, const char *code_prefix);
BatonRequest *baton_card_plan_create_request (BatonCardPlan *self, BatonSide to);

gboolean baton_card_plan_is_stale (BatonCardPlan *self);
void baton_card_plan_ask (BatonCardPlan *self);

G_END_DECLS
