/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"

G_BEGIN_DECLS

void baton_holders_add_kernel (BatonHolders *self,
                               BatonRoot *root,
                               BatonMachine *machine,
                               const BatonCard *card,
                               gboolean vfio_seen);
void baton_holders_add_modules (BatonHolders *self, BatonRoot *root, const BatonCard *card);

void baton_module_use_free (BatonModuleUse *self);

G_END_DECLS
