/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-state.h"

G_BEGIN_DECLS

BatonCardState *baton_card_state_new_empty (void);

G_END_DECLS
