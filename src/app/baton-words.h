/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonVerb: what the one button of a card's page does
 */
typedef enum
{
  BATON_VERB_NONE,
  BATON_VERB_HAND,
  BATON_VERB_RETURN,
  BATON_VERB_RETURN_WHEN_FREE,
  BATON_VERB_SEE_WHY,
} BatonVerb;

BatonSide baton_words_get_side (JsonObject *card);
BatonSide baton_words_get_other_side (JsonObject *card);

char *baton_words_dup_card_name (JsonObject *card, JsonArray *cards);

BatonVerb baton_words_choose_verb (JsonObject *card, JsonObject *plan);
const char *baton_words_get_verb_label (BatonVerb verb);

char *baton_words_dup_time (gint64 unix_seconds);
char *baton_words_isolate (const char *text);
char *baton_words_embed (const char *text);
void baton_words_embed_args (GHashTable *args);

G_END_DECLS
