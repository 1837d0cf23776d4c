/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean baton_drop_rights (guint uid, GError **error);

gboolean baton_drop_become (guint uid, GError **error);

gboolean baton_drop_install_filter (GError **error);

G_END_DECLS
