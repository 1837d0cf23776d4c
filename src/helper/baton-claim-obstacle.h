/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-machine.h"

G_BEGIN_DECLS

BatonEnd *baton_claim_find_obstacle (BatonRoot *root,
                                     BatonEventWriter *events,
                                     BatonMachine *machine,
                                     GPtrArray *holders,
                                     const BatonCard *card,
                                     GPtrArray *functions);

G_END_DECLS
