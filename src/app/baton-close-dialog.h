/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void baton_close_dialog_present (GtkWindow *parent, JsonObject *holder);

G_END_DECLS
