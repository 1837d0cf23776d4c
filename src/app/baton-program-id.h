/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean baton_program_id_is_valid (const char *text);
char *baton_program_id_dup (JsonObject *holder, guint uid);
GStrv baton_program_id_list (GPtrArray *holders, guint uid);
char *baton_program_id_dup_name (const char *program);
GIcon *baton_program_id_dup_icon (const char *program);

G_END_DECLS
