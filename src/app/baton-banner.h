/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define BATON_TYPE_BANNER (baton_banner_get_type ())
G_DECLARE_FINAL_TYPE (BatonBanner, baton_banner, BATON, BANNER, GtkBox)

void baton_banner_show (BatonBanner *self, const char *text, const char *button_label);
void baton_banner_hide (BatonBanner *self);

G_END_DECLS
