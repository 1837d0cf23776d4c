/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-errand.h"
#include "baton-profile.h"
#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

BatonErrand *baton_guard_begin (BatonRoot *root,
                                BatonWaiter *waiter,
                                const BatonProfile *profile,
                                const char *address);
gboolean baton_guard_hear (BatonErrand *errand, GError **error);
gboolean baton_guard_leave (BatonRoot *root,
                            BatonWaiter *waiter,
                            const BatonProfile *profile,
                            const char *address,
                            GError **error);
int baton_guard_run (BatonRoot *root, const char *address);

G_END_DECLS
