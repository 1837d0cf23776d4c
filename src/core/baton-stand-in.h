/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-also.h"

G_BEGIN_DECLS

/* Where it is noted which card stands in, below `/run`. */
#define BATON_STAND_IN_DIRECTORY "baton/cards"

char *baton_stand_in_build_name (const char *card);
BatonAlso *baton_stand_in_load (BatonRoot *root, const char *card);
JsonNode *baton_stand_in_to_json (const BatonAlso *stand_in);

G_END_DECLS
