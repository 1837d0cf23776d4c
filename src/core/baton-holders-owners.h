/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders-scan.h"
#include "baton-machine.h"

G_BEGIN_DECLS

/**
 * BatonHoldersOwners:
 *
 * Whose each device file is. Several cards can share one, and what a process has open does not
 * always say which card it means.
 */
typedef struct _BatonHoldersOwners BatonHoldersOwners;

BatonHoldersOwners *baton_holders_owners_new (BatonRoot *root, BatonMachine *machine);
void baton_holders_owners_free (BatonHoldersOwners *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHoldersOwners, baton_holders_owners_free)

BatonHoldersDevices *baton_holders_owners_get_devices (const BatonHoldersOwners *self);
guint baton_holders_owners_measure (const BatonHoldersOwners *self,
                                    const BatonHoldersFound *found,
                                    const BatonCard *card,
                                    GPtrArray *nodes,
                                    guint *ret_n_uses);
gboolean baton_holders_owners_is_undecided (const BatonHoldersOwners *self,
                                            const BatonHoldersFound *found,
                                            const BatonCard *card,
                                            GPtrArray *nodes);

G_END_DECLS
