/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "baton-root.h"

G_BEGIN_DECLS

gboolean baton_kept_off_find_group (BatonRoot *root, gid_t *ret_gid);

G_END_DECLS
