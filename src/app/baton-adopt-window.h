/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_ADOPT_WINDOW (baton_adopt_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonAdoptWindow, baton_adopt_window, BATON, ADOPT_WINDOW, AdwWindow)

BatonAdoptWindow *baton_adopt_window_new (BatonModel *model, const char *address);

G_END_DECLS
