/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-errand.h"

G_BEGIN_DECLS

BatonErrand *baton_reservation_new (
    BatonRoot *root, BatonWaiter *waiter, guint uid, const char *device, GError **error);

G_END_DECLS
