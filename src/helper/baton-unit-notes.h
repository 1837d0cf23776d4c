/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-unit-note.h"

G_BEGIN_DECLS

gboolean baton_unit_notes_add (BatonRoot *root,
                               const char *card,
                               const char *unit,
                               const char *with,
                               gboolean started,
                               GError **error);
gboolean
baton_unit_notes_drop (BatonRoot *root, const char *card, const char *with, GError **error);
gboolean baton_unit_notes_forget (BatonRoot *root, const char *card, GError **error);

G_END_DECLS
