/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/* Why it is not believed though it runs. */
#define BATON_LOGIN_SCREEN_DARK "no session of it has begun"

gboolean baton_login_screen_stays (BatonRoot *root,
                                   BatonWaiter *waiter,
                                   const char *unit,
                                   GError **error);

G_END_DECLS
