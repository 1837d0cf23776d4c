/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-undo.h"

G_BEGIN_DECLS

/* MKINITCPIO - mkinitcpio(8): files of that directory, below /etc, are read after mkinitcpio.conf, as
 * bash */
#define BATON_CLAIM_MKINITCPIO "mkinitcpio.conf.d/baton-claim.conf"

BatonEnd *baton_claim_change (BatonRoot *root,
                              BatonEventWriter *events,
                              const char *address,
                              gboolean undo);
BatonEnd *baton_claim_change_functions (BatonRoot *root,
                                        BatonEventWriter *events,
                                        const char *const *addresses,
                                        gboolean undo);
void baton_claim_take_back (BatonUndo *undo);

G_END_DECLS
