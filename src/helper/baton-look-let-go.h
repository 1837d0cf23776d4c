/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-look.h"

G_BEGIN_DECLS

/**
 * BatonLookFilter: is a holder one of those whom a step asks to let go?
 * @holder: who has the card
 * @card: the card as it is now
 * @step: the step
 */
typedef gboolean (*BatonLookFilter) (const BatonHolder *holder,
                                     const BatonCard *card,
                                     const BatonStep *step);

BatonHolders *baton_look_find (BatonStepContext *context,
                               const BatonStep *step,
                               BatonLookFilter filter,
                               GPtrArray *ret_found,
                               BatonTrouble *trouble);
gboolean baton_look_is_let_go (BatonStepContext *context,
                               const BatonStep *step,
                               BatonLookFilter filter,
                               BatonTrouble *trouble);
BatonOutcome baton_look_wait_until_let_go (BatonStepContext *context,
                                           const BatonStep *step,
                                           BatonLookFilter filter,
                                           int notes,
                                           BatonCode kept,
                                           BatonTrouble *trouble);

G_END_DECLS
