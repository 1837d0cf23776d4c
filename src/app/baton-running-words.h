/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff.h"

G_BEGIN_DECLS

char *baton_running_words_dup_title (BatonHandoff *handoff, BatonView *view);
char *baton_running_words_dup_text (BatonHandoff *handoff);
char *baton_running_words_dup_progress (BatonHandoff *handoff);
char *baton_running_words_dup_step (BatonHandoff *handoff, BatonView *view, guint index);

G_END_DECLS
