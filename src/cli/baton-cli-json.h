/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonObject *baton_cli_object (JsonArray *array, guint index);
JsonArray *baton_cli_array (JsonObject *object, const char *key);
guint baton_cli_length (JsonArray *array);
const char *baton_cli_string (JsonObject *object, const char *key);
gint64 baton_cli_integer (JsonObject *object, const char *key);
gboolean baton_cli_boolean (JsonObject *object, const char *key);
char *baton_cli_join (JsonArray *array);

G_END_DECLS
