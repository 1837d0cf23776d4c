/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

GPtrArray *baton_session_apps_list (BatonRoot *root, guint uid);

G_END_DECLS
