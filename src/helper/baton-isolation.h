/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-undo.h"

G_BEGIN_DECLS

BatonEnd *baton_isolation_change (BatonRoot *root,
                                  BatonEventWriter *events,
                                  const char *address,
                                  gboolean undo,
                                  gboolean programs);
void baton_isolation_take_back (BatonUndo *undo);

G_END_DECLS
