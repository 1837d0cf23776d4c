/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean
baton_own_file_read (BatonRoot *root, const char *path, char **ret_text, char **ret_reason);
char *baton_own_file_digest (const char *text);
gboolean baton_own_file_is_remembered (JsonArray *digests, const char *text);

G_END_DECLS
