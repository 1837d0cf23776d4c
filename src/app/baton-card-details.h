/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-section.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void baton_card_details_show_travels (BatonSection *section, JsonObject *card);
void baton_card_details_show (BatonSection *section, JsonObject *card);

const char *baton_card_details_get_part (const char *class_code);
const char *baton_card_details_get_part_icon (const char *class_code);

G_END_DECLS
