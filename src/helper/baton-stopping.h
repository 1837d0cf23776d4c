/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

gboolean baton_is_stopping (BatonRoot *root);
gboolean baton_is_stopping_by_errand (BatonRoot *root, BatonWaiter *waiter);

G_END_DECLS
