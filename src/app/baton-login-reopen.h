/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed.h"

G_BEGIN_DECLS

GPtrArray *baton_login_reopen (BatonClosed *closed);

G_END_DECLS
