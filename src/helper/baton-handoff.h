/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-lock.h"
#include "baton-request.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

BatonEnd *baton_handoff_run (BatonRoot *root,
                             BatonEventWriter *events,
                             BatonWaiter *waiter,
                             const BatonRequest *request,
                             BatonLock **lock,
                             gint64 start_us);

G_END_DECLS
