/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

gboolean baton_session_await_end (BatonRoot *root,
                                  BatonWaiter *waiter,
                                  const char *id,
                                  guint timeout_ms,
                                  BatonWait *ret_wait,
                                  GError **error);
gboolean
baton_session_end (BatonRoot *root, BatonWaiter *waiter, const char *id, GError **error);

G_END_DECLS
