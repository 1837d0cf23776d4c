/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_GROUPS_WINDOW (baton_groups_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonGroupsWindow, baton_groups_window, BATON, GROUPS_WINDOW, AdwWindow)

BatonGroupsWindow *baton_groups_window_new (BatonModel *model);
void baton_groups_window_search (BatonGroupsWindow *self, const char *text);

G_END_DECLS
