/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed-program.h"
#include "baton-request.h"

G_BEGIN_DECLS

GPtrArray *baton_closed_look (BatonRoot *root, const BatonRequest *request, guint uid);
GPtrArray *baton_closed_look_in_time (BatonRoot *root, const BatonRequest *request, guint uid);

G_END_DECLS
