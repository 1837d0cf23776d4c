/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

gboolean baton_is_stopping (BatonRoot *root);

G_END_DECLS
