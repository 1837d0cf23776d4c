/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

void baton_login_wait (BatonRoot *root, guint max_ms);

G_END_DECLS
