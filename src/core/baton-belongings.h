/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-function.h"
#include "baton-root.h"

G_BEGIN_DECLS

GPtrArray *baton_belongings_list (BatonRoot *root, const char *address);
gboolean baton_belongings_leave_keyboard (BatonRoot *root, GPtrArray *travelling);

G_END_DECLS
