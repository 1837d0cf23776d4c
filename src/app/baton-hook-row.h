/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "baton-helper-client.h"
#include "baton-root.h"

G_BEGIN_DECLS

#define BATON_TYPE_HOOK_ROW (baton_hook_row_get_type ())
G_DECLARE_FINAL_TYPE (BatonHookRow, baton_hook_row, BATON, HOOK_ROW, AdwActionRow)

void baton_hook_row_set_client (BatonHookRow *self, BatonRoot *root, BatonHelperClient *client);
void baton_hook_row_look (BatonHookRow *self);

G_END_DECLS
