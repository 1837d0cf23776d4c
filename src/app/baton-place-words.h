/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_place_words_dup (JsonObject *card);
char *baton_place_words_dup_detail (JsonObject *card,
                                    JsonObject *holders,
                                    JsonObject *report,
                                    const char *boot_id);
const char *baton_place_words_get_icon (JsonObject *card);

G_END_DECLS
