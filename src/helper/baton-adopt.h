/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-undo.h"

G_BEGIN_DECLS

BatonEnd *baton_adopt_change (BatonRoot *root,
                              BatonEventWriter *events,
                              const char *address,
                              const char *expect);
BatonEnd *baton_adopt_put_back (BatonRoot *root, BatonEventWriter *events, const char *address);
void baton_adopt_take_back (BatonUndo *undo);

G_END_DECLS
