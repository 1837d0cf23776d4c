/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_PLAN_WINDOW (baton_plan_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonPlanWindow, baton_plan_window, BATON, PLAN_WINDOW, AdwWindow)

BatonPlanWindow *baton_plan_window_new (BatonModel *model, const BatonRequest *request);
BatonPreview *baton_plan_window_get_preview (BatonPlanWindow *self);

G_END_DECLS
