/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-request.h"

G_BEGIN_DECLS

/**
 * BatonHandoffOrder: what a front asks a worker to do
 *
 * @verb: `hand` or `recover`
 * @request: (nullable): the handoff; %NULL for `recover`
 * @uid: who asks
 */
typedef struct
{
  char *verb;
  BatonRequest *request;
  guint uid;
} BatonHandoffOrder;

char *baton_handoff_order_to_text (const char *verb, const BatonRequest *request, guint uid);
BatonHandoffOrder *baton_handoff_order_new_from_text (const char *text, GError **error);
void baton_handoff_order_free (BatonHandoffOrder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHandoffOrder, baton_handoff_order_free)

G_END_DECLS
