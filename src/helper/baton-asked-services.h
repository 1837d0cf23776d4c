/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"
#include "baton-request.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

void baton_asked_services_check (BatonHolders *holders,
                                 BatonRoot *root,
                                 BatonWaiter *waiter,
                                 const BatonRequest *request);

G_END_DECLS
