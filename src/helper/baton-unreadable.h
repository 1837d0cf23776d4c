/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonEnd *
baton_unreadable_settle (BatonRoot *root, const GError *cause, gint64 start_us, GError **error);

G_END_DECLS
