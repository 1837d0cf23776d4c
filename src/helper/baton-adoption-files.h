/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-adoption.h"
#include "baton-end.h"

G_BEGIN_DECLS

gboolean baton_adoption_files_add (BatonAdoption *self,
                                   BatonRoot *root,
                                   GPtrArray *handmade,
                                   BatonEnd **ret_end);
gboolean baton_adoption_files_move (BatonAdoption *self, BatonRoot *root, BatonEnd **ret_end);
gboolean
baton_adoption_files_put_back (BatonAdoption *self, BatonRoot *root, BatonEnd **ret_end);
void baton_adoption_files_tidy (const BatonAdoption *self, BatonRoot *root);
char *baton_adoption_files_join (const BatonAdoption *self);

G_END_DECLS
