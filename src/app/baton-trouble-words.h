/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_trouble_words_dup_text (JsonObject *trouble);
char *baton_trouble_words_dup_detail (JsonObject *step);
char *baton_trouble_words_dup_part (JsonArray *troubles, const char *part, gboolean remedies);

G_END_DECLS
