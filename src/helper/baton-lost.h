/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

char *baton_lost_find (BatonRoot *root);
void baton_lost_tell (BatonRoot *root, const char *id, const BatonEnd *end, gint64 start_us);
void baton_lost_tell_waiting (BatonRoot *root, const char *except, gint64 start_us);
void baton_lost_tell_all (BatonRoot *root, const BatonEnd *unreadable, gint64 start_us);

G_END_DECLS
