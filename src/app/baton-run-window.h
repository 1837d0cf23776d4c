/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_RUN_WINDOW (baton_run_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonRunWindow, baton_run_window, BATON, RUN_WINDOW, AdwWindow)

BatonRunWindow *baton_run_window_new (const char *address, const char *name);

G_END_DECLS
