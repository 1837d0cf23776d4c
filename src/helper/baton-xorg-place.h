/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-trouble.h"
#include "baton-xorg-state.h"

G_BEGIN_DECLS

gboolean baton_xorg_place (BatonRoot *root, const BatonXorgState *state, BatonTrouble *trouble);
gboolean baton_xorg_is_placed (BatonRoot *root, const BatonXorgState *state);
gboolean baton_xorg_forget_if_back (BatonRoot *root, const char *card, GError **error);
gboolean baton_xorg_put_back (BatonRoot *root,
                              const BatonXorgState *state,
                              GPtrArray *problems,
                              BatonTrouble *trouble);

G_END_DECLS
