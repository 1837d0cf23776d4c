/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

int baton_recover_run (BatonRoot *root);

G_END_DECLS
