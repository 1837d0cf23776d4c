/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

gboolean baton_login_screen_stays (BatonRoot *root,
                                   BatonWaiter *waiter,
                                   const char *unit,
                                   GError **error);

G_END_DECLS
