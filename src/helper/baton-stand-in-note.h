/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-move.h"

G_BEGIN_DECLS

gboolean baton_stand_in_note_make (BatonRoot *root,
                                   const char *card,
                                   const BatonCardState *stand_in,
                                   GError **error);
gboolean baton_stand_in_note_drop (BatonRoot *root, const char *card, GError **error);

G_END_DECLS
