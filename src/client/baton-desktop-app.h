/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gdesktopappinfo.h>

G_BEGIN_DECLS

GDesktopAppInfo *baton_desktop_app_find (const char *app_id);

G_END_DECLS
