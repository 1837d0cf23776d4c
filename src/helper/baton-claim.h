/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonEnd *baton_claim_change (BatonRoot *root,
                              BatonEventWriter *events,
                              const char *address,
                              gboolean undo);

G_END_DECLS
