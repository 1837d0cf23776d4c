/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

gboolean baton_front_has_systemd (BatonRoot *root);

gboolean baton_front_start_worker (BatonRoot *root, const char *id, GError **error);
gboolean baton_front_start_recovery (BatonRoot *root, GError **error);

G_END_DECLS
