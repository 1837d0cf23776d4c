/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-adoption.h"
#include "baton-end.h"
#include "baton-event.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonAdopting:
 * @root: (borrowed): the roots
 * @events: (borrowed): where it is told what becomes of each part
 * @adoptions: (borrowed) (element-type BatonAdoption): all that there are
 *
 * One adoption that is carried out or put back, in its parts: files, libvirt's hook, claims. Where a part
 * fails, those before it are undone.
 */
typedef struct
{
  BatonRoot *root;
  BatonEventWriter *events;
  GPtrArray *adoptions;
} BatonAdopting;

gboolean baton_adopting_save (BatonAdopting *self, BatonEnd **ret_end);
BatonEnd *baton_adopting_carry_out (BatonAdopting *self,
                                    BatonAdoption *adoption,
                                    const char *const *claims);
BatonEnd *baton_adopting_put_back (BatonAdopting *self, BatonAdoption *adoption);

G_END_DECLS
