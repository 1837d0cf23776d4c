/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonListJoiner:
 *
 * Puts together what was too long for one line: lines of one type with the same `snap`, all but
 * the last with `more`. What was begun and is overtaken by another snapshot is forgotten.
 */
typedef struct _BatonListJoiner BatonListJoiner;

BatonListJoiner *baton_list_joiner_new (void);
void baton_list_joiner_free (BatonListJoiner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonListJoiner, baton_list_joiner_free)

gboolean baton_list_joiner_joins (const char *type);
JsonObject *baton_list_joiner_push (BatonListJoiner *self, const BatonEvent *event);
void baton_list_joiner_forget (BatonListJoiner *self);

G_END_DECLS
