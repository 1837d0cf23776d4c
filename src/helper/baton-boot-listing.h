/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

const char *baton_boot_listing_find_fault (BatonRoot *root,
                                           const char *kernel,
                                           const char *text,
                                           gboolean has_claims);

G_END_DECLS
