/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_step_words_dup_title (JsonObject *step,
                                  const char *to,
                                  JsonArray *cards,
                                  JsonArray *holders);
const char *baton_step_words_get_state (const char *state);
const char *baton_step_words_get_icon (const char *state);

G_END_DECLS
