/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonEnd *baton_undo_all (BatonRoot *root, BatonEventWriter *events, gboolean settings);

G_END_DECLS
