/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

const char *baton_json_node_get_string (JsonNode *node);

const char *baton_json_get_string (JsonObject *object, const char *key);
gboolean baton_json_read_int (JsonObject *object, const char *key, gint64 *ret_value);
gboolean baton_json_read_boolean (JsonObject *object, const char *key, gboolean *ret_value);
gint64 baton_json_get_int (JsonObject *object, const char *key, gint64 fallback);
gboolean baton_json_get_boolean (JsonObject *object, const char *key);
JsonArray *baton_json_get_array (JsonObject *object, const char *key);
JsonObject *baton_json_get_object (JsonObject *object, const char *key);

guint baton_json_count (JsonArray *array);
JsonObject *baton_json_nth_object (JsonArray *array, guint n);

GHashTable *baton_json_dup_args (JsonObject *object, const char *key);
char *baton_json_join_strings (JsonArray *array, const char *separator);

void baton_json_set_string (JsonObject *object, const char *key, const char *text);

G_END_DECLS
