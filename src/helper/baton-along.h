/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-state.h"
#include "baton-steps.h"

G_BEGIN_DECLS

gboolean baton_along_is (const BatonStepContext *context, const char *address);
gboolean
baton_along_may_go (BatonStepContext *context, const char *address, BatonTrouble *trouble);

gboolean baton_along_note (const BatonCardState *before, BatonRoot *root, GError **error);
gboolean baton_along_forget (BatonRoot *root, const char *card, GError **error);

G_END_DECLS
