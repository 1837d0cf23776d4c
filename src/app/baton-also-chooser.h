/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_TYPE_ALSO_CHOOSER (baton_also_chooser_get_type ())
G_DECLARE_FINAL_TYPE (BatonAlsoChooser, baton_also_chooser, BATON, ALSO_CHOOSER, AdwBin)

void baton_also_chooser_set_editable (BatonAlsoChooser *self, GtkEditable *editable);
void
baton_also_chooser_set_groups (BatonAlsoChooser *self, const char *card, JsonArray *groups);

G_END_DECLS
