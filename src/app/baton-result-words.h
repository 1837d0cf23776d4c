/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonRemedy: the one button of an end
 */
typedef enum
{
  BATON_REMEDY_NONE,
  BATON_REMEDY_TRY_AGAIN,
  BATON_REMEDY_RETURN,
  BATON_REMEDY_RECOVER,
  BATON_REMEDY_CHECK_AGAIN,
} BatonRemedy;

char *baton_result_words_dup_title (JsonObject *result, const char *to);
char *baton_result_words_dup_text (JsonObject *result);
const char *baton_result_words_get_icon (JsonObject *result);
const char *baton_result_words_get_style (JsonObject *result);
gboolean baton_result_words_is_urgent (JsonObject *result);
gboolean baton_result_words_is_quiet (JsonObject *result);
BatonRemedy baton_result_words_get_remedy (JsonObject *result, JsonObject *card);
const char *baton_result_words_get_remedy_label (BatonRemedy remedy);

G_END_DECLS
