/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "baton-closed.h"

G_BEGIN_DECLS

#define BATON_TYPE_REOPEN_BOX (baton_reopen_box_get_type ())
G_DECLARE_FINAL_TYPE (BatonReopenBox, baton_reopen_box, BATON, REOPEN_BOX, GtkBox)

void baton_reopen_box_show (BatonReopenBox *self, BatonClosed *closed, const char *card);
void
baton_reopen_box_show_session (BatonReopenBox *self, BatonClosed *closed, const char *card);
void baton_reopen_box_press (BatonReopenBox *self);

G_END_DECLS
