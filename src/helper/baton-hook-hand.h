/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonExit baton_hook_hand (
    BatonRoot *root, BatonSide to, const char *card, const char *guest, char **ret_reason);

G_END_DECLS
