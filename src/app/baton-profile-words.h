/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-profile.h"

G_BEGIN_DECLS

/**
 * BatonProfileWord: one setting of a card, for people
 *
 * @title: what is set
 * @value: what it is set to
 */
typedef struct
{
  char *title;
  char *value;
} BatonProfileWord;

GPtrArray *baton_profile_words_list (const BatonProfile *profile);

G_END_DECLS
