/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_app_info_dup_name (JsonObject *holder);
GIcon *baton_app_info_dup_icon (JsonObject *holder);
char *baton_app_info_dup_summary (JsonObject *holder);
char *baton_app_info_dup_uses (JsonArray *nodes);

G_END_DECLS
