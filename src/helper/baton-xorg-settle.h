/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-event.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonEnd *
baton_xorg_settle (BatonRoot *root, BatonEventWriter *events, BatonEnd *end, gint64 start_us);

G_END_DECLS
