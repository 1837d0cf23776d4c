/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-codes.h"

G_BEGIN_DECLS

char *baton_text_clean (
    const char *bytes, gssize length, gsize max_bytes, gboolean *ret_lost, gboolean *ret_cut);

char *baton_code_fill (const char *sentence, GHashTable *args);
char *baton_code_dup_text (BatonCode code, GHashTable *args);
char *baton_code_dup_remedy (BatonCode code, GHashTable *args);

char *baton_text_format_size (guint64 bytes);
char *baton_text_to_sentence (const char *clause);

G_END_DECLS
