/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

gboolean
baton_handoff_waits_note (BatonRoot *root, const char *id, const BatonEnd *end, GError **error);
BatonEnd *baton_handoff_waits_read (BatonRoot *root, const char *id);
GPtrArray *baton_handoff_waits_list (BatonRoot *root);

G_END_DECLS
