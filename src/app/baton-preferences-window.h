/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "baton-model.h"
#include "baton-root.h"

G_BEGIN_DECLS

#define BATON_TYPE_PREFERENCES_WINDOW (baton_preferences_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonPreferencesWindow,
                      baton_preferences_window,
                      BATON,
                      PREFERENCES_WINDOW,
                      AdwPreferencesWindow)

BatonPreferencesWindow *baton_preferences_window_new (BatonModel *model, BatonRoot *root);

G_END_DECLS
