/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "baton-root.h"

G_BEGIN_DECLS

gboolean
baton_handoff_waits_note (BatonRoot *root, const char *id, JsonNode *end, GError **error);
JsonNode *baton_handoff_waits_read (BatonRoot *root, const char *id);
GPtrArray *baton_handoff_waits_list (BatonRoot *root);

G_END_DECLS
