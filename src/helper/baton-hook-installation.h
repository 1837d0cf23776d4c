/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-undo.h"

G_BEGIN_DECLS

BatonEnd *
baton_hook_installation_change (BatonRoot *root, BatonEventWriter *events, gboolean undo);
void baton_hook_installation_take_back (BatonUndo *undo);

G_END_DECLS
