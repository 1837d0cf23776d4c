/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-page.h"
#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_WINDOW (baton_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonWindow, baton_window, BATON, WINDOW, AdwApplicationWindow)

BatonWindow *baton_window_new (GtkApplication *application, BatonModel *model);
BatonCardPage *baton_window_get_page (BatonWindow *self);
BatonCardPage *baton_window_find_page (BatonWindow *self, const char *address);
void baton_window_show_card (BatonWindow *self, const char *address);
void baton_window_wish_report (BatonWindow *self);
void baton_window_wish_return (BatonWindow *self, const char *address);
void baton_window_wish_card (BatonWindow *self, const char *address);
void baton_window_wish_keep_off (BatonWindow *self, const char *address);
void baton_window_wish_reopen (BatonWindow *self, const char *address);

G_END_DECLS
