/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

int baton_root_open_quietly (BatonRoot *self, BatonRootPart part, const char *path, int flags);

void baton_root_set_error (
    GError **error, const char *sentence, BatonRootPart part, const char *path, int errsv);

G_END_DECLS
