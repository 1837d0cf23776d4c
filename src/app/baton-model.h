/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-always-close.h"
#include "baton-closed.h"
#include "baton-handoff.h"
#include "baton-preview.h"
#include "baton-request.h"
#include "baton-view.h"

G_BEGIN_DECLS

#define BATON_TYPE_MODEL (baton_model_get_type ())
G_DECLARE_FINAL_TYPE (BatonModel, baton_model, BATON, MODEL, GObject)

BatonModel *baton_model_new (void);
BatonModel *baton_model_new_for_command (const char *const *command, const char *helper_path);
BatonModel *baton_model_new_for_view (BatonView *view);

void baton_model_start (BatonModel *self);
void baton_model_take_change (BatonModel *self, guint what);

BatonView *baton_model_get_view (BatonModel *self);
gboolean baton_model_has_looked (BatonModel *self);
JsonObject *baton_model_get_problem (BatonModel *self);
void baton_model_set_problem (BatonModel *self, JsonObject *problem);
BatonPreview *baton_model_create_preview (BatonModel *self);
gboolean baton_model_can_ask (BatonModel *self);
BatonHelperClient *baton_model_new_client (BatonModel *self);
BatonAlwaysClose *baton_model_get_always_close (BatonModel *self);

gboolean baton_model_can_log_out (BatonModel *self);
BatonClosed *baton_model_get_closed (BatonModel *self);
void baton_model_set_closed (BatonModel *self, BatonClosed *closed);

BatonHandoff *baton_model_get_handoff (BatonModel *self);
void baton_model_hand (BatonModel *self, const BatonRequest *request);
void baton_model_recover (BatonModel *self);
void baton_model_cancel (BatonModel *self);
void baton_model_dismiss (BatonModel *self);
void baton_model_look (BatonModel *self);

G_END_DECLS
