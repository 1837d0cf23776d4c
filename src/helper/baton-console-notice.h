/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

guint baton_console_notice_show (BatonRoot *root,
                                 BatonWaiter *waiter,
                                 const char *text,
                                 gboolean *ret_is_shown,
                                 GError **error);
gboolean baton_console_notice_clear (BatonRoot *root, GError **error);

G_END_DECLS
