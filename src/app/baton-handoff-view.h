/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"
#include "baton-result-words.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define BATON_TYPE_HANDOFF_VIEW (baton_handoff_view_get_type ())
G_DECLARE_FINAL_TYPE (BatonHandoffView, baton_handoff_view, BATON, HANDOFF_VIEW, GtkBox)

void baton_handoff_view_show (BatonHandoffView *self, BatonModel *model, BatonHandoff *handoff);

G_END_DECLS
