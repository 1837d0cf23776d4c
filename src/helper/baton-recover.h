/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-lock.h"

G_BEGIN_DECLS

int baton_recover_run (BatonRoot *root);
BatonEnd *
baton_recover_with_lock (BatonRoot *root, BatonEventWriter *events, const char *own_id);
BatonLock *baton_recover_take_lock (
    BatonRoot *root, const char *handoff, guint wait_s, BatonEnd **ret_end, GError **error);

G_END_DECLS
