/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-view.h"

G_BEGIN_DECLS

GPtrArray *baton_adopt_words_list (BatonView *view, const char *card);
char *baton_adopt_words_dup_line (JsonObject *line);
char *baton_adopt_words_dup_instead (JsonObject *line);
char *baton_adopt_words_dup_summary (gboolean is_adopted, guint n_lines);

G_END_DECLS
