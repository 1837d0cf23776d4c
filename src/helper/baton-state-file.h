/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_RUN_DIRECTORY "baton"
#define BATON_STATE_DIRECTORY "lib/baton"

int baton_state_open_directory (
    BatonRoot *root, BatonRootPart part, const char *path, gboolean create, GError **error);
gboolean baton_state_write (BatonRoot *root,
                            BatonRootPart part,
                            const char *directory,
                            const char *name,
                            const char *text,
                            guint mode,
                            GError **error);
gboolean baton_state_remove (BatonRoot *root,
                             BatonRootPart part,
                             const char *directory,
                             const char *name,
                             GError **error);
JsonNode *baton_state_read_json (BatonRoot *root,
                                 BatonRootPart part,
                                 const char *directory,
                                 const char *name,
                                 GError **error);
gboolean baton_write_fully (int fd, const void *bytes, gsize length);

G_END_DECLS
