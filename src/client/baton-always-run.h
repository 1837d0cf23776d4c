/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gdesktopappinfo.h>

G_BEGIN_DECLS

char *baton_always_run_dup_card (GDesktopAppInfo *app);
gboolean baton_always_run_set (GDesktopAppInfo *app, const char *address, GError **error);
gboolean baton_always_run_unset (const char *id, GError **error);
GPtrArray *baton_always_run_list (void);

G_END_DECLS
