/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-view.h"

G_BEGIN_DECLS

/**
 * BatonCardSeen:
 *
 * What a plan of a card was made of; of the card's groups the card tells as well. A plan costs a
 * helper, and a button that can be pressed: the news of another card, which somebody may open and
 * close once a second, are no reason for a new one.
 */
typedef struct
{
  /* owned */
  JsonObject *card;
  JsonObject *holders;
} BatonCardSeen;

void baton_card_seen_keep (BatonCardSeen *self, BatonView *view, const char *address);
gboolean
baton_card_seen_differs (const BatonCardSeen *self, BatonView *view, const char *address);
void baton_card_seen_clear (BatonCardSeen *self);

G_END_DECLS
