/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_HOW_WINDOW (baton_how_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonHowWindow, baton_how_window, BATON, HOW_WINDOW, AdwWindow)

BatonHowWindow *baton_how_window_new (JsonObject *finding, const char *command);
void baton_how_window_present (GtkWindow *parent, JsonObject *finding);

G_END_DECLS
