/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-helper-client.h"
#include "baton-request.h"
#include "baton-view.h"

G_BEGIN_DECLS

#define BATON_TYPE_PREVIEW (baton_preview_get_type ())
G_DECLARE_FINAL_TYPE (BatonPreview, baton_preview, BATON, PREVIEW, GObject)

BatonPreview *baton_preview_new (BatonHelperClient *client);

void baton_preview_ask (BatonPreview *self, const BatonRequest *request);
void baton_preview_take (BatonPreview *self, JsonObject *plan);

gboolean baton_preview_is_busy (BatonPreview *self);
JsonObject *baton_preview_get_plan (BatonPreview *self);
JsonObject *baton_preview_get_problem (BatonPreview *self);

G_END_DECLS
