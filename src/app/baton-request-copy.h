/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-request.h"

G_BEGIN_DECLS

BatonRequest *baton_request_copy (const BatonRequest *self);

G_END_DECLS
