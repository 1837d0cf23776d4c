/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void baton_test_card (GtkWindow *parent, const char *address, const char *name);

G_END_DECLS
