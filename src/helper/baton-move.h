/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-state.h"
#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonMove:
 * @to: side that the card was to go to
 * @before: how it stood
 * @origin: (nullable): how it stood before it left the host
 * @made_origin: this handoff was the one to remember @origin
 *
 * What a handoff does with one card, for whoever has to settle it.
 */
typedef struct
{
  BatonSide to;
  BatonCardState *before;
  BatonCardState *origin;
  gboolean made_origin;
} BatonMove;

BatonMove *baton_move_new (BatonRoot *root,
                           const BatonCard *card,
                           BatonSide to,
                           const char *hook_guest,
                           BatonEventWriter *events);
BatonMove *baton_move_new_from_json (JsonObject *object, GError **error);
void baton_move_write (const BatonMove *self, JsonObject *object);
void baton_move_free (BatonMove *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonMove, baton_move_free)

gboolean baton_move_note (const BatonMove *self, BatonRoot *root, GError **error);
gboolean baton_move_forget (const BatonMove *self, BatonRoot *root, GError **error);

G_END_DECLS
