/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff-view.h"

G_BEGIN_DECLS

#define BATON_TYPE_STATE_BOX (baton_state_box_get_type ())
G_DECLARE_FINAL_TYPE (BatonStateBox, baton_state_box, BATON, STATE_BOX, GtkBox)

void baton_state_box_show_place (BatonStateBox *self,
                                 JsonObject *card,
                                 JsonObject *holders,
                                 JsonObject *report);
void
baton_state_box_show_handoff (BatonStateBox *self, BatonModel *model, BatonHandoff *handoff);
BatonHandoffView *baton_state_box_get_handoff_view (BatonStateBox *self);

G_END_DECLS
